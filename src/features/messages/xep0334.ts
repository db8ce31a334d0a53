/** XEP-0334: Message Processing Hints, version 1.0.0 */
import { member } from '../../stanza/definition.ts'
import { names } from '../../stanza/fields.ts'

export const hints = member('hints', ['message'], names(['no-permanent-store', 'no-store', 'no-copy', 'store'], 'urn:xmpp:hints'))
