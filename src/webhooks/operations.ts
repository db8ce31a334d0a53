import { z } from 'zod'
import { operation } from '../api/operation.ts'
import { page, pageOf, pageQuery } from '../api/page.ts'
import { Problem } from '../errors/problem.ts'
import { cursorOf } from '../events/cursor.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Seal } from '../gateway/ports/seal.ts'
import type { Store } from '../gateway/ports/store.ts'
import { WEBHOOKS_MAX, type WebhookRecord } from '../gateway/ports/webhook.ts'
import type { AddressPolicy } from '../net/address.ts'
import { changeWebhook, isVisible, sessionOf, webhookOf } from './access.ts'
import * as examples from './examples.ts'
import { headersPlace, secretPlace } from './hook.ts'
import type { Hooks } from './hooks.ts'
import { createLags } from './lag.ts'
import { createdWebhook, newWebhook, webhook, webhookChange } from './schemas.ts'
import { newId, newSecret } from './signature.ts'
import { checkTarget } from './target.ts'
import { webhookView } from './view.ts'

/** sessions whose logs are looked at for what a webhook of all of them is behind */
const LAG_SESSIONS = 200

export interface WebhookOperations {
  sessions: Sessions
  store: Pick<Store, 'webhooks' | 'log'>
  hooks: Pick<Hooks, 'tell'>
  seal: Seal
  clock: Clock
  policy: AddressPolicy
}

export function webhookOperations({ sessions, store, hooks, seal, clock, policy }: WebhookOperations): Operation[] {
  const { webhooks } = store
  const params = z.object({ id: z.string().max(100) })

  /** with what is sealed in it */
  function sealedHeaders(record: Pick<WebhookRecord, 'tenant' | 'id'>, given: Readonly<Record<string, string>>): WebhookRecord['headers'] {
    const names = Object.keys(given)
    if (names.length === 0) return undefined
    const lower = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
    const shown = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, /^authorization$/i.test(name) ? 'set' : value]))
    return { names, sealed: seal.seal(JSON.stringify(lower), headersPlace(record)), shown }
  }

  /** For one request. */
  function createView(tenant: string) {
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
      const [health, lag] = await Promise.all([webhooks.health(tenant, record.id), of(record.session).then((some) => lagOf(record, some))])
      const now = clock.now()
      const seconds = lag.events === 0 ? 0 : Math.max(0, Math.round((now - lag.oldest) / 1000))
      return webhookView(record, health, { events: lag.events, seconds }, now)
    }
  }
  const view = (record: WebhookRecord) => createView(record.tenant)(record)

  /** Rejects with cursor-invalid. */
  async function mustBeReadable(session: string, after: string | undefined): Promise<void> {
    const cursor = after === undefined ? undefined : cursorOf(after)
    const place = cursor === undefined ? undefined : await store.log.place(session, cursor)
    if (place?.kind === 'foreign') throw new Problem('cursor-invalid', 'The cursor is not one of this session.')
  }

  const create = operation({
    id: 'webhooks.create',
    method: 'POST',
    path: '/webhooks',
    summary: 'Have events sent to a URL',
    description:
      'One request for each event: the body is the CloudEvent, signed as Standard Webhooks has it. 2xx says that it has arrived, 410 that nothing more is wanted; ' +
      'after anything else it is tried again for 72 h. Delivery is at least once: `webhook-id` tells repeats apart.',
    scope: 'webhooks:write',
    session: 'none',
    body: newWebhook,
    answers: { 201: { description: 'The webhook, with its secret this once', schema: createdWebhook } },
    problems: ['address-not-allowed', 'session-not-found', 'session-required', 'cursor-invalid', 'limit-exceeded'],
    examples: {
      body: {
        'messages of all sessions': { url: examples.webhook.url, types: ['message.*'] },
        'everything of one session, in order': {
          url: examples.webhook.url,
          types: ['*'],
          session: 'romeo@example.com',
          ordering: 'strict',
          headers: { authorization: 'Bearer secret' },
          after: '0',
        },
      },
      201: { 'a new webhook': { ...examples.webhook, secret: examples.secret } },
    },
    async run({ caller, body: { url, types, session, ordering = 'relaxed', headers = {}, description, after } }) {
      const { tenant } = caller
      const href = checkTarget(url, policy)
      const named = session ?? caller.session
      const of = named === undefined ? undefined : (await sessionOf(sessions, caller, named)).record.id
      if (of !== undefined) await mustBeReadable(of, after)
      const id = newId('whk')
      const secret = newSecret()
      const sealed = sealedHeaders({ tenant, id }, headers)
      const made = await webhooks.create({
        id,
        tenant,
        url: href,
        types,
        ...(of !== undefined && { session: of }),
        ordering,
        ...(sealed && { headers: sealed }),
        ...(description !== undefined && { description }),
        state: 'enabled',
        ...(after !== undefined && { after }),
        secrets: [{ id: newId('sec'), sealed: seal.seal(secret, secretPlace({ tenant, id })), createdAt: clock.now() }],
      })
      if (made === undefined) throw new Problem('limit-exceeded', `There are ${WEBHOOKS_MAX} webhooks already.`)
      hooks.tell({ tenant })
      return { status: 201, body: { ...(await view(made)), secret }, headers: { location: `/webhooks/${id}` } }
    },
  })

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
      const records = (await webhooks.list(caller.tenant)).filter((record) => isVisible(record, caller))
      // by age: keys of a page are in the order of their characters
      const keys = records.map(({ createdAt, id }) => `${String(createdAt).padStart(16, '0')} ${id}`)
      const { data, ...rest } = page(keys, query)
      const view = createView(caller.tenant)
      const byKey = new Map(keys.map((key, index) => [key, records[index]!]))
      return { status: 200, body: { data: await Promise.all(data.map((key) => view(byKey.get(key)!))), ...rest } }
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
    run: async ({ caller, params: { id } }) => ({ status: 200, body: await view(await webhookOf(webhooks, caller, id)) }),
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
      const of = session == null ? session : (await sessionOf(sessions, caller, session)).record.id
      if (of === null && caller.session !== undefined) throw new Problem('session-required', 'A session token is for its own session.')
      if (state === 'enabled') await webhooks.worked(caller.tenant, id)
      const changed = await changeWebhook(webhooks, caller, id, (record) => {
        const now = clock.now()
        const next: WebhookRecord = { ...record }
        if (href !== undefined) next.url = href
        if (types !== undefined) next.types = [...types]
        if (ordering !== undefined) next.ordering = ordering
        if (headers !== undefined) set(next, 'headers', headers === null ? undefined : sealedHeaders(record, headers))
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
      await webhookOf(webhooks, caller, id)
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
