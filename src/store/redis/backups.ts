/**
 * What this process knows of the sessions that it owns, to write anew what Redis lost of them.
 *
 * A flush, a restart without a disk and a failover to a replica that is behind take away what was meant to last. The accounts are still
 * online then, and whoever uses them wants them to go on: their owner writes its sessions anew, under their ids, with all that it knows:
 * record and sealed credentials, roster, presence and the rest of the state, streams to resume, tokens that were given out or seen here.
 * Then they are taken up like any that has no owner. Gone are past events, which readers are told as a gap (`store-lost`), records, kept
 * answers, and messages that were accepted and not yet sent. To be rid of sessions one deletes them, or stops the gateways before Redis
 * is emptied.
 *
 * What Redis still has, or knows to be removed, is never written anew, nor what another instance was seen to own.
 */
import type { Change, StreamState } from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { SessionRecord, SessionStatus } from '../../gateway/ports/session-record.ts'

/** tokens kept of one session; the oldest go first */
const RESTORED_TOKENS = 100

/** What is known of one session. */
export interface Backup {
  owner: string
  fence: string
  /** monotonic ms: when Redis was last seen to have it */
  seenAt: number
  record?: SessionRecord
  status?: SessionStatus
  /** the owner's mirror */
  state: ReadonlyMap<string, ReadonlyMap<string, unknown>>
  /** by connection; not every place is taken */
  streams: StreamState[]
  tokens: string[]
}

export interface Backups {
  get(id: string): Backup | undefined
  ids(): IterableIterator<string>
  /** the sessions of an account */
  ofAccount(tenant: string, jid: string): string[]
  /** The session is owned by this process from now on. */
  begin(id: string, owner: string, fence: string): void
  /** It was read, with its owner: where that is another one, nothing is kept of it. */
  seen(id: string, owner: string | undefined): Backup | undefined
  /** what was written of it, under this fence */
  written(id: string, fence: string, change: Change): void
  record(id: string, backup: Backup, record: SessionRecord): void
  token(id: string, hash: string): void
  streams(id: string, streams: ReadonlyMap<number, StreamState>): void
  forget(id: string): void
  /** A change, and with it all that is known of the session, for one that was lost in part. */
  whole(id: string, change: Change): Change
}

export function createBackups({ monotonic }: Pick<Clock, 'monotonic'>): Backups {
  const backups = new Map<string, Backup>()
  /** which of them an account has */
  const accounts = new Map<string, Set<string>>()

  function unlist(id: string): void {
    const record = backups.get(id)?.record
    const key = record && accountKey(record)
    const ids = key === undefined ? undefined : accounts.get(key)
    if (key === undefined || !ids?.delete(id)) return
    if (ids.size === 0) accounts.delete(key)
  }

  function forget(id: string): void {
    unlist(id)
    backups.delete(id)
  }

  return {
    get: (id) => backups.get(id),
    ids: () => backups.keys(),
    ofAccount: (tenant, jid) => [...(accounts.get(accountKey({ tenant, jid })) ?? [])],
    begin(id, owner, fence) {
      const { tokens = [] } = backups.get(id) ?? {}
      unlist(id)
      backups.set(id, { owner, fence, seenAt: monotonic(), state: nothing, streams: [], tokens })
    },
    seen(id, owner) {
      const backup = backups.get(id)
      if (backup !== undefined && owner !== undefined && owner !== backup.owner) forget(id)
      return backups.get(id)
    },
    written(id, fence, { status, streams = {} }) {
      const backup = backups.get(id)
      if (backup?.fence !== fence) return
      backup.seenAt = monotonic()
      if (status !== undefined) backup.status = status
      for (const [index, stream] of Object.entries(streams)) {
        if (stream === null) delete backup.streams[Number(index)]
        else backup.streams[Number(index)] = stream
      }
    },
    record(id, backup, record) {
      backup.record = record
      if (backups.get(id) !== backup) return
      const key = accountKey(record)
      accounts.set(key, (accounts.get(key) ?? new Set()).add(id))
    },
    token(id, hash) {
      const { tokens } = backups.get(id) ?? {}
      if (tokens === undefined || tokens.includes(hash)) return
      tokens.push(hash)
      if (tokens.length > RESTORED_TOKENS) tokens.shift()
    },
    streams(id, streams) {
      const backup = backups.get(id)
      if (backup !== undefined) for (const [index, stream] of streams) backup.streams[index] = stream
    },
    forget,
    whole(id, change) {
      const backup = backups.get(id)
      if (backup === undefined) return change
      const { clear = [], state: changed = [], streams, status = backup.status } = change
      const kinds = [...backup.state].filter(([kind]) => !clear.includes(kind))
      const known = kinds.flatMap(([kind, values]) => [...values].map(([key, value]) => ({ kind, key, value })))
      return {
        ...change,
        clear: [...clear, ...kinds.map(([kind]) => kind)],
        state: [...known, ...changed],
        streams: { ...backup.streams, ...streams },
        ...(status && { status }),
      }
    },
  }
}

const nothing: Backup['state'] = new Map()

const accountKey = ({ tenant, jid }: Pick<SessionRecord, 'tenant' | 'jid'>) => JSON.stringify([tenant, jid])
