/** Which sessions there are, by id, tenant and address. */
import { sessionNotFound, tooManySessions } from '../../errors/refusals.ts'
import { TOKENS_MAX } from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { SessionRecord, SessionStatus } from '../../gateway/ports/session-record.ts'
import type { Store } from '../../gateway/ports/store.ts'
import type { Wakes } from '../wakes.ts'
import { Aging } from './aging.ts'
import type { AgingBounds } from './bounds.ts'
import type { EndedLogs } from './ended-logs.ts'
import { copy } from './log.ts'
import type { MemorySession } from './session.ts'

/** ms that the place of a removed session is remembered, for a list that is being paged */
const PLACE_AGE = 3_600_000

interface Tenant {
  /** by bare JID, then by requested resource */
  readonly jids: Map<string, Map<string | null, string>>
  readonly members: Map<string, MemorySession>
}

export interface Directory {
  get(id: string): MemorySession | undefined
  /** throws session-not-found */
  need(id: string): MemorySession
  sessions: Store['sessions']
  leases: Store['leases']
}

export function createDirectory({
  make,
  endedLogs,
  wakes,
  clock,
  bounds,
  most = Number.POSITIVE_INFINITY,
}: {
  make: (what: { record: SessionRecord; status: SessionStatus }) => MemorySession
  endedLogs: EndedLogs
  wakes: Wakes
  clock: Clock
  bounds: AgingBounds
  /** sessions of a tenant */
  most?: number | undefined
}): Directory {
  const all = new Map<string, MemorySession>()
  const tenants = new Map<string, Tenant>()
  /** when removed ones were made */
  const removed = new Aging<number>(bounds.others)

  function need(id: string): MemorySession {
    const session = all.get(id)
    if (session === undefined) throw sessionNotFound()
    return session
  }

  const sessions: Store['sessions'] = {
    async create(record, status, owner) {
      const tenant = tenants.get(record.tenant) ?? { jids: new Map(), members: new Map() }
      const resources = tenant.jids.get(record.jid) ?? new Map()
      const taken = all.get(resources.get(record.requestedResource) ?? record.id)
      if (taken !== undefined) return { record: copy(taken.record), created: false }
      if (tenant.members.size >= most) throw tooManySessions()
      const session = make(copy({ record, status }))
      endedLogs.forget(record.id)
      all.set(record.id, session)
      tenants.set(record.tenant, tenant)
      tenant.members.set(record.id, session)
      tenant.jids.set(record.jid, resources.set(record.requestedResource, record.id))
      if (owner !== undefined) session.acquire(owner, undefined)
      return { record: copy(record), created: true }
    },
    async get(id) {
      const session = all.get(id)
      const owner = session?.owner()
      return session && { ...view(session), ...(owner !== undefined && { owner }) }
    },
    isOf: async (tenant, id) => tenants.get(tenant)?.members.has(id) ?? false,
    async list(tenant, { after, limit }) {
      const members = [...(tenants.get(tenant)?.members.values() ?? [])].sort((a, b) => byAge(a.record, b.record))
      if (after === undefined) return members.slice(0, limit).map(view)
      const createdAt = all.get(after)?.record.createdAt ?? removed.get(after, clock.now()) ?? Number.POSITIVE_INFINITY
      const later = members.filter(({ record }) => byAge({ id: after, createdAt }, record) < 0)
      return later.slice(0, limit).map(view)
    },
    async find(tenant, jid) {
      const ids = [...(tenants.get(tenant)?.jids.get(jid)?.values() ?? [])]
      return ids.map((id) => copyRecord(need(id).record))
    },
    async *ids() {
      yield* [...all.keys()]
    },
    async update(id, version, patch) {
      const session = all.get(id)
      if (session?.record.version !== version) return undefined
      const { tenant, jid, requestedResource, createdAt } = session.record
      session.record = copy({ ...session.record, ...patch, id, tenant, jid, requestedResource, createdAt, version: version + 1 })
      return copy(session.record)
    },
    async remove(id) {
      const session = all.get(id)
      if (session === undefined) return
      const { tenant, jid, requestedResource, createdAt } = session.record
      endedLogs.keep(id, session.log)
      const { jids, members } = tenants.get(tenant)!
      session.close()
      all.delete(id)
      members.delete(id)
      jids.get(jid)!.delete(requestedResource)
      if (jids.get(jid)!.size === 0) jids.delete(jid)
      if (members.size === 0) tenants.delete(tenant)
      removed.set(id, createdAt, clock.now() + PLACE_AGE, clock.now())
      wakes.wake(id)
    },
    // it goes with the process, and each write drops some of it
    async tidy() {},
    async addToken(id, hash) {
      const { tokens } = need(id)
      tokens.add(hash)
      for (const oldest of tokens) {
        if (tokens.size <= TOKENS_MAX) break
        tokens.delete(oldest)
      }
    },
    hasToken: async (id, hash) => all.get(id)?.tokens.has(hash) ?? false,
  }

  return {
    get: (id) => all.get(id),
    need,
    sessions,
    leases: {
      acquire: async (id, owner, from) => all.get(id)?.acquire(owner, from),
      release: async (id, owner, fence) => all.get(id)?.release(owner, fence),
      owner: async (id) => all.get(id)?.owner(),
      owners: async (ids) => ids.map((id) => all.get(id)?.owner()),
    },
  }
}

const view = ({ record, status }: MemorySession): { record: SessionRecord; status: SessionStatus } => copy({ record, status })

/** it is asked for with each request, and few of its members are more than a word */
function copyRecord(record: SessionRecord): SessionRecord {
  const { presence, handles, notify } = record
  return { ...record, presence: copy(presence), handles: [...handles], ...(notify && { notify: [...notify] }) }
}

/** oldest first, ids decide between equals */
function byAge(a: { id: string; createdAt: number }, b: { id: string; createdAt: number }): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
