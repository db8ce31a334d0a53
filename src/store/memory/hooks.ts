/** The hooks of a gateway in memory. */
import type { Clock } from '../../gateway/ports/clock.ts'
import { GROUP_AGE, GROUPS_MAX, HOOKS_MAX, type HookRecord, type HookStore, type ToldGroup } from '../../gateway/ports/hook.ts'
import { copy } from './log.ts'

interface Kept {
  record: HookRecord
  /** the one told of longest ago first */
  groups: Map<string, ToldGroup & { until: number }>
}

export function createHooks(clock: Clock): HookStore {
  const tenants = new Map<string, Map<string, Kept>>()
  const byHash = new Map<string, Kept>()
  const find = (tenant: string, id: string) => tenants.get(tenant)?.get(id)

  return {
    async create(record) {
      const hooks = tenants.get(record.tenant) ?? new Map<string, Kept>()
      if (hooks.size >= HOOKS_MAX) return undefined
      tenants.set(record.tenant, hooks)
      const kept: Kept = { record: copy({ ...record, createdAt: clock.now(), version: 1 }), groups: new Map() }
      hooks.set(record.id, kept)
      byHash.set(record.hash, kept)
      return copy(kept.record)
    },
    list: async (tenant) => [...(tenants.get(tenant)?.values() ?? [])].map(({ record }) => copy(record)),
    get: async (tenant, id) => copy(find(tenant, id)?.record),
    find: async (hash) => copy(byHash.get(hash)?.record),
    async update(record) {
      const kept = find(record.tenant, record.id)
      if (kept?.record.version !== record.version) return undefined
      kept.record = copy({ ...record, version: record.version + 1 })
      return copy(kept.record)
    },
    async remove(tenant, id) {
      const hooks = tenants.get(tenant)
      const kept = hooks?.get(id)
      if (hooks === undefined || kept === undefined) return false
      hooks.delete(id)
      byHash.delete(kept.record.hash)
      if (hooks.size === 0) tenants.delete(tenant)
      return true
    },
    async told({ tenant, id }, group) {
      const told = find(tenant, id)?.groups.get(group)
      return told && told.until > clock.now() ? { state: told.state, count: told.count } : undefined
    },
    async tell({ tenant, id }, group, told) {
      const groups = find(tenant, id)?.groups
      if (groups === undefined) return
      groups.delete(group)
      groups.set(group, { ...told, until: clock.now() + GROUP_AGE })
      const [oldest] = groups.keys()
      if (groups.size > GROUPS_MAX && oldest !== undefined) groups.delete(oldest)
    },
  }
}
