/** The event log of one session: one order, two lanes of retention. */
import type { CursorPlace, EventDraft, LogPage, StoredEvent, StoreLimits } from '../../gateway/ports.ts'
import { formatCursor, newLog } from '../cursor.ts'
import { placeOf, startOf } from '../place.ts'
import { type Aging, createAging } from './aging.ts'
import { createLane, type Lane } from './lane.ts'

export interface Log {
  /** answers the cursor, the earlier one where `dedup` was known */
  append(draft: EventDraft, now: number): string
  /** throws the problem cursor-invalid */
  read(after: string | undefined, limit: number, now: number): LogPage
  place(cursor: string, now: number): CursorPlace
  end(): string
  /** how many events it ever had */
  head(): number
}

export function createLog(session: string, limits: StoreLimits): Log {
  const log = newLog(session)
  const durable: Lane<StoredEvent> = createLane()
  const volatile: Lane<StoredEvent> = createLane()
  const seen: Aging<string> = createAging()
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

  return {
    append(draft, now) {
      const keys = draft.dedup ?? []
      const known = [...keys, ...(draft.dedupAgainst ?? [])].map((key) => seen.get(key, now)).find((cursor) => cursor !== undefined)
      const id = known ?? formatCursor(log, ++head)
      for (const key of keys) {
        if (seen.get(key, now) === undefined) seen.set(key, id, now + limits.dedupAge, now)
      }
      if (known !== undefined) return known
      const event: StoredEvent = { id, type: draft.type, time: now, data: copy(draft.data) }
      if (draft.subject !== undefined) event.subject = draft.subject
      const lane = draft.volatile === true ? volatile : durable
      lane.push(head, event)
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
      return { events: page.map(({ value }) => value), next: formatCursor(log, last), end, ...(gap && { gap }) }
    },
    place(cursor, now) {
      trim(now)
      return placeOf(session, cursor, bounds())
    },
    end: () => formatCursor(log, head),
    head: () => head,
  }
}

/** What is handed over may be changed by the caller later; what is kept is as it was, and as JSON has it. */
export function copy<Value>(value: Value): Value {
  return value === undefined ? value : JSON.parse(JSON.stringify(value))
}
