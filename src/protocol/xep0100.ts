/** XEP-0100: Gateway Interaction, version 1.0 */
import { define } from '../codec/definition.ts'
import { text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { string } from '../codec/scalars.ts'

export const gateway = define(
  'gateway',
  ['iq'],
  payload('GatewayAddress', 'query', 'jabber:iq:gateway', { description: text(string, 'desc'), prompt: text(), jid: text() }),
)
