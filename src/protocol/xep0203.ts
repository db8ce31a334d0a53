/** XEP-0203: Delayed Delivery, version 2.0 */
import { define } from '../codec/definition.ts'
import { attribute, content } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, timestamp } from '../codec/scalars.ts'

export const delayed = payload(
  'Delay',
  'delay',
  'urn:xmpp:delay',
  { timestamp: attribute(timestamp, 'stamp'), from: attribute(jid), reason: content() },
  { description: 'When a stanza was sent that came later' },
)

export const delay = define('delay', ['message', 'presence'], delayed)
