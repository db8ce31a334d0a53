/** Who did what in a gateway in memory. */
import { AUDIT_AGE, AUDIT_MAX, type AuditEntry } from '../../gateway/ports/audit.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { Store } from '../../gateway/ports/store.ts'

export function createAudit({ now }: Pick<Clock, 'now'>): Store['audit'] {
  const tenants = new Map<string, { entries: AuditEntry[]; gone: number }>()

  return {
    async append(tenant, entry) {
      const kept = tenants.get(tenant) ?? { entries: [], gone: 0 }
      tenants.set(tenant, kept)
      kept.entries.push(structuredClone(entry))
      const old = now() - AUDIT_AGE
      while (kept.entries.length > AUDIT_MAX || (kept.entries[0]?.at ?? now()) < old) {
        kept.entries.shift()
        kept.gone += 1
      }
    },
    async read(tenant, after, limit) {
      const { entries = [], gone = 0 } = tenants.get(tenant) ?? {}
      const from = after === undefined ? 0 : Math.max(0, Number(after.split('-')[0]) + 1 - gone)
      return structuredClone(entries.slice(from, from + limit)).map((entry, index) => ({ ...entry, place: `${gone + from + index}-0` }))
    },
  }
}
