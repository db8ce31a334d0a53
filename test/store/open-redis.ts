/** Redis stores for tests, closed together. */
import type { Clock } from '../../src/gateway/ports/clock.ts'
import type { Metrics } from '../../src/gateway/ports/metrics.ts'
import type { Store, StoreLimits } from '../../src/gateway/ports/store.ts'
import { createRedisStore } from '../../src/store/redis/store.ts'
import { quiet } from '../support/quiet-log.ts'
import { createClock, limits as usual } from './sample.ts'

export function createOpener(): {
  open(
    url: string,
    options?: { limits?: Partial<StoreLimits>; clock?: Clock; waitReplicas?: number; startDeadline?: number; metrics?: Metrics },
  ): Promise<Store>
  close(): Promise<void>
} {
  const opened: Store[] = []
  return {
    async open(url, { limits = {}, clock = createClock(), waitReplicas = 0, startDeadline, metrics } = {}) {
      const given = { url, limits: { ...usual, ...limits }, clock, waitReplicas, log: quiet }
      const store = await createRedisStore({ ...given, ...(startDeadline !== undefined && { startDeadline }), ...(metrics && { metrics }) })
      opened.push(store)
      return store
    },
    async close() {
      await Promise.all(opened.splice(0).map((store) => store.close()))
    },
  }
}
