/** XEP-0224: Attention, version 1.0 */
import { member } from '../../stanza/definition.ts'
import { flag } from '../../stanza/fields.ts'

export const attention = member('attention', ['message'], flag('attention', 'urn:xmpp:attention:0'))
