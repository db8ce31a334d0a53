import type { Clock } from '../gateway/ports/clock.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store, StoreLimits } from '../gateway/ports/store.ts'
import { createMemoryStore } from './memory/store.ts'

export interface OpenStoreOptions {
  /** null: in memory */
  redis: { url: string; waitReplicas: number } | null
  limits: StoreLimits
  clock: Clock
  log: Log
  metrics: Metrics
}

/** The store of a process. ioredis is loaded only where there is a Redis; rejects with a Problem where that cannot be used. */
export async function openStore({ redis, limits, clock, log, metrics }: OpenStoreOptions): Promise<Store> {
  if (!redis) return createMemoryStore({ limits, clock, metrics })
  const { createRedisStore } = await import('./redis/store.ts')
  return createRedisStore({ ...redis, limits, clock, log, metrics })
}
