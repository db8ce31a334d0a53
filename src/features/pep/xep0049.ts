/** XEP-0049: Private XML Storage, version 1.2 */
import { define } from '../../stanza/definition.ts'
import { payload } from '../../stanza/payload.ts'
import { known } from '../../stanza/structures.ts'

export const privateStorage = define(
  'privateStorage',
  ['iq'],
  payload('PrivateStorage', 'query', 'jabber:iq:private', { content: known('item') }),
)
