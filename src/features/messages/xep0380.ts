/** XEP-0380: Explicit Message Encryption, version 0.4.0 */
import { define } from '../../stanza/definition.ts'
import { attribute, required } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'

export const encryption = define(
  'encryption',
  ['message'],
  payload('Encryption', 'encryption', 'urn:xmpp:eme:0', { namespace: required(attribute()), name: attribute() }),
)
