/** XEP-0172: User Nickname, version 1.1 */

import { textual } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { NICK } from './namespaces.ts'

export const nick = define('nick', ['message', 'presence', 'item'], textual('nick', NICK))
