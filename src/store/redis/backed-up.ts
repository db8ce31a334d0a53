import type { Clock } from '../../gateway/ports/clock.ts'
import type { Store } from '../../gateway/ports/store.ts'
import type { Backups } from './backups.ts'
import type { RedisConsumers } from './consumers.ts'
import type { Restore } from './restoring.ts'

/** sessions written anew at one time */
const RESTORED = 100

type Parts = Pick<Store, 'sessions' | 'leases' | 'commit' | 'state'>

/** The same parts of a store: what goes through them is known afterwards, and what Redis lost is written anew when somebody asks for it. */
export function backedUp(
  { sessions, leases, commit, state }: Parts,
  {
    backups,
    restore,
    consumers,
    monotonic,
  }: { backups: Backups; restore: Restore; consumers: Pick<RedisConsumers, 'learn' | 'forget'>; monotonic: Clock['monotonic'] },
): Parts {
  async function get(id: string): ReturnType<Store['sessions']['get']> {
    let kept = await sessions.get(id)
    if (kept === undefined && backups.get(id)) {
      await restore(id)
      kept = await sessions.get(id)
    }
    const backup = kept && backups.seen(id, kept.owner)
    if (kept && backup) {
      // the one that its owner has, where it is the same
      if (backup.record?.version !== kept.record.version) backups.record(id, backup, kept.record)
      backup.status ??= kept.status
      backup.seenAt = monotonic()
    }
    return kept
  }

  return {
    async commit(id, fence, change) {
      const cursors = await commit(id, fence, change)
      backups.written(id, fence, change)
      return cursors
    },

    leases: {
      ...leases,
      async acquire(id, owner, from) {
        let lease = await leases.acquire(id, owner, from)
        if (lease === undefined && backups.get(id)) {
          await restore(id)
          lease = await leases.acquire(id, owner)
        }
        if (lease === undefined) return undefined
        backups.begin(id, owner, lease.fence)
        // where it fails they are learnt as they are used
        consumers.learn(id).catch(() => {})
        return lease
      },
      async release(id, owner, fence) {
        backups.forget(id)
        await leases.release(id, owner, fence)
      },
      async owners(ids) {
        const owners = await leases.owners(ids)
        for (const [index, id] of ids.entries()) backups.seen(id, owners[index])
        return owners
      },
    },

    sessions: {
      ...sessions,
      get,
      async create(record, ...more) {
        for (const id of backups.ofAccount(record.tenant, record.jid)) await get(id)
        return await sessions.create(record, ...more)
      },
      async find(tenant, jid) {
        const found = await sessions.find(tenant, jid)
        const lost = found.length > 0 ? [] : backups.ofAccount(tenant, jid)
        if (lost.length === 0) return found
        await Promise.all(lost.map(restore))
        return await sessions.find(tenant, jid)
      },
      async isOf(tenant, id) {
        if (await sessions.isOf(tenant, id)) return true
        if (backups.get(id)?.record?.tenant !== tenant) return false
        await restore(id)
        return await sessions.isOf(tenant, id)
      },
      async *ids() {
        const missing = new Set(backups.ids())
        for await (const id of sessions.ids()) {
          missing.delete(id)
          yield id
        }
        const lost = [...missing]
        while (lost.length > 0) {
          const some = lost.splice(0, RESTORED)
          await Promise.all(some.map(restore))
          yield* some.filter((id) => backups.get(id) !== undefined)
        }
      },
      async update(id, version, patch) {
        const record = await sessions.update(id, version, patch)
        const backup = backups.get(id)
        if (record !== undefined && backup !== undefined) backups.record(id, backup, record)
        return record
      },
      async remove(id) {
        backups.forget(id)
        consumers.forget(id)
        await sessions.remove(id)
      },
      async addToken(id, hash) {
        await sessions.addToken(id, hash)
        backups.token(id, hash)
      },
      async hasToken(id, hash) {
        if (await sessions.hasToken(id, hash)) {
          backups.token(id, hash)
          return true
        }
        if (!backups.get(id)?.tokens.includes(hash)) return false
        await restore(id)
        return await sessions.hasToken(id, hash)
      },
    },

    state: {
      ...state,
      async *pieces(id, options) {
        yield* state.pieces(id, options)
        // not before: what is not read yet must not be taken for what there is
        const backup = backups.get(id)
        if (backup !== undefined) backup.state = options.mirror
      },
      async streams(id) {
        const streams = await state.streams(id)
        backups.streams(id, streams)
        return streams
      },
    },
  }
}
