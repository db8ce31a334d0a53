/** XEP-0060: Publish-Subscribe, version 1.30.0; what owners ask */
import { define } from '../codec/definition.ts'
import { attribute, attributeOf, many, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, string } from '../codec/scalars.ts'
import { form } from './xep0004.ts'
import { resultSet } from './xep0059.ts'
import { affiliations, nodeTypes, subscriptionStates } from './xep0060-terms.ts'

const OWNER = 'http://jabber.org/protocol/pubsub#owner'

const affiliation = payload('PubsubOwnerAffiliation', 'affiliation', OWNER, {
  jid: attribute(jid),
  affiliation: attribute(affiliations),
})

const subscription = payload('PubsubOwnerSubscription', 'subscription', OWNER, {
  jid: attribute(jid),
  subscriptionId: attribute(string, 'subid'),
  state: attribute(subscriptionStates, 'subscription'),
})

const node = attribute()

export const ownerRequest = payload('PubsubOwner', 'pubsub', OWNER, {
  configure: one(payload('PubsubOwnerConfigure', 'configure', OWNER, { node, form: one(form) })),
  default: one(payload('PubsubOwnerDefault', 'default', OWNER, { node, type: attribute(nodeTypes), form: one(form) })),
  delete: one(payload('PubsubOwnerDelete', 'delete', OWNER, { node, redirect: attributeOf('redirect', 'uri') })),
  purge: one(payload('PubsubOwnerPurge', 'purge', OWNER, { node })),
  affiliations: one(payload('PubsubOwnerAffiliations', 'affiliations', OWNER, { node, items: many(affiliation) })),
  subscriptions: one(payload('PubsubOwnerSubscriptions', 'subscriptions', OWNER, { node, items: many(subscription) })),
  paging: one(resultSet),
})

export const pubsubOwner = define('pubsubOwner', ['iq', 'message'], ownerRequest)
