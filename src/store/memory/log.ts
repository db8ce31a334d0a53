/** The event log of one session: one order, two lanes of retention. */
import type { CursorPlace, EventDraft, LogPage, StoredEvent } from '../../gateway/ports/event.ts'
import type { StoreLimits } from '../../gateway/ports/store.ts'
import { formatCursor, newLog } from '../cursor.ts'
import type { Lane, Surplus } from '../dropped.ts'
import { pack } from '../packed.ts'
import { placeOf, startOf } from '../place.ts'
import { type KeptData, READ_BYTES, sizeOf, storedEvent } from '../reading.ts'
import type { AgingBounds } from './bounds.ts'
import { createCopies } from './copies.ts'
import type { LogBudget, Shedding } from './log-budget.ts'
import { Sequence } from './sequence.ts'

/** bytes that an event takes beside its data */
const EVENT = 256

export interface Log {
  /** `data`: as text. Answers the cursor, the earlier one of what it is a copy of. */
  append(draft: Omit<EventDraft, 'data'>, data: string | undefined, now: number): string
  /** throws the problem cursor-invalid */
  read(after: string | undefined, limit: number, now: number): LogPage
  place(cursor: string, now: number): CursorPlace
  end(): string
  /** the place before the first event of that time or later */
  since(time: number): string
  /** the place before the oldest durable event that is kept */
  oldest(): string
  /** how many events it ever had */
  head(): number
  /** nobody reads it any more */
  close(): void
}

/** An event as it is kept. Its data is text: that is small, nobody can change it, and most of it is never read. */
interface Kept {
  type: string
  subject: string | undefined
  time: number
  kept: KeptData
  /** bytes of the data as it is kept */
  bytes: number
}

type Slot = { sequence: number; value: Kept }

export function createLog(
  session: string,
  {
    limits,
    dropped,
    logs,
    aging,
  }: { limits: StoreLimits; aging: AgingBounds; dropped: (lane: Lane, surplus: Surplus) => void; logs: LogBudget },
): Log {
  const log = newLog(session)
  const durable = new Sequence<Kept>()
  const volatile = new Sequence<Kept>()
  const bytes = { durable: 0, volatile: 0 }
  const copies = createCopies(limits.dedupAge, aging.copies)
  let head = 0
  let floor = 0

  const bounds = () => ({ log, head, floor })

  /** Has the oldest of a lane to go for want of room? The newest never does for its size. */
  function surplus(lane: Lane): Surplus | undefined {
    const isDurable = lane === 'durable'
    const { length } = isDurable ? durable : volatile
    if (length > (isDurable ? limits.eventLogMax : limits.volatileMax)) return 'count'
    const isTooMuch = bytes[lane] > (isDurable ? limits.eventLogBytes : limits.volatileBytes)
    return isTooMuch && length > 1 ? 'bytes' : undefined
  }

  const own: Shedding = {
    size: () => bytes.durable + bytes.volatile + EVENT * (durable.length + volatile.length),
    shed(surplus) {
      const most = own.size() - surplus
      while (own.size() > most && durable.length + volatile.length > 1) {
        const isDurable = (durable.first()?.sequence ?? head) < (volatile.first()?.sequence ?? head + 1)
        drop(isDurable ? 'durable' : 'volatile', 'all')
      }
    },
  }
  logs.add(own)

  /** the oldest of a lane */
  function drop(lane: Lane, reason: Surplus | undefined): void {
    const slots = lane === 'durable' ? durable : volatile
    const first = slots.first()
    if (first === undefined) return
    if (reason !== undefined) dropped(lane, reason)
    if (lane === 'durable') floor = first.sequence
    bytes[lane] -= first.value.bytes
    slots.shift()
  }

  function trim(now: number): void {
    const oldest = now - limits.eventLogAge
    for (let first = durable.first(); first !== undefined; first = durable.first()) {
      const reason = surplus('durable')
      if (reason === undefined && first.value.time > oldest) break
      drop('durable', reason)
    }
    for (let first = volatile.first(); first !== undefined; first = volatile.first()) {
      const reason = surplus('volatile')
      if (reason === undefined && first.value.time > oldest && first.sequence > floor) break
      drop('volatile', reason)
    }
  }

  function trimmed(now: number): void {
    const before = own.size()
    trim(now)
    logs.changed(own, before)
  }

  return {
    append({ type, subject, volatile: isVolatile, copy }, data, now) {
      const known = copy && copies.find(copy, now)
      const id = known ?? formatCursor(log, ++head)
      if (copy) copies.remember(copy, id, now)
      if (known !== undefined) return known
      const before = own.size()
      const packed = data === undefined ? undefined : pack(data)
      const kept = packed ?? data
      const taken = packed === undefined ? sizeOf(data) : packed.bytes.length
      const lane = isVolatile ? volatile : durable
      lane.push(head, { type, subject, time: now, kept, bytes: taken })
      bytes[isVolatile ? 'volatile' : 'durable'] += taken
      trim(now)
      logs.changed(own, before)
      return id
    },
    read(after, limit, now) {
      trimmed(now)
      const { from, gap } = startOf(session, after, bounds())
      if (from === head) return { events: [], next: formatCursor(log, from), end: true, ...(gap && { gap }) }
      const found = [...durable.after(from, limit + 1), ...volatile.after(from, limit + 1)].sort((a, b) => a.sequence - b.sequence)
      const page = pageOf(found, limit)
      const end = page.length === found.length
      const last = end ? head : (page.at(-1)?.sequence ?? from)
      return { events: page.map((kept) => eventOf(log, kept)), next: formatCursor(log, last), end, ...(gap && { gap }) }
    },
    place(cursor, now) {
      trimmed(now)
      return placeOf(session, cursor, bounds())
    },
    end: () => formatCursor(log, head),
    since(time) {
      const earlier = (lane: Sequence<Kept>) =>
        lane.after(floor, Number.POSITIVE_INFINITY).findLast(({ value }) => value.time < time)?.sequence
      return formatCursor(log, Math.max(earlier(durable) ?? floor, earlier(volatile) ?? floor))
    },
    oldest: () => formatCursor(log, floor),
    head: () => head,
    close() {
      logs.remove(own)
      copies.clear()
    },
  }
}

/** As many as one read gives. */
function pageOf(found: readonly Slot[], limit: number): Slot[] {
  let count = 0
  for (let bytes = 0; count < Math.min(found.length, limit) && bytes < READ_BYTES; count++) bytes += sizeOf(found[count]!.value.kept)
  return found.slice(0, count)
}

function eventOf(log: string, { sequence, value: { type, subject, time, kept } }: Slot): StoredEvent {
  return storedEvent({ id: formatCursor(log, sequence), type, subject, time, kept })
}

/** What is handed over may be changed by the caller later; what is kept is as it was, and as JSON has it. */
export function copy<Value>(value: Value): Value {
  return value === undefined ? value : JSON.parse(JSON.stringify(value))
}
