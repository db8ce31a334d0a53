/** XEP-0049: Private XML Storage, version 1.2 */
import { define } from '../codec/definition.ts'
import { payload } from '../codec/payload.ts'
import { known } from '../codec/structures.ts'

export const privateStorage = define(
  'privateStorage',
  ['iq'],
  payload('PrivateStorage', 'query', 'jabber:iq:private', { content: known('item') }),
)
