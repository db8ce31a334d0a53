/** XEP-0224: Attention, version 1.0 */
import { member } from '../codec/definition.ts'
import { flag } from '../codec/fields.ts'

export const attention = member('attention', ['message'], flag('attention', 'urn:xmpp:attention:0'))
