/** What every store does. Run on memory, on a standalone Redis and on a Cluster. */
import { describe } from 'node:test'
import type { Clock } from '../../src/gateway/ports/clock.ts'
import type { Metrics } from '../../src/gateway/ports/metrics.ts'
import type { Store, StoreLimits } from '../../src/gateway/ports/store.ts'
import { describeConsumers } from './contract-consumers.ts'
import { describeCopies } from './contract-copies.ts'
import { describeEvents } from './contract-events.ts'
import { describeHooks } from './contract-hooks.ts'
import { describeKept } from './contract-kept.ts'
import { describeKeys } from './contract-keys.ts'
import { describeLogBytes } from './contract-log-bytes.ts'
import { describeOutbox } from './contract-outbox.ts'
import { describeRest } from './contract-rest.ts'
import { describeSessions } from './contract-sessions.ts'
import { describeWebhooks } from './contract-webhooks.ts'
import { createClock, limits as usual } from './sample.ts'

/** Makes a store; what it opened is closed after the tests. */
export type OpenStore = (options: { limits: StoreLimits; clock: Clock; metrics?: Metrics }) => Promise<Store>

/** One store for one test, with limits of its own. */
export type Opened = (limits?: Partial<StoreLimits>, metrics?: Metrics) => Promise<{ store: Store; clock: ReturnType<typeof createClock> }>

/** `makeClock`: one whose time of day the store goes by. */
export function describeStore(name: string, open: OpenStore, makeClock = createClock): void {
  const opened: Opened = async (limits = {}, metrics) => {
    const clock = makeClock()
    return { store: await open({ limits: { ...usual, ...limits }, clock, ...(metrics && { metrics }) }), clock }
  }
  describe(name, { timeout: 60_000 }, () => {
    describeSessions(opened)
    describeOutbox(opened)
    describeEvents(opened)
    describeLogBytes(opened)
    describeConsumers(opened)
    describeWebhooks(opened)
    describeHooks(opened)
    describeKept(opened)
    describeKeys(opened)
    describeCopies(opened)
    describeRest(opened)
  })
}
