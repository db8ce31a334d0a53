import { z } from 'zod'
import { sessionFor, visible } from '../api/accounts.ts'
import { operation } from '../api/operation.ts'
import { byAge, pageBy, pageOf, pageQuery } from '../api/page.ts'
import { Problem } from '../errors/problem.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import type { WebhookRecord } from '../gateway/ports/webhook.ts'
import { checkTarget } from '../net/target.ts'
import { changeWebhook, hasAll, webhookOf } from './access.ts'
import { createWebhook, type WebhookOperations } from './create.ts'
import * as examples from './examples.ts'
import { sealedHeaders } from './headers.ts'
import { webhook, webhookChange } from './schemas.ts'
import { createView } from './shown.ts'

export function webhookOperations(context: WebhookOperations): Operation[] {
  const { sessions, store, hooks, seal, clock, policy } = context
  const { webhooks } = store
  const access = { sessions, webhooks }
  const params = z.object({ id: z.string().max(100) })

  const view = (record: WebhookRecord) => createView(record.tenant, context)(record)
  const create = createWebhook(context)

  const list = operation({
    id: 'webhooks.list',
    method: 'GET',
    path: '/webhooks',
    summary: 'List the webhooks',
    scope: 'webhooks:read',
    session: 'none',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Webhooks, oldest first', schema: pageOf(webhook) } },
    problems: [],
    examples: { 200: { 'one webhook': { data: [examples.webhook], page: { complete: true } } } },
    async run({ caller, query }) {
      const records = await visible(sessions, caller, await webhooks.list(caller.tenant))
      const { data, ...rest } = pageBy(records, query, byAge)
      const view = createView(caller.tenant, context)
      return { status: 200, body: { data: await Promise.all(data.map(view)), ...rest } }
    },
  })

  const get = operation({
    id: 'webhooks.get',
    method: 'GET',
    path: '/webhooks/{id}',
    summary: 'Read a webhook: its state, and how far it is behind',
    scope: 'webhooks:read',
    session: 'none',
    params,
    answers: { 200: { description: 'The webhook', schema: webhook } },
    problems: ['webhook-not-found'],
    examples: { 200: { enabled: examples.webhook } },
    run: async ({ caller, params: { id } }) => ({ status: 200, body: await view(await webhookOf(access, caller, id)) }),
  })

  const update = operation({
    id: 'webhooks.update',
    method: 'PATCH',
    path: '/webhooks/{id}',
    summary: 'Change a webhook, or switch it on or off',
    scope: 'webhooks:write',
    session: 'none',
    params,
    body: webhookChange,
    answers: { 200: { description: 'The webhook', schema: webhook } },
    problems: ['webhook-not-found', 'address-not-allowed', 'session-not-found', 'session-required'],
    examples: {
      body: { 'go on': { state: 'enabled' }, 'another address': { url: examples.webhook.url } },
      200: { enabled: examples.webhook },
    },
    async run({ caller, params: { id }, body }) {
      const { url, types, session, ordering, headers, description, state } = body
      const href = url === undefined ? undefined : checkTarget(url, policy)
      const of = session == null ? session : (await sessionFor(sessions, caller, session)).record.id
      if (of === null && !hasAll(caller)) throw new Problem('session-required', 'The token is not for all sessions.')
      if (state === 'enabled') await webhookOf(access, caller, id)
      if (state === 'enabled') await webhooks.worked(caller.tenant, id)
      const changed = await changeWebhook(access, caller, id, (record) => {
        const now = clock.now()
        const next: WebhookRecord = { ...record }
        if (href !== undefined) next.url = href
        if (types !== undefined) next.types = [...types]
        if (ordering !== undefined) next.ordering = ordering
        if (headers !== undefined) set(next, 'headers', headers === null ? undefined : sealedHeaders(seal, record, headers))
        if (description !== undefined) set(next, 'description', description ?? undefined)
        if (of !== undefined && (of ?? undefined) !== record.session) {
          set(next, 'session', of ?? undefined)
          set(next, 'after', undefined)
          next.startsAt = now
        }
        if (state !== undefined && (state !== record.state || record.reason !== undefined)) {
          next.state = state
          next.since = now
          set(next, 'reason', state === 'disabled' ? 'manual' : undefined)
        }
        return next
      })
      hooks.tell({ tenant: caller.tenant, ...(state === 'enabled' && { resume: id }) })
      return { status: 200, body: await view(changed) }
    },
  })

  const remove = operation({
    id: 'webhooks.remove',
    method: 'DELETE',
    path: '/webhooks/{id}',
    summary: 'Remove a webhook',
    scope: 'webhooks:write',
    session: 'none',
    params,
    answers: { 204: { description: 'It is gone' } },
    problems: ['webhook-not-found'],
    examples: {},
    async run({ caller, params: { id } }) {
      await webhookOf(access, caller, id)
      await webhooks.remove(caller.tenant, id)
      hooks.tell({ tenant: caller.tenant })
      return { status: 204 }
    },
  })

  return [create, list, get, update, remove]
}

function set<Key extends keyof WebhookRecord>(record: WebhookRecord, key: Key, value: WebhookRecord[Key] | undefined): void {
  if (value === undefined) delete record[key]
  else record[key] = value
}
