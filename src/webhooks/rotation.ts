import { z } from 'zod'
import { operation } from '../api/operation.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import { newId } from '../gateway/ids.ts'
import { changeWebhook } from './access.ts'
import type { WebhookOperations } from './create.ts'
import * as examples from './examples.ts'
import { secretPlace } from './hook.ts'
import { rotated } from './schemas.ts'
import { newSecret } from './signature.ts'

/** ms that an old secret signs beside the new one */
const OVERLAP = 24 * 3_600_000
/** secrets that sign at one time */
const SECRETS_MAX = 5

export function rotateOperation({ sessions, store: { webhooks }, hooks, seal, clock }: Omit<WebhookOperations, 'policy'>): Operation {
  const params = z.object({ id: z.string().max(100) })
  return operation({
    id: 'webhooks.rotate',
    method: 'POST',
    path: '/webhooks/{id}/rotate',
    summary: 'Make a new secret; the old one signs too for 24 h',
    scope: 'webhooks:write',
    session: 'none',
    params,
    answers: { 200: { description: 'The new secret, this once', schema: rotated } },
    problems: ['webhook-not-found'],
    examples: { 200: { rotated: { id: 'sec_0v6yXr3b', secret: examples.secret, expiresAt: '2026-05-02T10:00:00.000Z' } } },
    async run({ caller, params: { id } }) {
      const secret = newSecret()
      const now = clock.now()
      const made = newId('sec')
      const expiresAt = now + OVERLAP
      await changeWebhook({ sessions, webhooks }, caller, id, (record) => {
        const sealed = seal.seal(secret, secretPlace(record))
        const old = record.secrets.filter((one) => one.expiresAt === undefined || one.expiresAt > now)
        const ending = old.map((one) => ({ ...one, expiresAt: one.expiresAt ?? expiresAt }))
        return { ...record, secrets: [{ id: made, sealed, createdAt: now }, ...ending].slice(0, SECRETS_MAX) }
      })
      hooks.tell({ tenant: caller.tenant })
      return { status: 200, body: { id: made, secret, expiresAt: new Date(expiresAt).toISOString() } }
    },
  })
}
