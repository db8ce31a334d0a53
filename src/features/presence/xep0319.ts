/** XEP-0319: Last User Interaction in Presence, version 1.0.2 */
import { define } from '../../stanza/definition.ts'
import { attribute } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { timestamp } from '../../stanza/scalars.ts'

export const idle = define('idle', ['presence'], payload('Idle', 'idle', 'urn:xmpp:idle:1', { since: attribute(timestamp) }))
