/** Which webhooks a caller sees. */
import { Problem } from '../errors/problem.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import type { WebhookRecord, WebhookStore } from '../gateway/ports/webhook.ts'

/** A session token is for its session: it sees the webhooks of that one alone. */
export const isVisible = ({ session }: WebhookRecord, caller: Caller) => caller.session === undefined || session === caller.session

/** Rejects with webhook-not-found, also for one of another tenant. */
export async function webhookOf(webhooks: WebhookStore, caller: Caller, id: string): Promise<WebhookRecord> {
  const record = await webhooks.get(caller.tenant, id)
  if (record === undefined || !isVisible(record, caller)) throw new Problem('webhook-not-found', 'There is no such webhook.')
  return record
}

/** The session that a caller names, where they may. Rejects with session-not-found. */
export async function sessionOf(sessions: Sessions, caller: Caller, reference: string): Promise<SessionHandle> {
  const handle = await sessions.resolve(caller.tenant, reference)
  if (caller.session !== undefined && handle.record.id !== caller.session)
    throw new Problem('session-not-found', 'There is no such session.')
  return handle
}

/** Changes it, whoever else changes it meanwhile. Rejects with webhook-not-found. */
export async function changeWebhook(
  webhooks: WebhookStore,
  caller: Caller,
  id: string,
  to: (record: WebhookRecord) => WebhookRecord,
): Promise<WebhookRecord> {
  for (;;) {
    const changed = await webhooks.update(to(await webhookOf(webhooks, caller, id)))
    if (changed) return changed
  }
}
