/** XEP-0033: Extended Stanza Addressing, version 1.2.1 */
import { define } from '../../stanza/definition.ts'
import { attribute, many } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { boolean, jid, oneOf, string } from '../../stanza/scalars.ts'
import { elements } from '../../stanza/structures.ts'

const ADDRESS = 'http://jabber.org/protocol/address'

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
