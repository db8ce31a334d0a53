/** Who listens to a node, and who may do what with it. */
import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageBy, pageOf, pageQuery } from '../../api/page.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { jid } from '../../jid.ts'
import { request } from '../../protocol/xep0060.ts'
import { ownerRequest } from '../../protocol/xep0060-owner.ts'
import { affiliations as kinds, subscriptionStates } from '../../protocol/xep0060-terms.ts'
import { ask } from '../asking.ts'
import { addressee, anyNode, place } from './place.ts'

/** changes of one request */
const CHANGES_MAX = 100

const subscription = z
  .object({
    node: z.string().optional(),
    jid: z.string().optional(),
    state: subscriptionStates.schema.optional(),
    subscriptionId: z.string().optional(),
    expiry: z.string().nullable().optional(),
  })
  .meta({ id: 'NodeSubscription' })

const affiliation = z
  .object({ node: z.string().optional(), jid: z.string().optional(), affiliation: kinds.schema.optional() })
  .meta({ id: 'NodeAffiliation' })

export function memberOperations({ vocabulary }: { vocabulary: Translator }): Operation[] {
  const problems = ['jid-malformed', ...ofIqs] as const
  const query = z.strictObject({ ...anyNode, ...pageQuery })

  const subscriptions = operation({
    id: 'pubsub.subscriptions',
    method: 'GET',
    path: '/pubsub/subscriptions',
    summary: 'Read the subscriptions of the account, to all nodes of a service or to one',
    scope: 'pubsub:read',
    session: 'named',
    query,
    answers: { 200: { description: 'Subscriptions', schema: pageOf(subscription) } },
    problems,
    examples: {
      200: { one: { data: [{ node: 'news', jid: 'romeo@example.com', state: 'subscribed' }], page: { complete: true } } },
    },
    async run(call) {
      const { node } = call.query
      const payload = vocabulary.writeAs(request, { subscriptions: { ...(node !== undefined && { node }), items: [] } })
      const found = vocabulary.readAs(request, await ask(call, { type: 'get', payload, ...addressee(call.query) }))?.subscriptions
      // of one node that was asked for it is not always said
      const whose = found?.node ?? node
      const items = (found?.items ?? []).map((item) => ({ ...(whose !== undefined && { node: whose }), ...item }))
      const some = node === undefined ? items : items.filter((item) => item.node === node)
      return { status: 200, body: pageBy(some, call.query, ({ node, jid, subscriptionId }) => [node, jid, subscriptionId].join('\n')) }
    },
  })

  const subscribe = operation({
    id: 'pubsub.subscribe',
    method: 'PUT',
    path: '/pubsub/subscriptions',
    summary: 'Subscribe the account to a node',
    description: 'Its items come as `pubsub.published`, wherever the account is online. For nodes of contacts use `notify` of the session.',
    scope: 'pubsub:write',
    session: 'named',
    query: z.strictObject(place),
    answers: { 200: { description: 'The subscription; `pending` waits for the owner', schema: subscription } },
    problems,
    examples: {
      200: {
        subscribed: {
          node: 'news',
          jid: 'romeo@example.com',
          state: 'subscribed',
          subscriptionId: 'ba49252aaa4f5d320c24d3766f0bdcade78c78d3',
        },
      },
    },
    async run(call) {
      const whose = { node: call.query.node, jid: call.session.record.jid }
      const payload = vocabulary.writeAs(request, { subscribe: whose })
      const told = vocabulary.readAs(request, await ask(call, { type: 'set', payload, ...addressee(call.query) }))?.subscription
      const { state = 'subscribed', subscriptionId, expiry } = told ?? {}
      const more = { ...(subscriptionId !== undefined && { subscriptionId }), ...(expiry !== undefined && { expiry }) }
      return { status: 200, body: { ...whose, state, ...more } }
    },
  })

  const unsubscribe = operation({
    id: 'pubsub.unsubscribe',
    method: 'DELETE',
    path: '/pubsub/subscriptions',
    summary: 'End a subscription',
    scope: 'pubsub:write',
    session: 'named',
    query: z.strictObject({
      ...place,
      subscriptionId: z.string().min(1).optional().meta({ description: 'Where the account has several to the node' }),
    }),
    answers: { 204: { description: 'Ended' } },
    problems,
    examples: {},
    async run(call) {
      const { node, subscriptionId } = call.query
      const whose = { node, jid: call.session.record.jid, ...(subscriptionId !== undefined && { subscriptionId }) }
      await ask(call, { type: 'set', payload: vocabulary.writeAs(request, { unsubscribe: whose }), ...addressee(call.query) })
      return { status: 204 }
    },
  })

  const affiliations = operation({
    id: 'pubsub.affiliations',
    method: 'GET',
    path: '/pubsub/affiliations',
    summary: 'Read who may do what with a node; without `node` what the account may do with those of a service',
    scope: 'pubsub:read',
    session: 'named',
    query,
    answers: { 200: { description: 'Affiliations', schema: pageOf(affiliation) } },
    problems,
    examples: { 200: { owner: { data: [{ jid: 'romeo@example.com', affiliation: 'owner' }], page: { complete: true } } } },
    async run(call) {
      const { node } = call.query
      const where = addressee(call.query)
      const payload =
        node === undefined
          ? vocabulary.writeAs(request, { affiliations: { items: [] } })
          : vocabulary.writeAs(ownerRequest, { affiliations: { node, items: [] } })
      const answer = await ask(call, { type: 'get', payload, ...where })
      const items = (vocabulary.readAs(request, answer) ?? vocabulary.readAs(ownerRequest, answer))?.affiliations?.items ?? []
      return { status: 200, body: pageBy<z.infer<typeof affiliation>>(items, call.query, ({ node, jid }) => `${node}\n${jid}`) }
    },
  })

  const setAffiliations = operation({
    id: 'pubsub.setAffiliations',
    method: 'PATCH',
    path: '/pubsub/affiliations',
    summary: 'Say who may do what with a node; `none` takes it back',
    scope: 'pubsub:write',
    session: 'named',
    query: z.strictObject(place),
    body: z
      .strictObject({
        affiliations: z
          .array(z.strictObject({ jid: jidScalar.schema, affiliation: kinds.schema }))
          .min(1)
          .max(CHANGES_MAX),
      })
      .meta({ id: 'AffiliationChanges' }),
    answers: { 204: { description: 'Changed' } },
    problems,
    examples: { body: { publisher: { affiliations: [{ jid: 'juliet@example.com', affiliation: 'publisher' }] } } },
    async run(call) {
      const { node } = call.query
      const items = call.body.affiliations.map((one, index) => ({ ...one, jid: jid(one.jid, `body.affiliations.${index}.jid`) }))
      const payload = vocabulary.writeAs(ownerRequest, { affiliations: { node, items } })
      await ask(call, { type: 'set', payload, ...addressee(call.query) })
      return { status: 204 }
    },
  })

  return [subscriptions, subscribe, unsubscribe, affiliations, setAffiliations]
}
