/** XEP-0421: Occupant identifiers for semi-anonymous MUCs, version 1.0.1 */
import { member } from '../codec/definition.ts'
import { attributeOf } from '../codec/fields.ts'
import { string } from '../codec/scalars.ts'

export const OCCUPANT = 'urn:xmpp:occupant-id:0'

export const occupantId = member('occupantId', ['message', 'presence'], attributeOf('occupant-id', 'id', string, OCCUPANT))
