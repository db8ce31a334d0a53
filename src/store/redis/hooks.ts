/** The hooks of tenants in Redis: kept as webhooks are, found by the hash of their token. */
import { GROUP_AGE, HOOKS_MAX, type HookRecord, type HookStore, type ToldGroup } from '../../gateway/ports/hook.ts'
import type { Connection } from './connection.ts'
import { disclose, enclose } from './envelope.ts'
import { hookGroupKey, hooksKey, hookTokenKey } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { byAge, datedRecord, placeOf } from './tenant-records.ts'

export function createHooks({ connection, scripts }: { connection: Connection; scripts: Scripts }): HookStore {
  const { client, ask } = connection
  const get = async (tenant: string, id: string) => recordOf(await ask(() => client.hget(hooksKey(tenant), id)))

  return {
    async create(record) {
      const { tenant, id, hash } = record
      const made = await scripts.createRecord<string | null>([hooksKey(tenant)], [id, HOOKS_MAX, enclose(record)])
      if (made === null) return undefined
      // where this is not reached nobody was told the token
      await ask(() => client.set(hookTokenKey(hash), `${tenant} ${id}`))
      return { ...record, createdAt: Number(made), version: 1 }
    },
    async list(tenant) {
      const records = Object.values(await ask(() => client.hgetall(hooksKey(tenant)))).map(recordOf)
      return records.filter((record) => record !== undefined).sort(byAge)
    },
    get,
    async find(hash) {
      const place = placeOf(await ask(() => client.get(hookTokenKey(hash))))
      return place && get(place.tenant, place.id)
    },
    async update({ createdAt, version, ...record }) {
      const won = await scripts.updateRecord<number>([hooksKey(record.tenant)], [record.id, version, enclose(record)])
      return won === 1 ? { ...record, createdAt, version: version + 1 } : undefined
    },
    async remove(tenant, id) {
      const record = await get(tenant, id)
      // without its record it leads nowhere, whoever does not come so far
      const removed = await ask(() => client.hdel(hooksKey(tenant), id))
      if (record) await ask(() => client.del(hookTokenKey(record.hash)))
      return removed === 1
    },
    told: async ({ tenant, id }, group) => disclose<ToldGroup>(await ask(() => client.get(hookGroupKey(tenant, id, group)))),
    async tell({ tenant, id }, group, told) {
      await ask(() => client.set(hookGroupKey(tenant, id, group), enclose(told), 'PX', GROUP_AGE))
    },
  }
}

const recordOf = datedRecord<HookRecord>
