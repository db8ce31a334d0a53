/** XEP-0390: Entity Capabilities 2.0, version 0.3.2 */
import { define } from '../../stanza/definition.ts'
import { many } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { hash } from '../messages/xep0300.ts'

export const caps2 = define('caps2', ['presence', 'iq'], payload('Caps2', 'c', 'urn:xmpp:caps', { hashes: many(hash) }))
