/** XEP-0425: Moderated Message Retraction, version 0.3.0 */
import { define } from '../codec/definition.ts'
import { attribute, attributeOf, flag, required, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, string } from '../codec/scalars.ts'
import { OCCUPANT_ID, RETRACTION } from './namespaces.ts'

const MODERATE = 'urn:xmpp:message-moderate:1'

export const moderated = payload('Moderated', 'moderated', MODERATE, {
  by: attribute(jid),
  occupantId: attributeOf('occupant-id', 'id', string, OCCUPANT_ID),
})

export const moderate = define(
  'moderate',
  ['iq'],
  payload('Moderate', 'moderate', MODERATE, {
    id: required(attribute()),
    retract: flag('retract', RETRACTION),
    reason: text(),
  }),
)
