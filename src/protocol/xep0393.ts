/** XEP-0393: Message Styling, version 1.1.1 */
import { member } from '../codec/definition.ts'
import { flag } from '../codec/fields.ts'

export const unstyled = member('unstyled', ['message'], flag('unstyled', 'urn:xmpp:styling:0'))
