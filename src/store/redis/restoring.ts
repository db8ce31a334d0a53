import type { Clock } from '../../gateway/ports/clock.ts'
import { newLog } from '../cursor.ts'
import type { Backup, Backups } from './backups.ts'
import type { Connection } from './connection.ts'
import type { RedisConsumers } from './consumers.ts'
import { enclose } from './envelope.ts'
import { jidKey, leftKey, membersKey, stateKey, TENANTS } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { CLAIM_LIFE, resourceField } from './sessions.ts'

/** ms that a session is kept after Redis was last seen to have it: as long as removed ones are remembered there */
const KEPT_FOR = 3_600_000

/** Writes a session anew that Redis has lost, and lists it again; does nothing where that must not be. */
export type Restore = (id: string) => Promise<void>

export function createRestore({
  backups,
  connection,
  scripts,
  consumers,
  monotonic,
}: {
  backups: Pick<Backups, 'get' | 'forget'>
  connection: Connection
  scripts: Scripts
  consumers: Pick<RedisConsumers, 'restore'>
  monotonic: Clock['monotonic']
}): Restore {
  const { client, ask } = connection
  const running = new Map<string, Promise<void>>()

  async function restore(id: string, backup: Backup): Promise<void> {
    const { record, status, fence, streams, tokens } = backup
    if (record === undefined || status === undefined) return
    const { tenant, jid, version, createdAt } = record
    const isRemoved = (await ask(() => client.zscore(leftKey(tenant), id))) !== null
    if (isRemoved || monotonic() - backup.seenAt > KEPT_FOR) backups.forget(id)
    if (!backups.get(id)) return
    const field = resourceField(record)
    const [answer, other] = await scripts.claim<[string, string?]>([jidKey(tenant, jid)], [field, id, CLAIM_LIFE, ''])
    // made anew by somebody else
    if (answer === 'taken' && other !== id) backups.forget(id)
    if (!backups.get(id) || answer === 'pending') return

    const kinds = [...backup.state].filter(([, values]) => values.size > 0)
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

  return async (id) => {
    const backup = backups.get(id)
    if (backup === undefined) return
    const done = running.get(id) ?? restore(id, backup).finally(() => running.delete(id))
    running.set(id, done)
    await done
  }
}

const enclosed = ([key, value]: readonly [string | number, unknown]) => [key, enclose(value)]
