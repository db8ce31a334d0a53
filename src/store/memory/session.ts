/** All that the memory store has of one session, in one object. */
import {
  type Acceptance,
  type AcceptResult,
  type Change,
  Fenced,
  IQ_AGE,
  type KeptIq,
  type StateChange,
  type StreamState,
} from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { EventDraft } from '../../gateway/ports/event.ts'
import type { MessageRecord, OutboxEntry } from '../../gateway/ports/message.ts'
import type { SessionRecord, SessionStatus } from '../../gateway/ports/session-record.ts'
import type { StoreLimits } from '../../gateway/ports/store.ts'
import { countSettled, type Drain, excessOf, retryAfter } from '../drain.ts'
import type { LaneName, Surplus } from '../dropped.ts'
import { nextFence } from '../fence.ts'
import { Aging } from './aging.ts'
import type { AgingBounds } from './bounds.ts'
import type { Keys, Marks } from './idempotency.ts'
import { Lane } from './lane.ts'
import { copy, createLog, type Log } from './log.ts'
import type { Logs } from './logs.ts'
import type { Room } from './room.ts'

/** bytes of an entry beside its stanza */
const ENTRY = 256

export interface MemorySession {
  record: SessionRecord
  status: SessionStatus
  readonly tokens: Set<string>
  readonly log: Log
  /** of Idempotency-Keys */
  readonly marks: Marks
  readonly iqs: Aging<KeptIq>
  readonly state: Map<string, Map<string, unknown>>
  readonly streams: Map<number, StreamState>
  owner(): string | undefined
  acquire(owner: string, from: string | undefined): { fence: string } | undefined
  release(owner: string, fence: string): void
  /** throws Fenced */
  commit(fence: string, change: Change): string[]
  accept(acceptance: Acceptance): AcceptResult
  message(id: string): MessageRecord | undefined
  outbox(after: string | undefined, limit: number): (OutboxEntry & { place: string })[]
  outboxSize(): { length: number; oldest?: number }
  /** gives back what it had of what all sessions share */
  close(): void
}

export interface KeptRecord {
  /** its place in the outbox, 0 where it never was there */
  place: number
  /** nobody changes one that was made */
  record: Readonly<MessageRecord>
}

export function createSession(
  { record, status }: { record: SessionRecord; status: SessionStatus },
  {
    limits,
    clock,
    keys,
    appended,
    dropped,
    outboxes,
    logs,
    bounds,
    full,
  }: {
    limits: StoreLimits
    clock: Clock
    keys: Keys
    /** told after an append, and of what had to go for it */
    appended: (fresh: number) => void
    dropped: (lane: LaneName, surplus: Surplus) => void
    /** of all sessions */
    outboxes: Room
    logs: Logs
    bounds: AgingBounds
    /** told of each acceptance for which there was no room; `many`: for its number of entries */
    full: (many: boolean) => void
  },
): MemorySession {
  const log = createLog(record.id, { limits, dropped, logs, aging: bounds })
  const entries = new Lane<OutboxEntry>()
  const records = new Aging<KeptRecord>(bounds.records, { needed: ({ place }) => entries.has(place), again: limits.recordAge })
  let places = 0
  /** bytes of the entries */
  let waiting = 0
  let drain: Drain = { since: 0, settled: 0 }
  let lease: { owner: string; fence: string } | undefined
  let lastFence = 0

  /** In two steps: what cannot be written as text must not leave a change half done. */
  function prepare(events: readonly EventDraft[] = []): (now: number) => string[] {
    const texts = events.map(({ data }) => JSON.stringify(data))
    return (now) => {
      if (events.length === 0) return []
      const before = log.head()
      const cursors = events.map((event, index) => log.append(event, texts[index], now))
      appended(log.head() - before)
      return cursors
    }
  }
  function settle(ids: readonly string[], now: number): void {
    const gone = ids.flatMap((id) => entries.remove(records.get(id, now)?.place ?? 0) ?? [])
    if (gone.length > 0) drain = countSettled(drain, gone.length, now)
    grow(-sizeOf(gone))
  }
  function grow(by: number): void {
    outboxes.moved(waiting, waiting + by)
    waiting += by
  }
  /** how many entries have to go before these fit, and is it for their number? */
  function excess(wanted: readonly OutboxEntry[]): { entries: number; many: boolean } {
    const bytes = sizeOf(wanted)
    const entriesOver = entries.length + wanted.length - limits.outboxMax
    const isRoom = entries.length === 0 || outboxes.fits(waiting, waiting + bytes)
    const bytesOver = entries.length === 0 ? 0 : Math.max(waiting + bytes - limits.outboxBytes, isRoom ? 0 : bytes)
    return { entries: excessOf(entriesOver, bytesOver, waiting / Math.max(entries.length, 1)), many: entriesOver > 0 }
  }
  function applyState({ clear = [] }: Change, state: readonly StateChange[]): void {
    for (const kind of clear) session.state.delete(kind)
    for (const { kind, key, value } of state) {
      const values = session.state.get(kind) ?? new Map<string, unknown>()
      if (value === null) values.delete(key)
      else values.set(key, value)
      if (values.size === 0) session.state.delete(kind)
      else session.state.set(kind, values)
    }
  }

  const session: MemorySession = {
    record,
    status,
    tokens: new Set(),
    log,
    marks: new Aging(bounds.marks),
    iqs: new Aging(bounds.iqs),
    state: new Map(),
    streams: new Map(),
    owner: () => lease?.owner,
    acquire(owner, from) {
      if (lease?.owner !== from) return undefined
      lastFence = nextFence(lastFence, clock.now())
      lease = { owner, fence: String(lastFence) }
      return { fence: lease.fence }
    },
    release(owner, fence) {
      if (lease?.owner === owner && lease.fence === fence) lease = undefined
    },
    commit(fence, change) {
      if (lease?.fence !== fence) throw new Fenced('Somebody else holds the lease by now.')
      const now = clock.now()
      const append = prepare(change.events)
      const state = copy(change.state ?? [])
      applyState(change, state)
      for (const next of change.records ?? []) {
        const known = records.get(next.id, now)
        records.set(next.id, { place: known?.place ?? 0, record: next }, now + limits.recordAge, now)
      }
      for (const iq of change.iqs ?? []) session.iqs.set(iq.id, copy(iq), now + IQ_AGE, now)
      settle(change.settled ?? [], now)
      for (const [index, stream] of Object.entries(change.streams ?? {})) {
        if (stream === null) session.streams.delete(Number(index))
        else session.streams.set(Number(index), { ...stream })
      }
      if (change.status !== undefined) session.status = copy(change.status)
      return append(now)
    },
    accept({ entries: wanted, events, idempotency }) {
      const now = clock.now()
      const append = prepare(events)
      if (idempotency !== undefined) {
        const begun = keys.look(session.marks, idempotency.key, idempotency.fingerprint)
        if (begun.kind !== 'new') return begun
      }
      const ids = new Set<string>()
      for (const { entry } of wanted) {
        if (ids.has(entry.id) || records.get(entry.id, now) !== undefined) return { kind: 'id-in-use', id: entry.id }
        ids.add(entry.id)
      }
      const { entries: over, many } = excess(wanted.map(({ entry }) => entry))
      if (over > 0 && wanted.length > 0) {
        full(many)
        return { kind: 'full', retryAfter: retryAfter(over, drain, now) }
      }
      grow(sizeOf(wanted.map(({ entry }) => entry)))
      const before = String(places)
      for (const { entry, record } of wanted) {
        entries.push(++places, { ...entry })
        records.set(entry.id, { place: places, record }, now + limits.recordAge, now)
      }
      if (idempotency !== undefined) keys.finish(session.marks, idempotency.key, idempotency.fingerprint, idempotency.answer)
      append(now)
      return { kind: 'accepted', ...(wanted.length > 0 && { places: { before, last: String(places) } }) }
    },
    message: (id) => copy(records.get(id, clock.now())?.record),
    outbox: (after = '0', limit) =>
      entries.after(Number(after), limit).map(({ sequence, value }) => ({ ...value, place: String(sequence) })),
    outboxSize() {
      const first = entries.first()
      return first === undefined ? { length: 0 } : { length: entries.length, oldest: first.value.acceptedAt }
    },
    close() {
      grow(-waiting)
      for (const map of [records, session.marks, session.iqs]) map.clear()
    },
  }
  return session
}

const sizeOf = (entries: readonly OutboxEntry[]) => entries.reduce((sum, { xml }) => sum + Buffer.byteLength(xml) + ENTRY, 0)
