/** XEP-0393: Message Styling, version 1.1.1 */
import { member } from '../../stanza/definition.ts'
import { flag } from '../../stanza/fields.ts'

export const unstyled = member('unstyled', ['message'], flag('unstyled', 'urn:xmpp:styling:0'))
