/** XEP-0191: Blocking Command, version 1.3 */
import { define } from '../codec/definition.ts'
import { attribute, many, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid } from '../codec/scalars.ts'
import { BLOCKING } from './namespaces.ts'

const items = { items: many(payload('BlockedItem', 'item', BLOCKING, { jid: required(attribute(jid)) })) }

export const blocking = [
  define('blocklist', ['iq'], payload('Blocklist', 'blocklist', BLOCKING, items)),
  define('block', ['iq'], payload('Block', 'block', BLOCKING, items)),
  define('unblock', ['iq'], payload('Unblock', 'unblock', BLOCKING, items)),
]
