/** The store of a gateway that is one process: all of it in memory, gone with the process. */
import { getHeapStatistics } from 'node:v8'
import { sessionNotFound } from '../../errors/refusals.ts'
import { CHOSEN_MAX, Fenced } from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { Metrics } from '../../gateway/ports/metrics.ts'
import type { SessionRecord, SessionStatus } from '../../gateway/ports/session-record.ts'
import type { Store, StoreLimits } from '../../gateway/ports/store.ts'
import { countDropped, countFull, type LaneName, type Surplus } from '../dropped.ts'
import { lastOf } from '../pieces.ts'
import { createWakes } from '../wakes.ts'
import { Aging } from './aging.ts'
import { createBounds } from './bounds.ts'
import { createBus } from './channels.ts'
import { createConsumers } from './consumers.ts'
import { createKeys } from './idempotency.ts'
import { copy, type Log } from './log.ts'
import { createLogs } from './logs.ts'
import { createMembers } from './members.ts'
import { createRoom } from './room.ts'
import { createSession, type MemorySession } from './session.ts'
import { createWebhooks } from './webhooks.ts'

/** ms that the log of a removed session can be read to its end */
const ENDED_AGE = 30_000
/** ms that the place of a removed session is remembered, for a list that is being paged */
const PLACE_AGE = 3_600_000
/** parts of the heap that all sessions may have: for their outboxes, for their logs, for what is kept for some time */
const OUTBOXES_PART = 8
const LOGS_PART = 4
const KEPT_PART = 8
/** values of a session's state that its owner reads at one time */
const PIECE = 32

interface Tenant {
  /** by bare JID, then by requested resource */
  readonly jids: Map<string, Map<string | null, string>>
  readonly members: Map<string, MemorySession>
}

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
  const sessions = new Map<string, MemorySession>()
  const tenants = new Map<string, Tenant>()
  const left = new Aging<number>(bounds.others)
  const ended = new Map<string, { log: Log; timer: NodeJS.Timeout }>()
  const tickets = new Aging<{ tenant: string; session: string }>(bounds.others)
  const chosen = new Aging<readonly string[]>(bounds.others)
  const keys = createKeys({ limits, clock })
  const wakes = createWakes()
  const outboxes = createRoom(heap / OUTBOXES_PART)
  const logs = createLogs(heap / LOGS_PART)
  const full = (many: boolean) => countFull(metrics, many)
  const dropped = (lane: LaneName, surplus: Surplus) => countDropped(metrics, lane, surplus, 1)

  function need(id: string): MemorySession {
    const session = sessions.get(id)
    if (session === undefined) throw sessionNotFound()
    return session
  }
  function ifThere(id: string, act: (session: MemorySession) => void): void {
    const session = sessions.get(id)
    if (session !== undefined) act(session)
  }
  function needLog(id: string): Log {
    return ended.get(id)?.log ?? need(id).log
  }
  function forgetLog(id: string): void {
    const { log, timer } = ended.get(id) ?? {}
    clearTimeout(timer)
    log?.close()
    ended.delete(id)
  }
  function keepLog(id: string, log: Log): void {
    const timer = setTimeout(() => forgetLog(id), ENDED_AGE).unref()
    ended.set(id, { log, timer })
  }
  const view = ({ record, status }: MemorySession): { record: SessionRecord; status: SessionStatus } => copy({ record, status })

  return {
    durable: false,
    ping: async () => {},
    async close() {
      for (const { timer } of ended.values()) clearTimeout(timer)
      ended.clear()
    },

    sessions: {
      async create(record, status, owner) {
        const tenant = tenants.get(record.tenant) ?? { jids: new Map(), members: new Map() }
        const resources = tenant.jids.get(record.jid) ?? new Map()
        const taken = sessions.get(resources.get(record.requestedResource) ?? record.id)
        if (taken !== undefined) return { record: copy(taken.record), created: false }
        const appended = (fresh: number) => {
          wakes.wake(record.id)
          metrics?.count('events_appended_total', {}, fresh)
        }
        const session = createSession(copy({ record, status }), { limits, clock, keys, appended, dropped, outboxes, logs, bounds, full })
        forgetLog(record.id)
        sessions.set(record.id, session)
        tenants.set(record.tenant, tenant)
        tenant.members.set(record.id, session)
        tenant.jids.set(record.jid, resources.set(record.requestedResource, record.id))
        if (owner !== undefined) session.acquire(owner, undefined)
        return { record: copy(record), created: true }
      },
      async get(id) {
        const session = sessions.get(id)
        const owner = session?.owner()
        return session && { ...view(session), ...(owner !== undefined && { owner }) }
      },
      isOf: async (tenant, id) => tenants.get(tenant)?.members.has(id) ?? false,
      async list(tenant, { after, limit }) {
        const members = [...(tenants.get(tenant)?.members.values() ?? [])].sort((a, b) => byAge(a.record, b.record))
        if (after === undefined) return members.slice(0, limit).map(view)
        const createdAt = sessions.get(after)?.record.createdAt ?? left.get(after, clock.now()) ?? Number.POSITIVE_INFINITY
        const later = members.filter(({ record }) => byAge({ id: after, createdAt }, record) < 0)
        return later.slice(0, limit).map(view)
      },
      async find(tenant, jid) {
        const ids = [...(tenants.get(tenant)?.jids.get(jid)?.values() ?? [])]
        return ids.map((id) => copyRecord(need(id).record))
      },
      async *ids() {
        yield* [...sessions.keys()]
      },
      async update(id, version, patch) {
        const session = sessions.get(id)
        if (session?.record.version !== version) return undefined
        const { tenant, jid, requestedResource, createdAt } = session.record
        session.record = copy({ ...session.record, ...patch, id, tenant, jid, requestedResource, createdAt, version: version + 1 })
        return copy(session.record)
      },
      async remove(id) {
        const session = sessions.get(id)
        if (session === undefined) return
        const { tenant, jid, requestedResource, createdAt } = session.record
        keepLog(id, session.log)
        const { jids, members } = tenants.get(tenant)!
        session.close()
        sessions.delete(id)
        members.delete(id)
        jids.get(jid)!.delete(requestedResource)
        if (jids.get(jid)!.size === 0) jids.delete(jid)
        if (members.size === 0) tenants.delete(tenant)
        left.set(id, createdAt, clock.now() + PLACE_AGE, clock.now())
        wakes.wake(id)
      },
      // it goes with the process, and each write drops some of it
      async tidy() {},
      addToken: async (id, hash) => void need(id).tokens.add(hash),
      hasToken: async (id, hash) => sessions.get(id)?.tokens.has(hash) ?? false,
    },

    leases: {
      acquire: async (id, owner, from) => sessions.get(id)?.acquire(owner, from),
      release: async (id, owner, fence) => sessions.get(id)?.release(owner, fence),
      owner: async (id) => sessions.get(id)?.owner(),
      owners: async (ids) => ids.map((id) => sessions.get(id)?.owner()),
    },

    instances: createMembers(clock),

    async commit(id, fence, change) {
      const session = sessions.get(id)
      if (session === undefined) throw new Fenced('The session is gone.')
      return session.commit(fence, change)
    },

    outbox: {
      accept: async (id, acceptance) => need(id).accept(acceptance),
      read: async (id, after, limit) => sessions.get(id)?.outbox(after, limit) ?? [],
      size: async (id) => sessions.get(id)?.outboxSize() ?? { length: 0 },
    },

    records: {
      get: async (id, message) => sessions.get(id)?.message(message),
    },

    log: {
      read: async (id, after, limit) => needLog(id).read(after, limit, clock.now()),
      place: async (id, cursor) => needLog(id).place(cursor, clock.now()),
      end: async (id) => needLog(id).end(),
      since: async (id, time) => needLog(id).since(time),
      watch: wakes.watch,
    },

    consumers: createConsumers({ logOf: (id) => need(id).log, clock, age: limits.eventLogAge }),

    webhooks: createWebhooks(clock),

    state: {
      keys: async (id, kind) => [...(sessions.get(id)?.state.get(kind)?.keys() ?? [])],
      async read(id, kind, keys) {
        const values = sessions.get(id)?.state.get(kind)
        if (keys === undefined || values === undefined) return new Map(values)
        return new Map(keys.filter((key) => values.has(key)).map((key) => [key, values.get(key)]))
      },
      async *pieces(id, { last = [] }) {
        const { state = new Map<string, Map<string, unknown>>() } = sessions.get(id) ?? {}
        for (const kind of lastOf([...state.keys()], last)) {
          const all = [...(state.get(kind) ?? [])]
          for (let from = 0; from < all.length; from += PIECE)
            yield all.slice(from, from + PIECE).map(([key, value]) => ({ kind, key, value }))
        }
      },
      streams: async (id) => new Map(sessions.get(id)?.streams),
    },

    iqs: {
      get: async (session, id) => copy(sessions.get(session)?.iqs.get(id, clock.now())),
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

/** it is asked for with each request, and only two of its members are more than a word */
function copyRecord(record: SessionRecord): SessionRecord {
  return { ...record, presence: copy(record.presence), handles: [...record.handles] }
}

/** oldest first, ids decide between equals */
function byAge(a: { id: string; createdAt: number }, b: { id: string; createdAt: number }): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
