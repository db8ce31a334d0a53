/** XEP-0490: Message Displayed Synchronization, version 1.0.1 */
import { define } from '../codec/definition.ts'
import { one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { DISPLAYED } from './namespaces.ts'
import { stanzaId } from './xep0359.ts'

export const displayed = define('displayed', ['message', 'item'], payload('Displayed', 'displayed', DISPLAYED, { stanzaId: one(stanzaId) }))
