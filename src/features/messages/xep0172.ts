/** XEP-0172: User Nickname, version 1.1 */
import { define } from '../../stanza/definition.ts'
import { textual } from '../../stanza/payloads.ts'

export const nick = define('nick', ['message', 'presence', 'item'], textual('nick', 'http://jabber.org/protocol/nick'))
