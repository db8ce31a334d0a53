/** XEP-0060: Publish-Subscribe, version 1.30.0; what subscribers are told */
import { define } from '../codec/definition.ts'
import { attribute, attributeOf, attributesOf, many, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, string, timestamp } from '../codec/scalars.ts'
import { known } from '../codec/structures.ts'
import { PUBSUB_EVENT } from './namespaces.ts'
import { form } from './xep0004.ts'
import { subscriptionStates } from './xep0060-terms.ts'
import { headers } from './xep0131.ts'

const item = payload('PubsubEventItem', 'item', PUBSUB_EVENT, {
  id: attribute(),
  node: attribute(),
  publisher: attribute(),
  content: known('item'),
})

const subscription = payload('PubsubEventSubscription', 'subscription', PUBSUB_EVENT, {
  node: attribute(),
  jid: attribute(jid),
  subscriptionId: attribute(string, 'subid'),
  state: attribute(subscriptionStates, 'subscription'),
  expiry: attribute(timestamp),
})

const node = attribute()

const event = payload('PubsubEvent', 'event', PUBSUB_EVENT, {
  items: one(payload('PubsubEventItems', 'items', PUBSUB_EVENT, { node, items: many(item), retracted: attributesOf('retract', 'id') })),
  configuration: one(payload('PubsubEventConfiguration', 'configuration', PUBSUB_EVENT, { node, form: one(form) })),
  delete: one(payload('PubsubEventDelete', 'delete', PUBSUB_EVENT, { node, redirect: attributeOf('redirect', 'uri') })),
  purge: one(payload('PubsubEventPurge', 'purge', PUBSUB_EVENT, { node })),
  subscription: one(subscription),
  collection: one(
    payload('PubsubEventCollection', 'collection', PUBSUB_EVENT, {
      node,
      associate: attributeOf('associate', 'node'),
      disassociate: attributeOf('disassociate', 'node'),
    }),
  ),
})

/** with the headers of XEP-0131 that say which subscription it comes from */
export const pubsubEvents = [define('pubsub', ['message'], event), define('headers', ['message', 'iq'], headers)]
