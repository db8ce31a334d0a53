/** The API keys of a gateway in memory. */
import { KEYS_MAX, type KeyRecord, type KeyStore } from '../../gateway/ports/key.ts'
import { copy } from './log.ts'

interface Kept {
  record: KeyRecord
  lastUsedAt: number | undefined
}

export function createApiKeys(): KeyStore {
  const tenants = new Map<string, Map<string, Kept>>()
  const byHash = new Map<string, { tenant: string; id: string }>()
  const find = (tenant: string, id: string) => tenants.get(tenant)?.get(id)

  return {
    async create(record) {
      const keys = tenants.get(record.tenant) ?? new Map<string, Kept>()
      if (keys.size >= KEYS_MAX) return undefined
      const { id, tenant, hash } = record
      const made = copy({ ...record, version: 1 })
      tenants.set(tenant, keys.set(id, { record: made, lastUsedAt: undefined }))
      byHash.set(hash, { tenant, id })
      return copy(made)
    },
    find: async (hash) => byHash.get(hash),
    async read(tenant, id, usedAt) {
      const kept = find(tenant, id)
      if (kept && usedAt !== undefined) kept.lastUsedAt = usedAt
      return copy(kept?.record)
    },
    list: async (tenant) =>
      [...(tenants.get(tenant)?.values() ?? [])].map(({ record, lastUsedAt }) =>
        copy({ ...record, ...(lastUsedAt !== undefined && { lastUsedAt }) }),
      ),
    async update(record) {
      const kept = find(record.tenant, record.id)
      if (kept?.record.version !== record.version) return undefined
      kept.record = copy({ ...record, version: record.version + 1 })
      return copy(kept.record)
    },
    async remove(tenant, id) {
      const keys = tenants.get(tenant)
      const kept = keys?.get(id)
      if (keys === undefined || kept === undefined) return false
      keys.delete(id)
      byHash.delete(kept.record.hash)
      if (keys.size === 0) tenants.delete(tenant)
      return true
    },
    lastUsed: async (tenant, id) => find(tenant, id)?.lastUsedAt,
  }
}
