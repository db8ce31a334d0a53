/** XEP-0016: Privacy Lists, version 1.7 */
import { define } from '../codec/definition.ts'
import { attribute, many, names, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer, oneOf } from '../codec/scalars.ts'

const PRIVACY = 'jabber:iq:privacy'

const rule = payload('PrivacyItem', 'item', PRIVACY, {
  type: attribute(oneOf('group', 'jid', 'subscription')),
  value: attribute(),
  action: attribute(oneOf('allow', 'deny')),
  order: attribute(integer()),
  stanzas: names(['iq', 'message', 'presence-in', 'presence-out']),
})

const chosen = { name: attribute() }

export const privacy = define(
  'privacy',
  ['iq'],
  payload('Privacy', 'query', PRIVACY, {
    active: one(payload('PrivacyActive', 'active', PRIVACY, chosen)),
    default: one(payload('PrivacyDefault', 'default', PRIVACY, chosen)),
    lists: many(payload('PrivacyList', 'list', PRIVACY, { name: attribute(), items: many(rule) })),
  }),
)
