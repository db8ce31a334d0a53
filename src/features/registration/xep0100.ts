/** XEP-0100: Gateway Interaction, version 1.0 */
import { define } from '../../stanza/definition.ts'
import { text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { string } from '../../stanza/scalars.ts'

export const gateway = define(
  'gateway',
  ['iq'],
  payload('GatewayAddress', 'query', 'jabber:iq:gateway', { description: text(string, 'desc'), prompt: text(), jid: text() }),
)
