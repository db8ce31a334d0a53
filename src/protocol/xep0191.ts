/** XEP-0191: Blocking Command, version 1.3 */
import { define } from '../codec/definition.ts'
import { attribute, many, one, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid } from '../codec/scalars.ts'
import { BLOCKING } from './namespaces.ts'
import { report } from './xep0377.ts'

const items = { items: many(payload('BlockedItem', 'item', BLOCKING, { jid: required(attribute(jid)), report: one(report) })) }

export const blocking = [
  define('blocklist', ['iq'], payload('Blocklist', 'blocklist', BLOCKING, items)),
  define('block', ['iq'], payload('Block', 'block', BLOCKING, items)),
  define('unblock', ['iq'], payload('Unblock', 'unblock', BLOCKING, items)),
]
