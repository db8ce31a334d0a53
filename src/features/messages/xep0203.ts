/** XEP-0203: Delayed Delivery, version 2.0 */
import { define } from '../../stanza/definition.ts'
import { attribute, content } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { jid, timestamp } from '../../stanza/scalars.ts'

export const delayed = payload(
  'Delay',
  'delay',
  'urn:xmpp:delay',
  { timestamp: attribute(timestamp, 'stamp'), from: attribute(jid), reason: content() },
  { description: 'When a stanza was sent that came later' },
)

export const delay = define('delay', ['message', 'presence'], delayed)
