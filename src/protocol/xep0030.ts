/** XEP-0030: Service Discovery, version 2.5.0; the forms of disco#info are XEP-0128, the paging of disco#items XEP-0059 */
import { define } from '../codec/definition.ts'
import { attribute, attributesOf, many, one, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, string } from '../codec/scalars.ts'
import { DISCO_INFO, DISCO_ITEMS } from './namespaces.ts'
import { form } from './xep0004.ts'
import { resultSet } from './xep0059.ts'

const identity = payload('DiscoIdentity', 'identity', DISCO_INFO, {
  category: required(attribute()),
  type: required(attribute()),
  name: attribute(),
  lang: attribute(string, 'xml:lang'),
})

export const discoInfo = payload('DiscoInfo', 'query', DISCO_INFO, {
  node: attribute(),
  identities: many(identity),
  features: attributesOf('feature', 'var'),
  forms: many(form),
})

const item = payload('DiscoItem', 'item', DISCO_ITEMS, { jid: required(attribute(jid)), node: attribute(), name: attribute() })

export const discoItems = payload('DiscoItems', 'query', DISCO_ITEMS, { node: attribute(), items: many(item), paging: one(resultSet) })

export const disco = [define('discoInfo', ['iq'], discoInfo), define('discoItems', ['iq', 'message'], discoItems)]
