/** When a webhook is taken for broken, when for whole again, and when nothing more is sent to it. */
import type { LiveSession } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Seal } from '../gateway/ports/seal.ts'
import type { WebhookRecord, WebhookStore } from '../gateway/ports/webhook.ts'
import { type Hook, openHook } from './hook.ts'
import { briefView } from './view.ts'
import type { WebhookSet } from './webhook-set.ts'

/** failed tries in a row, over events and instances, after which a webhook is failing */
const FAILURES = 10

export interface Breaker {
  /** a try failed; resolves when it is known what that means */
  failed(hook: Hook, session: LiveSession): Promise<void>
  /** one did not */
  worked(hook: Hook, session: LiveSession): Promise<void>
  /** the consumer wants nothing more */
  gone(hook: Hook, session: LiveSession): Promise<void>
}

type Change = Pick<WebhookRecord, 'state'> & { reason?: 'gone' | 'expired' }

export function createBreaker({
  webhooks,
  hooks,
  seal,
  clock,
  log,
  metrics,
  eventLogAge,
}: {
  webhooks: WebhookStore
  hooks: Pick<WebhookSet, 'tell'>
  seal: Seal
  clock: Clock
  log: Log
  metrics: Metrics
  /** ms that events are kept: one that took none for so long would find nothing any more */
  eventLogAge: number
}): Breaker {
  /** Changes the state if it is still `from`; only who does tells it. */
  async function change(hook: Hook, from: readonly WebhookRecord['state'][], to: Change, session: LiveSession): Promise<void> {
    const { tenant, id } = hook
    for (;;) {
      const record = await webhooks.get(tenant, id)
      if (record === undefined || !from.includes(record.state)) return
      const { reason: _, ...rest } = record
      const changed = await webhooks.update({ ...rest, ...to, since: clock.now() })
      if (changed === undefined) continue
      openHook(hook, changed, { seal, log })
      return tell(hook, changed, session)
    }
  }

  function tell(hook: Hook, record: WebhookRecord, session: LiveSession): void {
    const { tenant, id, state, reason } = record
    const what = state === 'enabled' ? 'recovered' : state
    metrics.count('webhook_states_total', { state: what })
    const line = { event: 'webhook.state', webhook: id, tenant, state: what, reason: reason ?? '' } as const
    if (state === 'enabled') log.info(line, 'A webhook takes events again')
    else log.warn(line, state === 'failing' ? 'A webhook fails' : 'A webhook was disabled')
    hooks.tell({ tenant, ...(state === 'enabled' && { resume: id }) })
    session.commit({ events: [{ type: `webhook.${what}`, subject: id, data: briefView(record) }] }).catch(() => {}) // the session went on elsewhere
    if (state === 'enabled') hook.prober = undefined
    for (const reader of hook.readers) reader.wake()
  }

  async function failed(hook: Hook, session: LiveSession): Promise<void> {
    const { tenant, id } = hook
    const failures = await webhooks.failed(tenant, id)
    if (!hook.isSick) hooks.tell({ tenant, sick: id })
    hook.isSick = true
    const { state, since } = hook.record
    if (failures >= FAILURES && state === 'enabled') await change(hook, ['enabled'], { state: 'failing' }, session)
    else if (state === 'failing' && clock.now() - since >= eventLogAge)
      await change(hook, ['failing'], { state: 'disabled', reason: 'expired' }, session)
  }

  async function worked(hook: Hook, session: LiveSession): Promise<void> {
    if (!hook.isSick) return
    hook.isSick = false
    await webhooks.worked(hook.tenant, hook.id)
    if (hook.record.state === 'failing') await change(hook, ['failing'], { state: 'enabled' }, session)
  }

  const unlessAway = async (step: Promise<void>, { tenant, id }: Hook) => {
    try {
      await step
    } catch (error) {
      log.warn({ event: 'webhook.error', webhook: id, tenant, err: error }, 'How a webhook goes could not be stored')
    }
  }

  return {
    failed: (hook, session) => unlessAway(failed(hook, session), hook),
    worked: (hook, session) => unlessAway(worked(hook, session), hook),
    gone: (hook, session) => unlessAway(change(hook, ['enabled', 'failing'], { state: 'disabled', reason: 'gone' }, session), hook),
  }
}
