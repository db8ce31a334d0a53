import type { Connection } from './connection.ts'
import { membersKey, TENANTS } from './keys.ts'

/** tenants remembered for when the master that lists them is away */
const TENANTS_MAX = 10_000
/** sessions asked for at one time */
const PORTION = 500

export interface EverySession {
  /** The ids of all sessions. What came before a failure comes too. */
  ids(): AsyncIterable<string>
  /** the tenants, as they were listed last */
  tenants(): readonly string[]
}

export function createEverySession({ client, ask }: Pick<Connection, 'client' | 'ask'>): EverySession {
  let known: string[] = []

  return {
    async *ids() {
      // of a Cluster one master may be away, and with it some tenants, or the list of them
      let failed: unknown
      let tenants = known
      try {
        tenants = await ask(() => client.smembers(TENANTS))
        known = tenants.slice(0, TENANTS_MAX)
      } catch (error) {
        failed = error
      }
      for (const tenant of tenants) {
        let cursor = '0'
        do {
          try {
            const [next, entries] = await ask(() => client.zscan(membersKey(tenant), cursor, 'COUNT', PORTION))
            for (let index = 0; index < entries.length; index += 2) yield entries[index]!
            cursor = next
          } catch (error) {
            failed = error
            break
          }
        } while (cursor !== '0')
      }
      if (failed !== undefined) throw failed
    },
    tenants: () => known,
  }
}
