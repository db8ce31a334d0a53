/** XEP-0367: Message Attaching, version 0.3 */
import { member } from '../../stanza/definition.ts'
import { attributeOf } from '../../stanza/fields.ts'
import { string } from '../../stanza/scalars.ts'

export const attachTo = member('attachTo', ['message'], attributeOf('attach-to', 'id', string, 'urn:xmpp:message-attaching:1'))
