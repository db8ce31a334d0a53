/** Events by requests to the URLs of callers: readers of the log, beside those that have a stream. */
import { createTails } from '../events/tail.ts'
import type { Feature } from '../gateway/contract/feature.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Seal } from '../gateway/ports/seal.ts'
import type { Store, StoreLimits } from '../gateway/ports/store.ts'
import type { Tracing } from '../gateway/ports/tracing.ts'
import { createAttempts } from './attempt.ts'
import { createBreaker } from './breaker.ts'
import { deliveryOperations, replayCommand, takeReplay } from './delivery-operations.ts'
import { createDue } from './due.ts'
import type { Reader } from './hook.ts'
import { deadLetters, keptEvents, webhookPlaces, webhookTries } from './kinds.ts'
import { webhookOperations } from './operations.ts'
import { rotateOperation } from './rotation.ts'
import { createRunner } from './runner.ts'
import { webhookBrief } from './schemas.ts'
import { createSlots } from './slots.ts'
import { testOperation } from './test-operation.ts'
import { createWebhookSet } from './webhook-set.ts'

/** ms that requests under way get when the process stops */
const STOP_WITHIN = 2_000

export interface Webhooks {
  feature: Feature
  stop(): Promise<void>
}

export function createWebhooks({
  store,
  seal,
  clock,
  log,
  metrics,
  tracing,
  webhookPrivateHosts,
  limits,
  version,
}: {
  store: Store
  seal: Seal
  clock: Clock
  log: Log
  metrics: Metrics
  tracing: Tracing
  /** hosts where http and private addresses are allowed, in their normal form */
  webhookPrivateHosts: readonly string[]
  limits: Pick<StoreLimits, 'eventLogAge'>
  version: string
}): Webhooks {
  const policy = { privateHosts: new Set(webhookPrivateHosts), variable: 'WEBHOOK_PRIVATE_HOSTS' }
  const agent = `stanzagate/${version}`
  const attempts = createAttempts({ policy })
  const hooks = createWebhookSet({ store, seal, log })
  const due = createDue<Reader>(clock.monotonic)
  const { eventLogAge } = limits
  const breaker = createBreaker({ webhooks: store.webhooks, hooks, seal, clock, log, metrics, eventLogAge })
  const runner = createRunner({
    store,
    tails: createTails({ log: store.log }),
    attempts,
    slots: createSlots(),
    due,
    breaker,
    hooks,
    clock,
    log,
    metrics,
    tracing,
    agent,
    eventLogAge,
  })

  const feature: Feature = {
    name: 'webhooks',
    operations({ sessions }) {
      const context = { sessions, store, hooks, seal, clock, policy }
      const test = testOperation({ ...context, attempts, log, agent })
      return [...webhookOperations(context), rotateOperation(context), ...deliveryOperations(context), test]
    },
    events: () => [
      {
        type: 'webhook.failing',
        description: 'Ten tries in a row failed; one is made at a time from now on, until one succeeds.',
        schema: webhookBrief,
      },
      { type: 'webhook.recovered', description: 'It takes events again; what waited is delivered.', schema: webhookBrief },
      {
        type: 'webhook.disabled',
        description: 'Nothing is sent any more until it is enabled again; `reason` says why.',
        schema: webhookBrief,
      },
    ],
    keeps: [webhookPlaces, webhookTries, keptEvents, deadLetters],
    commands: [
      replayCommand.by((session, args) =>
        takeReplay(session, args, (key) => {
          const hook = hooks.get(session.record.tenant, args.webhook)
          if (hook) runner.replay(session, hook, key)
        }),
      ),
    ],
    taken: runner.taken,
    left: runner.left,
  }

  return {
    feature,
    async stop() {
      await runner.stop(STOP_WITHIN)
      hooks.stop()
      due.stop()
      await attempts.close()
    },
  }
}
