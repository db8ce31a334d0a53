/** The hooks of a gateway in memory. */
import type { Clock } from '../../gateway/ports/clock.ts'
import { GROUP_AGE, GROUPS_MAX, HOOKS_MAX, type HookRecord, type HookStore, type ToldGroup } from '../../gateway/ports/hook.ts'
import { copy } from './log.ts'
import { createTenantRecords } from './tenant-records.ts'

/** the one told of longest ago first */
type Groups = Map<string, ToldGroup & { until: number }>

export function createHooks(clock: Clock): HookStore {
  const hooks = createTenantRecords<HookRecord, { groups: Groups }>({ most: HOOKS_MAX })
  const byHash = new Map<string, { tenant: string; id: string }>()

  return {
    async create(record) {
      const { id, tenant, hash } = record
      const made = hooks.create({ ...record, createdAt: clock.now(), version: 1 }, { groups: new Map() })
      if (made) byHash.set(hash, { tenant, id })
      return copy(made?.record)
    },
    list: async (tenant) => hooks.list(tenant),
    get: async (tenant, id) => hooks.get(tenant, id),
    async find(hash) {
      const place = byHash.get(hash)
      return place && hooks.get(place.tenant, place.id)
    },
    update: async (record) => hooks.update(record),
    async remove(tenant, id) {
      const gone = hooks.remove(tenant, id)
      if (gone) byHash.delete(gone.record.hash)
      return gone !== undefined
    },
    async told({ tenant, id }, group) {
      const told = hooks.find(tenant, id)?.groups.get(group)
      return told && told.until > clock.now() ? { state: told.state, count: told.count } : undefined
    },
    async tell({ tenant, id }, group, told) {
      const groups = hooks.find(tenant, id)?.groups
      if (groups === undefined) return
      groups.delete(group)
      groups.set(group, { ...told, until: clock.now() + GROUP_AGE })
      const [oldest] = groups.keys()
      if (groups.size > GROUPS_MAX && oldest !== undefined) groups.delete(oldest)
    },
  }
}
