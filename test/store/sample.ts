/** Values that the store's tests write. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../../src/errors/problem.ts'
import type { Acceptance } from '../../src/gateway/ports/change.ts'
import type { Clock } from '../../src/gateway/ports/clock.ts'
import type { Copy } from '../../src/gateway/ports/event.ts'
import type { MessageRecord } from '../../src/gateway/ports/message.ts'
import type { Metrics } from '../../src/gateway/ports/metrics.ts'
import type { SessionRecord, SessionStatus } from '../../src/gateway/ports/session-record.ts'
import type { Store, StoreLimits } from '../../src/gateway/ports/store.ts'

const HOUR = 3_600_000

export const limits: StoreLimits = {
  eventLogMax: 1000,
  eventLogBytes: 2 ** 26,
  eventLogAge: 72 * HOUR,
  volatileMax: 100,
  volatileBytes: 2 ** 22,
  outboxMax: 1000,
  outboxBytes: 2 ** 26,
  keptMax: 100_000,
  keptBytes: 2 ** 28,
  dedupAge: 24 * HOUR,
  recordAge: 24 * HOUR,
  idempotencyAge: 24 * HOUR,
}

/** A clock that runs and whose time of day can be put forward; leases do not follow that. */
export function createClock(): Clock & { advance(ms: number): void } {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now(),
    advance(ms) {
      ahead += ms
    },
  }
}

/** Metrics of which only the bounds that were reached are kept, by their names. */
export function countedBounds(): { metrics: Metrics; counted: Record<string, number> } {
  const counted: Record<string, number> = {}
  const metrics: Metrics = {
    count(name, { bound = '' } = {}, by = 1) {
      if (name === 'bounds_reached_total') counted[bound] = (counted[bound] ?? 0) + by
    },
    set() {},
    observe() {},
  }
  return { metrics, counted }
}

export const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`

export function sessionRecord(given: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: newId('ses'),
    tenant: newId('tenant'),
    jid: 'romeo@example.org',
    requestedResource: null,
    resource: 'stanzagate-0a1b2c3d',
    service: null,
    connections: 1,
    presence: { show: 'away' },
    handles: ['urn:example:1'],
    credentials: 'sealed',
    createdAt: 1_700_000_000_000,
    version: 1,
    ...given,
  }
}

export const sessionStatus: SessionStatus = {
  state: 'connecting',
  since: 1_700_000_000_000,
  reason: null,
  lastVerifiedAt: null,
  instance: 'one',
  connections: [{ jid: null, resource: 'stanzagate-0a1b2c3d', role: 'primary', state: 'connecting' }],
}

export function messageRecord(id: string, given: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id,
    to: 'juliet@example.org',
    status: 'accepted',
    originId: id,
    acceptedAt: 1000,
    history: [{ status: 'accepted', at: 1000 }],
    ...given,
  }
}

/** What accepting these messages needs, with one event each. */
export function acceptance(ids: readonly string[], idempotency?: Acceptance['idempotency']): Acceptance {
  return {
    entries: ids.map((id) => ({
      entry: {
        id,
        xml: `<message id="${id}"><body>☂ "quoted"</body></message>`,
        to: 'juliet@example.org',
        kind: 'message',
        type: 'chat',
        acceptedAt: 1000,
        expiresAt: null,
      },
      record: messageRecord(id),
    })),
    events: ids.map((id) => ({ type: 'message.accepted', subject: id, data: messageRecord(id) })),
    ...(idempotency && { idempotency }),
  }
}

/** A stanza that came by a way, and is a copy of those with its key that came by others. */
export function came(way: string, key: string, given: Partial<Copy> = {}): Copy {
  return { way, at: newId('@'), time: 1000, keys: [{ key, keep: true, match: { unless: way } }], ...given }
}

/** A session that one owner holds. */
export async function ownedSession(
  store: Store,
  given: Partial<SessionRecord> = {},
): Promise<{ id: string; fence: string; record: SessionRecord }> {
  const record = sessionRecord(given)
  await store.sessions.create(record, sessionStatus)
  const lease = await store.leases.acquire(record.id, 'owner')
  assert.ok(lease)
  return { id: record.id, fence: lease.fence, record }
}

/** For assert.rejects: the problem of this code. */
export function problem(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Problem && error.code === code
}

/** Waits for a condition; the test's own time limit is the deadline. */
export async function eventually<Value>(look: () => Promise<Value | undefined | false> | Value | undefined | false): Promise<Value> {
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false) return value
    await delay(5)
  }
}

/** all that is kept of a session's state, as its owner reads it */
export async function stateOf(store: Store, id: string): Promise<Map<string, Map<string, unknown>>> {
  const kinds = new Map<string, Map<string, unknown>>()
  for await (const piece of store.state.pieces(id, { mirror: kinds }))
    for (const { kind, key, value } of piece) kinds.set(kind, (kinds.get(kind) ?? new Map()).set(key, value))
  return kinds
}
