/** XEP-0319: Last User Interaction in Presence, version 1.0.2 */
import { define } from '../codec/definition.ts'
import { attribute } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { timestamp } from '../codec/scalars.ts'

export const idle = define('idle', ['presence'], payload('Idle', 'idle', 'urn:xmpp:idle:1', { since: attribute(timestamp) }))
