/** XEP-0191: Blocking Command, version 1.3 */
import { define } from '../../stanza/definition.ts'
import { attribute, many, required } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { jid } from '../../stanza/scalars.ts'

const BLOCKING = 'urn:xmpp:blocking'

const items = { items: many(payload('BlockedItem', 'item', BLOCKING, { jid: required(attribute(jid)) })) }

export const blocking = [
  define('blocklist', ['iq'], payload('Blocklist', 'blocklist', BLOCKING, items)),
  define('block', ['iq'], payload('Block', 'block', BLOCKING, items)),
  define('unblock', ['iq'], payload('Unblock', 'unblock', BLOCKING, items)),
]
