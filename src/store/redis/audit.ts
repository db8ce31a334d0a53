/** Who did what, and how much of it, in Redis. */
import type { AuditEntry } from '../../gateway/ports/audit.ts'
import type { Store } from '../../gateway/ports/store.ts'
import type { Connection } from './connection.ts'
import { disclose, enclose } from './envelope.ts'
import { auditKey, rateKey } from './keys.ts'
import type { Scripts } from './scripts.ts'

export function createAudit({ connection, scripts }: { connection: Connection; scripts: Scripts }): Pick<Store, 'audit' | 'rates'> {
  const { client, ask } = connection
  return {
    audit: {
      async append(tenant, entry) {
        await scripts.appendAudit([auditKey(tenant)], [enclose(entry)])
      },
      async read(tenant, after, limit) {
        const found = await ask(() => client.xrange(auditKey(tenant), after === undefined ? '-' : `(${after}`, '+', 'COUNT', limit))
        return found.flatMap(([place, [, text]]) => {
          const entry = disclose<AuditEntry>(text)
          return entry ? [{ ...entry, place }] : []
        })
      },
    },
    rates: {
      async take(name, by, quota, window) {
        const [given, taken, left] = await scripts.takeRate<[number, number, number]>([rateKey(name)], [by, quota, window])
        return { isGiven: given === 1, taken, left }
      },
    },
  }
}
