/** The event log of one session: one order, two lanes of retention. */
import type { CursorPlace, EventDraft, LogPage, StoredEvent, StoreLimits } from '../../gateway/ports.ts'
import { formatCursor, newLog } from '../cursor.ts'
import { placeOf, startOf } from '../place.ts'
import { Aging } from './aging.ts'
import { Lane } from './lane.ts'

export interface Log {
  /** `data`: as text. Answers the cursor, the earlier one where `dedup` was known. */
  append(draft: Omit<EventDraft, 'data'>, data: string | undefined, now: number): string
  /** throws the problem cursor-invalid */
  read(after: string | undefined, limit: number, now: number): LogPage
  place(cursor: string, now: number): CursorPlace
  end(): string
  /** how many events it ever had */
  head(): number
}

/** An event as it is kept. Its data is text: that is small, nobody can change it, and most of it is never read. */
interface Kept {
  type: string
  subject: string | undefined
  time: number
  data: string | undefined
}

export function createLog(session: string, limits: StoreLimits): Log {
  const log = newLog(session)
  const durable = new Lane<Kept>()
  const volatile = new Lane<Kept>()
  const seen = new Aging<string>()
  let head = 0
  let floor = 0

  const bounds = () => ({ log, head, floor })

  function trim(now: number): void {
    const oldest = now - limits.eventLogAge
    for (let first = durable.first(); first !== undefined; first = durable.first()) {
      if (durable.length <= limits.eventLogMax && first.value.time > oldest) break
      floor = first.sequence
      durable.shift()
    }
    for (let first = volatile.first(); first !== undefined; first = volatile.first()) {
      if (volatile.length <= limits.volatileMax && first.value.time > oldest && first.sequence > floor) break
      volatile.shift()
    }
  }

  function earlier(keys: readonly string[], now: number): string | undefined {
    for (const key of keys) {
      const cursor = seen.get(key, now)
      if (cursor !== undefined) return cursor
    }
    return undefined
  }

  return {
    append({ type, subject, volatile: isVolatile, dedup = [], dedupAgainst = [] }, data, now) {
      const known = earlier(dedup, now) ?? earlier(dedupAgainst, now)
      const id = known ?? formatCursor(log, ++head)
      for (const key of dedup) {
        if (seen.get(key, now) === undefined) seen.set(key, id, now + limits.dedupAge, now)
      }
      if (known !== undefined) return known
      const lane = isVolatile ? volatile : durable
      lane.push(head, { type, subject, time: now, data })
      trim(now)
      return id
    },
    read(after, limit, now) {
      trim(now)
      const { from, gap } = startOf(session, after, bounds())
      if (from === head) return { events: [], next: formatCursor(log, from), end: true, ...(gap && { gap }) }
      const found = [...durable.after(from, limit + 1), ...volatile.after(from, limit + 1)].sort((a, b) => a.sequence - b.sequence)
      const page = found.slice(0, limit)
      const end = found.length <= limit
      const last = end ? head : (page.at(-1)?.sequence ?? from)
      return { events: page.map((kept) => eventOf(log, kept)), next: formatCursor(log, last), end, ...(gap && { gap }) }
    },
    place(cursor, now) {
      trim(now)
      return placeOf(session, cursor, bounds())
    },
    end: () => formatCursor(log, head),
    head: () => head,
  }
}

function eventOf(log: string, { sequence, value: { type, subject, time, data } }: { sequence: number; value: Kept }): StoredEvent {
  const id = formatCursor(log, sequence)
  return { id, type, ...(subject !== undefined && { subject }), time, data: data === undefined ? undefined : JSON.parse(data) }
}

/** What is handed over may be changed by the caller later; what is kept is as it was, and as JSON has it. */
export function copy<Value>(value: Value): Value {
  return value === undefined ? value : JSON.parse(JSON.stringify(value))
}
