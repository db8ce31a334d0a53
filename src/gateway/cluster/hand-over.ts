import { settledWithin } from '../../deadline.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { Store } from '../ports/store.ts'
import type { Owned } from './bring-up.ts'
import type { KeyHolders } from './key-holders.ts'
import type { OwnedSessions } from './owned-sessions.ts'

/** ms that stopping may take in all */
const STOP_WITHIN = 15_000

export interface HandOver {
  /** One goes to this instance, or to the next that takes it; stays where that one could not log in with what is kept. */
  give(id: string, heir: string): Promise<void>
  /** Its record was changed: it goes to an instance that can open what it logs in with, where this one cannot. At the next log-in it would be too late. */
  adopt(record: SessionRecord): Promise<void>
  /** All go, since this instance stops, each when what callers asked of it has come to its end. */
  all(): Promise<void>
}

export function createHandOver({
  store,
  owned,
  heirs,
  keyHolders,
}: {
  store: Store
  owned: OwnedSessions
  /** who of the others is to have a session, first the one that should */
  heirs: (id: string) => string[]
  keyHolders: KeyHolders
}): HandOver {
  async function part(id: string, { record }: Owned): Promise<void> {
    // in memory nobody can take it up again, so contacts are told; else the next owner resumes the stream
    if (store.durable) return await owned.handOver(id, await keyHolders.sorted(record, heirs(id)))
    await owned.finish(id)
  }

  return {
    async give(id, heir) {
      const entry = owned.get(id)
      if (entry && (await keyHolders.can(heir, entry.record)) !== false) await owned.handOver(id, [heir, ...heirs(id)])
    },
    async adopt(record) {
      owned.adopt(record)
      const heir = owned.get(record.id) && (await keyHolders.elsewhere(record, heirs(record.id)))
      if (heir !== undefined) await owned.handOver(record.id, [heir])
    },
    async all() {
      await settledWithin(STOP_WITHIN, Promise.allSettled([...owned.all].map(([id, entry]) => part(id, entry))))
    },
  }
}
