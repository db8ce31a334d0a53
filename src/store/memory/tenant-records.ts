/** What tenants have made, in memory: records with a version, and with each what is known beside it. */
import { copy } from './log.ts'

export interface TenantRecord {
  id: string
  tenant: string
  version: number
}

export function createTenantRecords<Record extends TenantRecord, Beside extends object>({ most }: { most: number }) {
  type Kept = { record: Record } & Beside
  const tenants = new Map<string, Map<string, Kept>>()
  const find = (tenant: string, id: string) => tenants.get(tenant)?.get(id)

  return {
    find,
    get: (tenant: string, id: string): Record | undefined => copy(find(tenant, id)?.record),
    list: (tenant: string): Record[] => [...(tenants.get(tenant)?.values() ?? [])].map(({ record }) => copy(record)),
    /** Answers undefined where the tenant has as many as it may. */
    create(record: Record, beside: Beside): Kept | undefined {
      const records = tenants.get(record.tenant) ?? new Map<string, Kept>()
      if (records.size >= most) return undefined
      const kept = { record: copy({ ...record, version: 1 }), ...beside }
      tenants.set(record.tenant, records.set(record.id, kept))
      return kept
    },
    /** Answers undefined where it is gone, or has changed since it was read. */
    update(record: Record): Record | undefined {
      const kept = find(record.tenant, record.id)
      if (kept?.record.version !== record.version) return undefined
      kept.record = copy({ ...record, version: record.version + 1 })
      return copy(kept.record)
    },
    remove(tenant: string, id: string): Kept | undefined {
      const records = tenants.get(tenant)
      const kept = records?.get(id)
      records?.delete(id)
      if (records?.size === 0) tenants.delete(tenant)
      return kept
    },
  }
}
