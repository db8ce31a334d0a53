/** Sessions and their leases in Redis. */
import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../../errors/problem.ts'
import { sessionNotFound, tooManySessions } from '../../errors/refusals.ts'
import { TOKENS_MAX } from '../../gateway/ports/change.ts'
import type { SessionRecord, SessionStatus } from '../../gateway/ports/session-record.ts'
import type { Store } from '../../gateway/ports/store.ts'
import { newLog } from '../cursor.ts'
import type { Connection } from './connection.ts'
import { disclose, enclose } from './envelope.ts'
import { createEverySession } from './every-session.ts'
import { jidKey, leftKey, membersKey, sessionKey, stateKey, TENANTS } from './keys.ts'
import { type Scripts, TIDIED } from './scripts.ts'
import { askedOnce } from './turn.ts'

/** ms that somebody who makes a session has, before another one may */
export const CLAIM_LIFE = 2000
/** ms between looks at a session that another one is making, and how many */
const CLAIM_INTERVAL = 25
const CLAIM_LOOKS = 160
/** ms that a session lives that was written and never confirmed */
const UNCONFIRMED_LIFE = 60_000
/** ms that the log of a removed session can be read to its end */
const ENDED_AGE = 30_000
/** ms and number of removed sessions whose place in the tenant's list is remembered */
const LEFT_AGE = 3_600_000
const LEFT_MAX = 10_000
type Kept = { record: SessionRecord; status: SessionStatus; owner?: string }

export function createSessions({ connection, scripts }: { connection: Connection; scripts: Scripts }): Pick<Store, 'sessions' | 'leases'> {
  const { client, ask, turn, cluster } = connection
  const every = createEverySession(connection)
  // on a Cluster it would have left already
  const once: typeof askedOnce = cluster ? (_, askFor) => askFor : askedOnce
  const get = once(turn, read)
  const idsOf = once(turn, (key) => ask(() => client.hvals(key)))

  async function read(id: string): Promise<Kept | null | undefined> {
    const [kept, state, lease] = await ask(() => client.hmget(sessionKey('session', id), 'record', 'status', 'lease'))
    if (!kept || !state) return undefined
    const [record, status, owner] = [disclose<SessionRecord>(kept), disclose<SessionStatus>(state), ownerOf(lease)]
    return record && status ? { record, status, ...(owner !== undefined && { owner }) } : null
  }

  /** Writes the session and confirms the claim; false where the claim was lost on the way. */
  async function make(record: SessionRecord, status: SessionStatus, owner: string): Promise<boolean> {
    const { id, tenant, jid, version, createdAt } = record
    await scripts.create(id, [enclose(record), version, enclose(status), newLog(id), UNCONFIRMED_LIFE, owner])
    await ask(() => client.sadd(TENANTS, tenant))
    const confirmed = await scripts.confirm<number>([jidKey(tenant, jid), membersKey(tenant)], [resourceField(record), id, createdAt])
    await (confirmed === 1 ? scripts.persist(id, []) : removeKeys(id, 1))
    if (confirmed === -1) throw tooManySessions()
    return confirmed === 1
  }

  const leaseOf = async (id: string) => ownerOf(await ask(() => client.hget(sessionKey('session', id), 'lease')))

  /** The kinds of state are asked for first, since a script is told its keys; the last writer may have added one meanwhile. */
  async function removeKeys(id: string, logLife: number): Promise<void> {
    for (let removed = 0; removed === 0; ) {
      const kinds = await ask(() => client.smembers(sessionKey('kinds', id)))
      removed = await scripts.remove<number>(
        id,
        [logLife, ...kinds],
        [...kinds.map((kind) => stateKey(id, kind)), sessionKey('consumers', id)],
      )
    }
  }

  async function leave({ id, tenant, jid, createdAt, requestedResource }: SessionRecord): Promise<void> {
    const keys = [jidKey(tenant, jid), membersKey(tenant), leftKey(tenant)]
    await scripts.leave(keys, [resourceField({ requestedResource }), id, createdAt, LEFT_AGE, LEFT_MAX])
  }

  /** One that is listed and was never made to the end, or was lost: nobody is to come upon it again. Its owner lists it again. */
  async function unlist(id: string, tenants: readonly string[]): Promise<void> {
    await Promise.allSettled(tenants.map((tenant) => ask(() => client.zrem(membersKey(tenant), id))))
  }

  return {
    sessions: {
      get,
      async create(record, status, owner = '') {
        const index = [jidKey(record.tenant, record.jid)]
        let gone = ''
        for (let looks = 0; looks < CLAIM_LOOKS; looks++) {
          const [answer, id] = await scripts.claim<[string, string]>(index, [resourceField(record), record.id, CLAIM_LIFE, gone])
          if (answer === 'claimed' && (await make(record, status, owner))) return { record, created: true }
          if (answer === 'taken') {
            const taken = await get(id)
            if (taken === null) throw unreadable()
            if (taken) return { record: taken.record, created: false }
            gone = id
          } else if (answer === 'pending') await delay(CLAIM_INTERVAL)
        }
        throw new Problem('store-unavailable', 'Another one is making this session and does not come to an end.', { retryAfter: 2 })
      },
      isOf: async (tenant, id) => (await ask(() => client.zscore(membersKey(tenant), id))) !== null,
      async list(tenant, { after = '', limit }) {
        const keys = [membersKey(tenant), leftKey(tenant)]
        const found: Kept[] = []
        for (let last = after; found.length < limit; ) {
          const wanted = limit - found.length
          const ids = await scripts.list<string[]>(keys, [last, wanted])
          for (const [index, kept] of (await Promise.all(ids.map(get))).entries()) {
            if (kept) found.push(kept)
            else if (kept === undefined) await unlist(ids[index] as string, [tenant])
          }
          const next = ids.at(-1)
          if (next === undefined || ids.length < wanted) break
          last = next
        }
        return found
      },
      async find(tenant, jid) {
        const index = await idsOf(jidKey(tenant, jid))
        const confirmed = index.filter((value) => !value.includes(' '))
        const found = await Promise.all(confirmed.map((id) => get(id)))
        if (found.includes(null)) throw unreadable()
        return found.filter((kept) => !!kept).map(({ record }) => record)
      },
      ids: every.ids,
      async update(id, version, patch) {
        const kept = await get(id)
        if (kept?.record.version !== version) return undefined
        const { tenant, jid, requestedResource, createdAt } = kept.record
        const record = { ...kept.record, ...patch, id, tenant, jid, requestedResource, createdAt, version: version + 1 }
        const won = await scripts.update<number>(id, [version, record.version, enclose(record)])
        return won === 1 ? record : undefined
      },
      async remove(id) {
        const kept = await get(id)
        // what is left half done is done whole by whoever removes it again, and finds it in the list
        if (kept) await leave(kept.record)
        await removeKeys(id, ENDED_AGE)
        if (kept) await ask(() => client.zrem(membersKey(kept.record.tenant), id))
      },
      async tidy(id) {
        while ((await scripts.tidy<number>(id, [])) === TIDIED);
      },
      async addToken(id, hash) {
        if ((await scripts.addToken<number>(id, [hash, TOKENS_MAX])) === 0) throw sessionNotFound()
      },
      hasToken: async (id, hash) => (await ask(() => client.sismember(sessionKey('tokens', id), hash))) === 1,
    },

    leases: {
      async acquire(id, owner, from = '') {
        const fence = await scripts.acquire<string | null>(id, [owner, from])
        if (fence === '') await unlist(id, every.tenants())
        return fence ? { fence } : undefined
      },
      async release(id, owner, fence) {
        await scripts.release(id, [owner, fence])
      },
      owner: leaseOf,
      // asked for in one turn, they go out together
      owners: (ids) => Promise.all(ids.map(leaseOf)),
    },
  }
}

const unreadable = () => new Problem('store-unavailable', 'The session was written by another version.', { retryAfter: 2 })

/** of "<fence> <owner>" */
function ownerOf(lease: string | null | undefined): string | undefined {
  return lease?.slice(lease.indexOf(' ') + 1)
}

/** one made without a resource and one with an empty one are different */
export function resourceField({ requestedResource }: Pick<SessionRecord, 'requestedResource'>): string {
  return requestedResource === null ? '-' : `=${requestedResource}`
}
