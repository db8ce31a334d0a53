/** XEP-0308: Last Message Correction, version 1.2.1 */
import { member } from '../codec/definition.ts'
import { attributeOf } from '../codec/fields.ts'
import { string } from '../codec/scalars.ts'
import { CORRECTION } from './namespaces.ts'

export const replace = member('replace', ['message'], attributeOf('replace', 'id', string, CORRECTION))
