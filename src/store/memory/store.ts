/** The store of a gateway that is one process: all of it in memory, gone with the process. */
import { getHeapStatistics } from 'node:v8'
import { createWindows } from '../../fair/windows.ts'
import { CHOSEN_MAX, Fenced } from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { Metrics } from '../../gateway/ports/metrics.ts'
import type { SessionRecord, SessionStatus } from '../../gateway/ports/session-record.ts'
import type { Store, StoreLimits, Ticket } from '../../gateway/ports/store.ts'
import { countDropped, countFull, type Lane, type Surplus } from '../dropped.ts'
import { lastOf } from '../pieces.ts'
import { createWakes } from '../wakes.ts'
import { Aging } from './aging.ts'
import { createApiKeys } from './api-keys.ts'
import { createAudit } from './audit.ts'
import { createBounds } from './bounds.ts'
import { createBus } from './channels.ts'
import { createConsumers } from './consumers.ts'
import { createDirectory } from './directory.ts'
import { createEndedLogs } from './ended-logs.ts'
import { createHooks } from './hooks.ts'
import { createKeys } from './idempotency.ts'
import { copy, type Log } from './log.ts'
import { createLogBudget } from './log-budget.ts'
import { createMembers } from './members.ts'
import { createRoom } from './room.ts'
import { createSession, type MemorySession } from './session.ts'
import { createWebhooks } from './webhooks.ts'

/** parts of the heap that all sessions may have: for their outboxes, for their logs, for what is kept for some time */
const OUTBOXES_PART = 8
const LOGS_PART = 4
const KEPT_PART = 8
/** windows of rates that are counted at one time */
const RATES_MAX = 100_000
/** values of a session's state that its owner reads at one time */
const PIECE = 32

export function createMemoryStore({
  limits,
  clock,
  metrics,
  heap = getHeapStatistics().heap_size_limit,
}: {
  limits: StoreLimits
  clock: Clock
  metrics?: Metrics
  /** bytes of memory of which its parts may have some */
  heap?: number
}): Store {
  const bounds = createBounds({ limits, total: heap / KEPT_PART, metrics })
  const tickets = new Aging<Ticket>(bounds.others)
  const chosen = new Aging<readonly string[]>(bounds.others)
  const keys = createKeys({ limits, clock })
  const wakes = createWakes()
  const outboxes = createRoom(heap / OUTBOXES_PART)
  const logs = createLogBudget(heap / LOGS_PART)
  const full = (many: boolean) => countFull(metrics, many)
  const dropped = (lane: Lane, surplus: Surplus) => countDropped(metrics, lane, surplus, 1)

  const windows = createWindows({ most: RATES_MAX, monotonic: clock.monotonic })
  const endedLogs = createEndedLogs()
  const directory = createDirectory({ make, endedLogs, wakes, clock, bounds, most: limits.maxSessions })
  const { need } = directory
  const logOf = (id: string): Log => endedLogs.get(id) ?? need(id).log

  function make(what: { record: SessionRecord; status: SessionStatus }): MemorySession {
    const { id } = what.record
    const appended = (fresh: number) => {
      wakes.wake(id)
      metrics?.count('events_appended_total', {}, fresh)
    }
    return createSession(what, { limits, clock, keys, appended, dropped, outboxes, logs, bounds, full })
  }
  function ifThere(id: string, act: (session: MemorySession) => void): void {
    const session = directory.get(id)
    if (session !== undefined) act(session)
  }

  return {
    durable: false,
    ping: async () => {},
    close: async () => endedLogs.stop(),

    sessions: directory.sessions,
    leases: directory.leases,
    instances: createMembers(clock),

    async commit(id, fence, change) {
      const session = directory.get(id)
      if (session === undefined) throw new Fenced('The session is gone.')
      return session.commit(fence, change)
    },

    outbox: {
      accept: async (id, acceptance) => need(id).accept(acceptance),
      read: async (id, after, limit) => directory.get(id)?.outbox(after, limit) ?? [],
      size: async (id) => directory.get(id)?.outboxSize() ?? { length: 0 },
    },

    records: {
      get: async (id, message) => directory.get(id)?.message(message),
    },

    log: {
      read: async (id, after, limit) => logOf(id).read(after, limit, clock.now()),
      place: async (id, cursor) => logOf(id).place(cursor, clock.now()),
      end: async (id) => logOf(id).end(),
      since: async (id, time) => logOf(id).since(time),
      watch: wakes.watch,
    },

    consumers: createConsumers({ logOf: (id) => need(id).log, clock, age: limits.eventLogAge }),

    webhooks: createWebhooks(clock),
    keys: createApiKeys(),
    hooks: createHooks(clock),
    audit: createAudit(clock),
    rates: { take: async (...args) => windows.take(...args) },

    state: {
      keys: async (id, kind) => [...(directory.get(id)?.state.get(kind)?.keys() ?? [])],
      async read(id, kind, keys) {
        const values = directory.get(id)?.state.get(kind)
        if (keys === undefined || values === undefined) return new Map(values)
        return new Map(keys.filter((key) => values.has(key)).map((key) => [key, values.get(key)]))
      },
      async *pieces(id, { last = [] }) {
        const { state = new Map<string, Map<string, unknown>>() } = directory.get(id) ?? {}
        for (const kind of lastOf([...state.keys()], last)) {
          const all = [...(state.get(kind) ?? [])]
          for (let from = 0; from < all.length; from += PIECE)
            yield all.slice(from, from + PIECE).map(([key, value]) => ({ kind, key, value }))
        }
      },
      streams: async (id) => new Map(directory.get(id)?.streams),
    },

    iqs: {
      get: async (session, id) => copy(directory.get(session)?.iqs.get(id, clock.now())),
    },

    chosen: {
      async note(tenant, session, ids) {
        const now = clock.now()
        for (const id of ids) {
          const others = (await this.sessions(tenant, id)).filter((other) => other !== session)
          chosen.set(`${tenant} ${id}`, [session, ...others].slice(0, CHOSEN_MAX), now + limits.recordAge, now)
        }
      },
      sessions: async (tenant, id) => [...(chosen.get(`${tenant} ${id}`, clock.now()) ?? [])],
    },

    idempotency: {
      begin: async (id, key, fingerprint, _instance, ttl) => keys.begin(need(id).marks, key, fingerprint, ttl),
      finish: async (id, key, fingerprint, answer) => ifThere(id, ({ marks }) => keys.finish(marks, key, fingerprint, answer)),
      replace: async (id, key, fingerprint, answer) => ifThere(id, ({ marks }) => keys.replace(marks, key, fingerprint, answer)),
      release: async (id, key) => ifThere(id, ({ marks }) => keys.release(marks, key)),
    },

    tickets: {
      put: async (hash, ticket, ttl) => tickets.set(hash, copy(ticket), clock.now() + ttl, clock.now()),
      async take(hash) {
        const ticket = tickets.get(hash, clock.now())
        tickets.delete(hash)
        return ticket
      },
    },

    bus: createBus(),
  }
}
