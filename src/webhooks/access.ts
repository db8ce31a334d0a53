/** Which webhooks a caller sees. */
import { visible } from '../api/accounts.ts'
import { Problem } from '../errors/problem.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { Sessions } from '../gateway/contract/session.ts'
import type { WebhookRecord, WebhookStore } from '../gateway/ports/webhook.ts'

export interface Access {
  sessions: Pick<Sessions, 'resolve'>
  webhooks: WebhookStore
}

/** Rejects with webhook-not-found, also for one of another tenant. */
export async function webhookOf({ sessions, webhooks }: Access, caller: Caller, id: string): Promise<WebhookRecord> {
  const record = await webhooks.get(caller.tenant, id)
  const [seen] = record === undefined ? [] : await visible(sessions, caller, [record])
  if (seen === undefined) throw new Problem('webhook-not-found', 'There is no such webhook.')
  return seen
}

/** Changes it, whoever else changes it meanwhile. Rejects with webhook-not-found. */
export async function changeWebhook(
  access: Access,
  caller: Caller,
  id: string,
  to: (record: WebhookRecord) => WebhookRecord,
): Promise<WebhookRecord> {
  for (;;) {
    const changed = await access.webhooks.update(to(await webhookOf(access, caller, id)))
    if (changed) return changed
  }
}

/** May a caller have what is of all sessions of the tenant? */
export const hasAll = ({ session, sessions }: Caller) => session === undefined && sessions === undefined
