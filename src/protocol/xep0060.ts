/** XEP-0060: Publish-Subscribe, version 1.30.0; what subscribers and publishers ask */
import { define } from '../codec/definition.ts'
import { attribute, flag, many, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, integer, jid, string, timestamp } from '../codec/scalars.ts'
import { known } from '../codec/structures.ts'
import { PUBSUB } from './namespaces.ts'
import { form } from './xep0004.ts'
import { resultSet } from './xep0059.ts'
import { affiliations, nodeTypes, subscriptionStates } from './xep0060-terms.ts'

const item = payload('PubsubItem', 'item', PUBSUB, { id: attribute(), publisher: attribute(), content: known('item') })

const affiliation = payload('PubsubAffiliation', 'affiliation', PUBSUB, {
  node: attribute(),
  jid: attribute(jid),
  affiliation: attribute(affiliations),
})

const subscription = payload('PubsubSubscription', 'subscription', PUBSUB, {
  node: attribute(),
  jid: attribute(jid),
  subscriptionId: attribute(string, 'subid'),
  state: attribute(subscriptionStates, 'subscription'),
  expiry: attribute(timestamp),
  options: one(payload('PubsubSubscribeOptions', 'subscribe-options', PUBSUB, { required: flag() })),
})

const whose = { node: attribute(), jid: attribute(jid) }

/** what is asked of nodes when something is published: the service announces that it heeds it, and the type of the form */
export const PUBLISH_OPTIONS = `${PUBSUB}#publish-options`
/** the type of the form that a node is configured by */
export const NODE_CONFIG = `${PUBSUB}#node_config`

export const request = payload('Pubsub', 'pubsub', PUBSUB, {
  node: attribute(),
  create: one(payload('PubsubCreate', 'create', PUBSUB, { node: attribute() })),
  configure: one(payload('PubsubConfigure', 'configure', PUBSUB, { node: attribute(), form: one(form) })),
  subscribe: one(payload('PubsubSubscribe', 'subscribe', PUBSUB, whose)),
  unsubscribe: one(payload('PubsubUnsubscribe', 'unsubscribe', PUBSUB, { ...whose, subscriptionId: attribute(string, 'subid') })),
  options: one(payload('PubsubOptions', 'options', PUBSUB, { ...whose, subscriptionId: attribute(string, 'subid'), form: one(form) })),
  publish: one(payload('PubsubPublish', 'publish', PUBSUB, { node: attribute(), items: many(item) })),
  publishOptions: one(payload('PubsubPublishOptions', 'publish-options', PUBSUB, { form: one(form) })),
  items: one(
    payload('PubsubItems', 'items', PUBSUB, {
      node: attribute(),
      max: attribute(integer(), 'max_items'),
      subscriptionId: attribute(string, 'subid'),
      items: many(item),
    }),
  ),
  retract: one(payload('PubsubRetract', 'retract', PUBSUB, { node: attribute(), notify: attribute(boolean), items: many(item) })),
  affiliation: one(affiliation),
  affiliations: one(payload('PubsubAffiliations', 'affiliations', PUBSUB, { node: attribute(), items: many(affiliation) })),
  subscription: one(subscription),
  subscriptions: one(payload('PubsubSubscriptions', 'subscriptions', PUBSUB, { node: attribute(), items: many(subscription) })),
  default: one(payload('PubsubDefault', 'default', PUBSUB, { node: attribute(), type: attribute(nodeTypes), form: one(form) })),
  paging: one(resultSet),
})

/** in a message a service tells what became of an affiliation or subscription */
export const pubsubRequests = [define('pubsub', ['iq'], request), define('pubsubNotice', ['message'], request)]
