/**
 * What this process holds of the sessions that it owns, to write anew what Redis lost of them.
 *
 * A flush, a restart without a disk and a failover to a replica that is behind take away what was meant to last. The accounts are still
 * online then, and whoever uses them wants them to go on: their owner writes its sessions anew, under their ids, with all that it knows:
 * record and sealed credentials, roster, presence and the rest of the state, streams to resume, tokens that were given out or seen here,
 * and where its named consumers are.
 * Then they are taken up like any that has no owner. Gone are past events, which readers are told as a gap (`store-lost`), records, kept
 * answers, and messages that were accepted and not yet sent. To be rid of sessions one deletes them, or stops the gateways before Redis
 * is emptied.
 *
 * What Redis still has, or knows to be removed, is never written anew, nor what another instance was seen to own.
 */
import type { Change, StreamState } from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { SessionRecord, SessionStatus } from '../../gateway/ports/session-record.ts'
import type { Store } from '../../gateway/ports/store.ts'
import { newLog } from '../cursor.ts'
import type { Connection } from './connection.ts'
import type { RedisConsumers } from './consumers.ts'
import { enclose } from './envelope.ts'
import { jidKey, leftKey, membersKey, stateKey, TENANTS } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { CLAIM_LIFE, resourceField } from './sessions.ts'

/** ms that a session is held after Redis was last seen to have it: as long as removed ones are remembered there */
const HELD_FOR = 3_600_000
/** sessions written anew at one time */
const RESTORED = 100
/** tokens held of one session; the oldest go first */
const TOKENS_MAX = 100

interface Holding {
  owner: string
  fence: string
  /** monotonic ms */
  seenAt: number
  record?: SessionRecord
  status?: SessionStatus
  /** the owner's mirror */
  state: ReadonlyMap<string, ReadonlyMap<string, unknown>>
  /** by connection; not every place is taken */
  streams: StreamState[]
  tokens: string[]
}

type Parts = Pick<Store, 'sessions' | 'leases' | 'commit' | 'state'>

export interface Holdings {
  /** the same parts of a store; what goes through them is held */
  parts: Parts
  /** A change, and with it all that is held of the session, for one that was lost in part. */
  whole(session: string, change: Change): Change
}

export function createHoldings(
  { sessions, leases, commit, state }: Parts,
  {
    connection,
    scripts,
    consumers,
    monotonic,
  }: {
    connection: Connection
    scripts: Scripts
    consumers: Pick<RedisConsumers, 'learn' | 'restore' | 'forget'>
    monotonic: Clock['monotonic']
  },
): Holdings {
  const { client, ask } = connection
  const held = new Map<string, Holding>()
  /** which of them an account has */
  const accounts = new Map<string, Set<string>>()
  const running = new Map<string, Promise<void>>()

  /** Writes a session anew that Redis has lost, and lists it again; does nothing where that must not be. */
  async function restore(id: string): Promise<void> {
    const holding = held.get(id)
    if (holding === undefined) return
    const under = running.get(id) ?? restoreHeld(id, holding).finally(() => running.delete(id))
    running.set(id, under)
    await under
  }

  async function restoreHeld(id: string, holding: Holding): Promise<void> {
    const { record, status, fence, streams, tokens } = holding
    if (record === undefined || status === undefined) return
    const { tenant, jid, version, createdAt } = record
    const isRemoved = (await ask(() => client.zscore(leftKey(tenant), id))) !== null
    if (isRemoved || monotonic() - holding.seenAt > HELD_FOR) forget(id)
    if (!held.has(id)) return
    const field = resourceField(record)
    const [answer, other] = await scripts.claim<[string, string?]>([jidKey(tenant, jid)], [field, id, CLAIM_LIFE, ''])
    // made anew by somebody else
    if (answer === 'taken' && other !== id) forget(id)
    if (!held.has(id) || answer === 'pending') return

    const kinds = [...holding.state].filter(([, values]) => values.size > 0)
    const resumable = Object.entries(streams)
    const known = [
      ...[enclose(record), version, enclose(status), newLog(id), fence],
      ...[tokens.length, ...tokens],
      ...[kinds.length, ...kinds.flatMap(([kind, values]) => [kind, values.size, ...[...values].flatMap(enclosed)])],
      ...[resumable.length, ...resumable.flatMap(enclosed)],
    ]
    const hashes = kinds.map(([kind]) => stateKey(id, kind))
    await consumers.restore(id)
    await scripts.restore(id, known, hashes)
    await ask(() => client.sadd(TENANTS, tenant))
    await scripts.confirm([jidKey(tenant, jid), membersKey(tenant)], [field, id, createdAt])
  }

  /** What was read of a session says whether it is to be held on. */
  function note(id: string, owner: string | undefined): Holding | undefined {
    const holding = held.get(id)
    if (holding !== undefined && owner !== undefined && owner !== holding.owner) forget(id)
    return held.get(id)
  }

  /** the sessions of an account that are held */
  const ofAccount = (tenant: string, jid: string): string[] => [...(accounts.get(accountKey({ tenant, jid })) ?? [])]

  function know(id: string, holding: Holding, record: SessionRecord): void {
    holding.record = record
    if (held.get(id) !== holding) return
    const key = accountKey(record)
    accounts.set(key, (accounts.get(key) ?? new Set()).add(id))
  }

  function unlist(id: string): void {
    const record = held.get(id)?.record
    const key = record && accountKey(record)
    const ids = key === undefined ? undefined : accounts.get(key)
    if (key === undefined || !ids?.delete(id)) return
    if (ids.size === 0) accounts.delete(key)
  }

  function forget(id: string): void {
    unlist(id)
    held.delete(id)
  }

  async function get(id: string): ReturnType<Store['sessions']['get']> {
    let kept = await sessions.get(id)
    if (kept === undefined && held.has(id)) {
      await restore(id)
      kept = await sessions.get(id)
    }
    const holding = kept && note(id, kept.owner)
    if (kept && holding) {
      // the one that its owner has, where it is the same
      if (holding.record?.version !== kept.record.version) know(id, holding, kept.record)
      holding.status ??= kept.status
      holding.seenAt = monotonic()
    }
    return kept
  }

  const parts: Parts = {
    async commit(id, fence, change) {
      const cursors = await commit(id, fence, change)
      const holding = held.get(id)
      if (holding?.fence !== fence) return cursors
      holding.seenAt = monotonic()
      if (change.status !== undefined) holding.status = change.status
      for (const [index, stream] of Object.entries(change.streams ?? {})) {
        if (stream === null) delete holding.streams[Number(index)]
        else holding.streams[Number(index)] = stream
      }
      return cursors
    },

    leases: {
      ...leases,
      async acquire(id, owner, from) {
        let lease = await leases.acquire(id, owner, from)
        if (lease === undefined && held.has(id)) {
          await restore(id)
          lease = await leases.acquire(id, owner)
        }
        if (lease === undefined) return undefined
        const { tokens = [] } = held.get(id) ?? {}
        unlist(id)
        held.set(id, { owner, fence: lease.fence, seenAt: monotonic(), state: nothing, streams: [], tokens })
        // where it fails they are learnt as they are used
        consumers.learn(id).catch(() => {})
        return lease
      },
      async release(id, owner, fence) {
        forget(id)
        await leases.release(id, owner, fence)
      },
      async owners(ids) {
        const owners = await leases.owners(ids)
        for (const [index, id] of ids.entries()) note(id, owners[index])
        return owners
      },
    },

    sessions: {
      ...sessions,
      get,
      async create(record, ...more) {
        for (const id of ofAccount(record.tenant, record.jid)) await get(id)
        return await sessions.create(record, ...more)
      },
      async find(tenant, jid) {
        const found = await sessions.find(tenant, jid)
        const lost = found.length > 0 ? [] : ofAccount(tenant, jid)
        if (lost.length === 0) return found
        await Promise.all(lost.map(restore))
        return await sessions.find(tenant, jid)
      },
      async isOf(tenant, id) {
        if (await sessions.isOf(tenant, id)) return true
        if (held.get(id)?.record?.tenant !== tenant) return false
        await restore(id)
        return await sessions.isOf(tenant, id)
      },
      async *ids() {
        const missing = new Set(held.keys())
        for await (const id of sessions.ids()) {
          missing.delete(id)
          yield id
        }
        const lost = [...missing]
        while (lost.length > 0) {
          const some = lost.splice(0, RESTORED)
          await Promise.all(some.map(restore))
          yield* some.filter((id) => held.has(id))
        }
      },
      async update(id, version, patch) {
        const record = await sessions.update(id, version, patch)
        const holding = held.get(id)
        if (record !== undefined && holding !== undefined) know(id, holding, record)
        return record
      },
      async remove(id) {
        forget(id)
        consumers.forget(id)
        await sessions.remove(id)
      },
      async addToken(id, hash) {
        await sessions.addToken(id, hash)
        keepToken(held.get(id), hash)
      },
      async hasToken(id, hash) {
        if (await sessions.hasToken(id, hash)) {
          keepToken(held.get(id), hash)
          return true
        }
        if (!held.get(id)?.tokens.includes(hash)) return false
        await restore(id)
        return await sessions.hasToken(id, hash)
      },
    },

    state: {
      ...state,
      async *pieces(id, options) {
        yield* state.pieces(id, options)
        // not before: what is not read yet must not be taken for what there is
        const holding = held.get(id)
        if (holding !== undefined) holding.state = options.mirror
      },
      async streams(id) {
        const streams = await state.streams(id)
        const holding = held.get(id)
        if (holding !== undefined) for (const [index, stream] of streams) holding.streams[index] = stream
        return streams
      },
    },
  }

  return {
    parts,
    whole(id, change) {
      const holding = held.get(id)
      if (holding === undefined) return change
      const { clear = [], state: changed = [], streams, status = holding.status } = change
      const kinds = [...holding.state].filter(([kind]) => !clear.includes(kind))
      const known = kinds.flatMap(([kind, values]) => [...values].map(([key, value]) => ({ kind, key, value })))
      return {
        ...change,
        clear: [...clear, ...kinds.map(([kind]) => kind)],
        state: [...known, ...changed],
        streams: { ...holding.streams, ...streams },
        ...(status && { status }),
      }
    },
  }
}

const nothing: Holding['state'] = new Map()

const accountKey = ({ tenant, jid }: Pick<SessionRecord, 'tenant' | 'jid'>) => JSON.stringify([tenant, jid])

const enclosed = ([key, value]: readonly [string | number, unknown]) => [key, enclose(value)]

function keepToken(holding: Holding | undefined, hash: string): void {
  if (holding === undefined || holding.tokens.includes(hash)) return
  holding.tokens.push(hash)
  if (holding.tokens.length > TOKENS_MAX) holding.tokens.shift()
}
