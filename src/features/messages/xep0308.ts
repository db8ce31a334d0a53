/** XEP-0308: Last Message Correction, version 1.2.1 */
import { member } from '../../stanza/definition.ts'
import { attributeOf } from '../../stanza/fields.ts'
import { string } from '../../stanza/scalars.ts'

export const replace = member('replace', ['message'], attributeOf('replace', 'id', string, 'urn:xmpp:message-correct:0'))
