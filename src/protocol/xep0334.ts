/** XEP-0334: Message Processing Hints, version 1.0.0 */
import { member } from '../codec/definition.ts'
import { names } from '../codec/fields.ts'
import { HINTS } from './namespaces.ts'

export const hints = member('hints', ['message'], names(['no-permanent-store', 'no-store', 'no-copy', 'store'], HINTS))
