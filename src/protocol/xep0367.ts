/** XEP-0367: Message Attaching, version 0.3 */
import { member } from '../codec/definition.ts'
import { attributeOf } from '../codec/fields.ts'
import { string } from '../codec/scalars.ts'

export const attachTo = member('attachTo', ['message'], attributeOf('attach-to', 'id', string, 'urn:xmpp:message-attaching:1'))
