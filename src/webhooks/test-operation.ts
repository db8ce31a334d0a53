import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { operation } from '../api/operation.ts'
import { Problem } from '../errors/problem.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import type { Log } from '../gateway/ports/log.ts'
import { webhookOf } from './access.ts'
import type { Attempts } from './attempt.ts'
import type { WebhookOperations } from './create.ts'
import { createHook } from './hook.ts'
import { tested } from './schemas.ts'
import { signedHeaders } from './signature.ts'
import { verdictOf } from './verdict.ts'

export function testOperation({
  sessions,
  store: { webhooks },
  hooks,
  seal,
  clock,
  attempts,
  log,
  agent,
}: Omit<WebhookOperations, 'policy'> & { attempts: Pick<Attempts, 'make'>; log: Log; agent: string }): Operation {
  const params = z.object({ id: z.string().max(100) })
  return operation({
    id: 'webhooks.test',
    method: 'POST',
    path: '/webhooks/{id}/test',
    summary: 'Send one event now, and say what came of it',
    description:
      'The event is `webhook.test`. It is not tried again; what the consumer does wrong is told, and is no problem of this request.',
    scope: 'webhooks:write',
    session: 'none',
    params,
    answers: { 200: { description: 'What came of it', schema: tested } },
    problems: ['webhook-not-found', 'credentials-lost'],
    examples: {
      200: {
        'it arrived': { delivered: true, status: 204, ms: 38 },
        'nobody is there': { delivered: false, error: 'ECONNREFUSED', ms: 2 },
      },
    },
    async run({ caller, params: { id } }) {
      const hook = createHook(await webhookOf({ sessions, webhooks }, caller, id), { seal, log })
      const now = clock.now()
      const keys = hook.keys(now)
      if (keys.length === 0) throw new Problem('credentials-lost', 'The secrets of the webhook cannot be opened here.')
      const event = `test-${randomBytes(16).toString('hex')}`
      const body = JSON.stringify({
        specversion: '1.0',
        id: event,
        source: `/webhooks/${id}`,
        type: 'webhook.test',
        subject: id,
        time: new Date(now).toISOString(),
        datacontenttype: 'application/json',
        data: { id },
      })
      const headers = {
        'user-agent': agent,
        ...hook.headers,
        'content-type': 'application/cloudevents+json',
        ...signedHeaders({ id: event, at: now, body, keys }),
      }
      const { status, error, ms, answer } = await attempts.make({ url: hook.record.url, headers, body }, { read: true })
      const delivered = verdictOf({ status, now }).kind === 'done'
      // it seems to take events again: what waits is tried at once
      if (delivered && hook.record.state === 'failing') hooks.tell({ tenant: hook.tenant, resume: id })
      return {
        status: 200,
        body: {
          delivered,
          ...(status !== undefined && { status }),
          ...(error !== undefined && { error }),
          ms,
          ...(answer !== undefined && answer !== '' && { answer }),
        },
      }
    },
  })
}
