import type { KeyRing } from '../../api/key-ring.ts'
import { Problem } from '../../errors/problem.ts'
import type { Caller } from '../../gateway/contract/operation.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { KeyRecord, KeyStore } from '../../gateway/ports/key.ts'
import type { Store } from '../../gateway/ports/store.ts'
import { keyView } from './schemas.ts'

export interface KeyOperations {
  store: Pick<Store, 'keys'>
  ring: Pick<KeyRing, 'byId' | 'changed'>
  clock: Clock
}

export const keyNotFound = () => new Problem('key-not-found', 'There is no such key.')

/** Rejects with key-not-found, also for one of another tenant. */
export async function keyOf(keys: KeyStore, { tenant }: Caller, id: string): Promise<KeyRecord> {
  const record = await keys.read(tenant, id)
  if (record === undefined) throw keyNotFound()
  return record
}

/** One as callers see it. */
export async function shown(keys: KeyStore, record: KeyRecord) {
  const lastUsedAt = await keys.lastUsed(record.tenant, record.id)
  return keyView({ ...record, ...(lastUsedAt !== undefined && { lastUsedAt }) })
}
