/**
 * The API keys of tenants in Redis, by their hashes. What a flush takes away stays away: a key that was revoked meanwhile must not come back
 * from somebody's memory.
 */
import { KEYS_MAX, type KeyRecord, type KeyStore } from '../../gateway/ports/key.ts'
import type { Connection } from './connection.ts'
import { enclose } from './envelope.ts'
import { keyHashKey, keysKey, usedKeysKey } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { byAge, datedRecord, placeOf } from './tenant-records.ts'

/** ms that the way to a key lives which was never made to the end */
const UNMADE_LIFE = 60_000

export function createApiKeys({ connection, scripts }: { connection: Connection; scripts: Scripts }): KeyStore {
  const { client, ask } = connection

  return {
    async create(record) {
      const { id, tenant, hash } = record
      const way = keyHashKey(hash)
      const place = `${tenant} ${id}`
      await ask(() => client.set(way, place, 'PX', UNMADE_LIFE))
      const made = await scripts.createRecord<string | null>([keysKey(tenant)], [id, KEYS_MAX, enclose(record)])
      if (made === null) return undefined
      await ask(() => client.set(way, place))
      return { ...record, version: 1 }
    },
    find: async (hash) => placeOf(await ask(() => client.get(keyHashKey(hash)))),
    read: async (tenant, id, usedAt = 0) =>
      recordOf(await scripts.readKey<string | null>([keysKey(tenant), usedKeysKey(tenant)], [id, usedAt])),
    async list(tenant) {
      const [kept, used] = await Promise.all([ask(() => client.hgetall(keysKey(tenant))), ask(() => client.hgetall(usedKeysKey(tenant)))])
      const records = Object.values(kept).map(recordOf)
      return records
        .filter((record) => record !== undefined)
        .map((record) => ({ ...record, ...(used[record.id] !== undefined && { lastUsedAt: Number(used[record.id]) }) }))
        .sort(byAge)
    },
    async update({ version, ...record }) {
      const won = await scripts.updateRecord<number>([keysKey(record.tenant)], [record.id, version, enclose(record)])
      return won === 1 ? { ...record, version: version + 1 } : undefined
    },
    async remove(tenant, id) {
      const keys = [keysKey(tenant), usedKeysKey(tenant)]
      const record = recordOf(await scripts.removeKey<string | null>(keys, [id]))
      // without its record it leads nowhere, whoever does not come so far
      if (record) await ask(() => client.del(keyHashKey(record.hash)))
      return record !== undefined
    },
    async lastUsed(tenant, id) {
      const used = await ask(() => client.hget(usedKeysKey(tenant), id))
      return used === null ? undefined : Number(used)
    },
  }
}

const recordOf = datedRecord<KeyRecord>
