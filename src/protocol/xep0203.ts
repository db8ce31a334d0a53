/** XEP-0203: Delayed Delivery, version 2.0 */
import { define } from '../codec/definition.ts'
import { attribute, content } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, timestamp } from '../codec/scalars.ts'
import { DELAY } from './namespaces.ts'

export const delayed = payload(
  'Delay',
  'delay',
  DELAY,
  { timestamp: attribute(timestamp, 'stamp'), from: attribute(jid), reason: content() },
  { description: 'When a stanza was sent that came later' },
)

export const delay = define('delay', ['message', 'presence'], delayed)
