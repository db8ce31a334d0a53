import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { WebhookRecord } from '../gateway/ports/webhook.ts'
import { createLags } from './lag.ts'
import { webhookView } from './view.ts'

/** sessions whose logs are looked at for what a webhook of all of them is behind */
const LAG_SESSIONS = 200

export interface ShownContext {
  sessions: Sessions
  store: Pick<Store, 'webhooks' | 'log'>
  clock: Clock
}

/** Shows webhooks of a tenant as callers see them. For one request: what it found out stays. */
export function createView(tenant: string, { sessions, store, clock }: ShownContext) {
  const lagOf = createLags(store.log)
  let all: Promise<SessionHandle[]> | undefined
  const of = async (session: string | undefined): Promise<readonly SessionHandle[]> => {
    if (session === undefined) {
      all ??= sessions.list(tenant, { limit: LAG_SESSIONS })
      return await all
    }
    const only = await sessions.resolve(tenant, session).catch(() => undefined)
    return only ? [only] : []
  }
  return async (record: WebhookRecord) => {
    const [health, lag] = await Promise.all([
      store.webhooks.health(tenant, record.id),
      of(record.session).then((some) => lagOf(record, some)),
    ])
    const now = clock.now()
    const seconds = lag.events === 0 ? 0 : Math.max(0, Math.round((now - lag.oldest) / 1000))
    return webhookView(record, health, { events: lag.events, seconds }, now)
  }
}
