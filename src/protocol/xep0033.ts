/** XEP-0033: Extended Stanza Addressing, version 1.2.1 */
import { define } from '../codec/definition.ts'
import { attribute, many } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, jid, oneOf, string } from '../codec/scalars.ts'
import { elements } from '../codec/structures.ts'
import { ADDRESSES as ADDRESS } from './namespaces.ts'

const address = payload('Address', 'address', ADDRESS, {
  type: attribute(oneOf('bcc', 'cc', 'noreply', 'replyroom', 'replyto', 'to', 'ofrom')),
  jid: attribute(jid),
  uri: attribute(),
  node: attribute(),
  description: attribute(string, 'desc'),
  delivered: attribute(boolean),
  elements: elements(),
})

export const addresses = define('addresses', ['message', 'presence'], payload('Addresses', 'addresses', ADDRESS, { items: many(address) }))
