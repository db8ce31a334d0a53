/** The event log of one session: one order, two lanes of retention. */
import type { CursorPlace, EventDraft, LogPage, StoredEvent } from '../../gateway/ports/event.ts'
import type { StoreLimits } from '../../gateway/ports/store.ts'
import type { Trace } from '../../gateway/ports/tracing.ts'
import { formatCursor, newLog } from '../cursor.ts'
import type { Lane, Surplus } from '../dropped.ts'
import { pack } from '../packed.ts'
import { placeOf, startOf } from '../place.ts'
import { type KeptData, READ_BYTES, sizeOf, storedEvent } from '../reading.ts'
import type { AgingBounds } from './bounds.ts'
import { type Copies, createCopies } from './copies.ts'
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
  trace: Trace | undefined
  /** bytes of the data as it is kept */
  bytes: number
}

type Slot = { sequence: number; value: Kept }

interface LogContext {
  limits: StoreLimits
  aging: AgingBounds
  dropped: (lane: Lane, surplus: Surplus) => void
  logs: LogBudget
}

export const createLog = (session: string, context: LogContext): Log => new MemoryLog(session, context)

/** A class for the same reason as Sequence. */
class MemoryLog implements Log, Shedding {
  readonly #session: string
  readonly #context: LogContext
  readonly #log: string
  readonly #durable = new Sequence<Kept>()
  readonly #volatile = new Sequence<Kept>()
  readonly #bytes = { durable: 0, volatile: 0 }
  readonly #copies: Copies
  #head = 0
  #floor = 0

  constructor(session: string, context: LogContext) {
    const { limits, aging, logs } = context
    this.#session = session
    this.#context = context
    this.#log = newLog(session)
    this.#copies = createCopies(limits.dedupAge, aging.copies)
    logs.add(this)
  }

  append({ type, subject, trace, volatile: isVolatile, copy }: Omit<EventDraft, 'data'>, data: string | undefined, now: number): string {
    const known = copy && this.#copies.find(copy, now)
    const id = known ?? formatCursor(this.#log, ++this.#head)
    if (copy) this.#copies.remember(copy, id, now)
    if (known !== undefined) return known
    const before = this.size()
    const packed = data === undefined ? undefined : pack(data)
    const kept = packed ?? data
    const taken = packed === undefined ? sizeOf(data) : packed.bytes.length
    const lane = isVolatile ? 'volatile' : 'durable'
    this.#lane(lane).push(this.#head, { type, subject, time: now, kept, trace, bytes: taken })
    this.#bytes[lane] += taken
    this.#trim(now)
    this.#context.logs.changed(this, before)
    return id
  }

  read(after: string | undefined, limit: number, now: number): LogPage {
    this.#trimmed(now)
    const log = this.#log
    const { from, gap } = startOf(this.#session, after, this.#bounds())
    if (from === this.#head) return { events: [], next: formatCursor(log, from), end: true, ...(gap && { gap }) }
    const found = [...this.#durable.after(from, limit + 1), ...this.#volatile.after(from, limit + 1)]
    const page = pageOf(
      found.sort((a, b) => a.sequence - b.sequence),
      limit,
    )
    const end = page.length === found.length
    const last = end ? this.#head : (page.at(-1)?.sequence ?? from)
    return { events: page.map((kept) => eventOf(log, kept)), next: formatCursor(log, last), end, ...(gap && { gap }) }
  }

  place(cursor: string, now: number): CursorPlace {
    this.#trimmed(now)
    return placeOf(this.#session, cursor, this.#bounds())
  }

  end(): string {
    return formatCursor(this.#log, this.#head)
  }

  since(time: number): string {
    const floor = this.#floor
    const earlier = (lane: Sequence<Kept>) =>
      lane.after(floor, Number.POSITIVE_INFINITY).findLast(({ value }) => value.time < time)?.sequence
    return formatCursor(this.#log, Math.max(earlier(this.#durable) ?? floor, earlier(this.#volatile) ?? floor))
  }

  oldest(): string {
    return formatCursor(this.#log, this.#floor)
  }

  head(): number {
    return this.#head
  }

  close(): void {
    this.#context.logs.remove(this)
    this.#copies.clear()
  }

  size(): number {
    return this.#bytes.durable + this.#bytes.volatile + EVENT * this.#count()
  }

  shed(surplus: number): void {
    const most = this.size() - surplus
    while (this.size() > most && this.#count() > 1) {
      const isDurable = (this.#durable.first()?.sequence ?? this.#head) < (this.#volatile.first()?.sequence ?? this.#head + 1)
      this.#drop(isDurable ? 'durable' : 'volatile', 'all')
    }
  }

  #count(): number {
    return this.#durable.length + this.#volatile.length
  }

  #lane(lane: Lane): Sequence<Kept> {
    return lane === 'durable' ? this.#durable : this.#volatile
  }

  #bounds(): { log: string; head: number; floor: number } {
    return { log: this.#log, head: this.#head, floor: this.#floor }
  }

  /** Has the oldest of a lane to go for want of room? The newest never does for its size. */
  #surplus(lane: Lane): Surplus | undefined {
    const { limits } = this.#context
    const isDurable = lane === 'durable'
    const { length } = this.#lane(lane)
    if (length > (isDurable ? limits.eventLogMax : limits.volatileMax)) return 'count'
    const isTooMuch = this.#bytes[lane] > (isDurable ? limits.eventLogBytes : limits.volatileBytes)
    return isTooMuch && length > 1 ? 'bytes' : undefined
  }

  /** the oldest of a lane */
  #drop(lane: Lane, reason: Surplus | undefined): void {
    const slots = this.#lane(lane)
    const first = slots.first()
    if (first === undefined) return
    if (reason !== undefined) this.#context.dropped(lane, reason)
    if (lane === 'durable') this.#floor = first.sequence
    this.#bytes[lane] -= first.value.bytes
    slots.shift()
  }

  #trim(now: number): void {
    const oldest = now - this.#context.limits.eventLogAge
    for (let first = this.#durable.first(); first !== undefined; first = this.#durable.first()) {
      const reason = this.#surplus('durable')
      if (reason === undefined && first.value.time > oldest) break
      this.#drop('durable', reason)
    }
    for (let first = this.#volatile.first(); first !== undefined; first = this.#volatile.first()) {
      const reason = this.#surplus('volatile')
      if (reason === undefined && first.value.time > oldest && first.sequence > this.#floor) break
      this.#drop('volatile', reason)
    }
  }

  #trimmed(now: number): void {
    const before = this.size()
    this.#trim(now)
    this.#context.logs.changed(this, before)
  }
}

/** As many as one read gives. */
function pageOf(found: readonly Slot[], limit: number): Slot[] {
  let count = 0
  for (let bytes = 0; count < Math.min(found.length, limit) && bytes < READ_BYTES; count++) bytes += sizeOf(found[count]!.value.kept)
  return found.slice(0, count)
}

function eventOf(log: string, { sequence, value: { type, subject, time, kept, trace } }: Slot): StoredEvent {
  return storedEvent({ id: formatCursor(log, sequence), type, subject, time, kept, trace })
}

/** What is handed over may be changed by the caller later; what is kept is as it was, and as JSON has it. */
export function copy<Value>(value: Value): Value {
  return value === undefined ? value : JSON.parse(JSON.stringify(value))
}
