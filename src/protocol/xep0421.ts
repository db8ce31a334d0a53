/** XEP-0421: Occupant identifiers for semi-anonymous MUCs, version 1.0.1 */
import { member } from '../codec/definition.ts'
import { attributeOf } from '../codec/fields.ts'
import { string } from '../codec/scalars.ts'
import { OCCUPANT_ID } from './namespaces.ts'

export const occupantId = member('occupantId', ['message', 'presence'], attributeOf('occupant-id', 'id', string, OCCUPANT_ID))
