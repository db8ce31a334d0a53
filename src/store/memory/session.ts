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
import type { Lane, Surplus } from '../dropped.ts'
import { nextFence } from '../fence.ts'
import { Aging } from './aging.ts'
import type { AgingBounds } from './bounds.ts'
import type { Keys, Marks } from './idempotency.ts'
import type { KeptRecord } from './kept-record.ts'
import { copy, createLog, type Log } from './log.ts'
import type { LogBudget } from './log-budget.ts'
import { Outbox } from './outbox.ts'
import type { Room } from './room.ts'

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
    dropped: (lane: Lane, surplus: Surplus) => void
    /** of all sessions */
    outboxes: Room
    logs: LogBudget
    bounds: AgingBounds
    /** told of each acceptance for which there was no room; `many`: for its number of entries */
    full: (many: boolean) => void
  },
): MemorySession {
  const log = createLog(record.id, { limits, dropped, logs, aging: bounds })
  const outbox = new Outbox({ limits, room: outboxes })
  const records = new Aging<KeptRecord>(bounds.records, { needed: ({ place }) => outbox.has(place), again: limits.recordAge })
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
      if (change.settled !== undefined)
        outbox.settle(
          change.settled.map((id) => records.get(id, now)?.place ?? 0),
          now,
        )
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
      const refusal = outbox.refusal(
        wanted.map(({ entry }) => entry),
        now,
      )
      if (refusal !== undefined) {
        full(refusal.many)
        return { kind: 'full', retryAfter: refusal.retryAfter }
      }
      const before = String(outbox.last)
      for (const { entry, record } of wanted) records.set(entry.id, { place: outbox.push(entry), record }, now + limits.recordAge, now)
      if (idempotency !== undefined) keys.finish(session.marks, idempotency.key, idempotency.fingerprint, idempotency.answer)
      append(now)
      return { kind: 'accepted', ...(wanted.length > 0 && { places: { before, last: String(outbox.last) } }) }
    },
    message: (id) => copy(records.get(id, clock.now())?.record),
    outbox: (after, limit) => outbox.read(after, limit),
    outboxSize: () => outbox.size(),
    close() {
      outbox.close()
      for (const map of [records, session.marks, session.iqs]) map.clear()
    },
  }
  return session
}
