import { sessionFor } from '../api/accounts.ts'
import { operation } from '../api/operation.ts'
import { refuse } from '../api/validation.ts'
import { Problem } from '../errors/problem.ts'
import { cursorOf } from '../events/cursor.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import { newId } from '../gateway/ids.ts'
import type { Seal } from '../gateway/ports/seal.ts'
import type { Store } from '../gateway/ports/store.ts'
import { WEBHOOKS_MAX } from '../gateway/ports/webhook.ts'
import type { AddressPolicy } from '../net/address.ts'
import { checkTarget } from '../net/target.ts'
import { hasAll } from './access.ts'
import * as examples from './examples.ts'
import { sealedHeaders } from './headers.ts'
import { secretPlace } from './hook.ts'
import { createdWebhook, newWebhook } from './schemas.ts'
import { createView, type ShownContext } from './shown.ts'
import { newSecret } from './signature.ts'
import type { WebhookSet } from './webhook-set.ts'

export interface WebhookOperations extends ShownContext {
  hooks: Pick<WebhookSet, 'tell'>
  seal: Seal
  policy: AddressPolicy
}

/** `POST /webhooks` */
export function createWebhook(context: WebhookOperations): Operation {
  const { sessions, store, hooks, seal, clock, policy } = context

  return operation({
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
      if (named === undefined && !hasAll(caller)) throw new Problem('session-required', 'The token is not for all sessions: name one.')
      const of = named === undefined ? undefined : (await sessionFor(sessions, caller, named)).record.id
      if (of === undefined && after !== undefined) throw refuse([{ path: 'body.after', message: 'is for one session: name it' }])
      if (of !== undefined) await mustBeReadable(store.log, of, after)
      const id = newId('whk')
      const secret = newSecret()
      const sealed = sealedHeaders(seal, { tenant, id }, headers)
      const made = await store.webhooks.create({
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
      return { status: 201, body: { ...(await createView(tenant, context)(made)), secret }, headers: { location: `/webhooks/${id}` } }
    },
  })
}

/** Rejects with cursor-invalid. */
async function mustBeReadable(log: Store['log'], session: string, after: string | undefined): Promise<void> {
  const cursor = after === undefined ? undefined : cursorOf(after)
  const place = cursor === undefined ? undefined : await log.place(session, cursor)
  if (place?.kind === 'foreign') throw new Problem('cursor-invalid', 'The cursor is not one of this session.')
}
