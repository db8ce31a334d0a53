/** The API keys of a gateway in memory. */
import { KEYS_MAX, type KeyRecord, type KeyStore } from '../../gateway/ports/key.ts'
import { copy } from './log.ts'
import { createTenantRecords } from './tenant-records.ts'

export function createApiKeys(): KeyStore {
  const keys = createTenantRecords<KeyRecord, { lastUsedAt: number | undefined }>({ most: KEYS_MAX })
  const byHash = new Map<string, { tenant: string; id: string }>()
  const lastUsed = (tenant: string, id: string) => keys.find(tenant, id)?.lastUsedAt

  return {
    async create(record) {
      const { id, tenant, hash } = record
      const made = keys.create({ ...record, version: 1 }, { lastUsedAt: undefined })
      if (made) byHash.set(hash, { tenant, id })
      return copy(made?.record)
    },
    find: async (hash) => byHash.get(hash),
    async read(tenant, id, usedAt) {
      const kept = keys.find(tenant, id)
      if (kept && usedAt !== undefined) kept.lastUsedAt = usedAt
      return copy(kept?.record)
    },
    list: async (tenant) =>
      keys.list(tenant).map((record) => {
        const lastUsedAt = lastUsed(tenant, record.id)
        return { ...record, ...(lastUsedAt !== undefined && { lastUsedAt }) }
      }),
    update: async (record) => keys.update(record),
    async remove(tenant, id) {
      const gone = keys.remove(tenant, id)
      if (gone) byHash.delete(gone.record.hash)
      return gone !== undefined
    },
    lastUsed: async (tenant, id) => lastUsed(tenant, id),
  }
}
