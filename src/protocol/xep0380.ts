/** XEP-0380: Explicit Message Encryption, version 0.4.0 */
import { define } from '../codec/definition.ts'
import { attribute, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'

export const encryption = define(
  'encryption',
  ['message'],
  payload('Encryption', 'encryption', 'urn:xmpp:eme:0', { namespace: required(attribute()), name: attribute() }),
)
