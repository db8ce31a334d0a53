/** XEP-0425: Moderated Message Retraction, version 0.3.0 */
import { define } from '../codec/definition.ts'
import { attribute, attributeOf, flag, one, required, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, string } from '../codec/scalars.ts'
import { FASTENING, MODERATION, MODERATION_0, OCCUPANT_ID, RETRACTION } from './namespaces.ts'

/** XEP-0424, version 0.3.0 */
const RETRACTION_0 = 'urn:xmpp:message-retract:0'

export const moderated = payload('Moderated', 'moderated', MODERATION, {
  by: attribute(jid),
  occupantId: attributeOf('occupant-id', 'id', string, OCCUPANT_ID),
})

export const moderation = payload('Moderate', 'moderate', MODERATION, {
  id: required(attribute()),
  retract: flag('retract', RETRACTION),
  reason: text(),
})

export const moderate = define('moderate', ['iq'], moderation)

/** As of version 0.2.1, which some rooms still have; it is no part of what callers write and read. */
export const oldModeration = payload('OldModeration', 'apply-to', FASTENING, {
  id: required(attribute()),
  moderate: one(payload('OldModerate', 'moderate', MODERATION_0, { retract: flag('retract', RETRACTION_0), reason: text() })),
  moderated: one(
    payload('OldModerated', 'moderated', MODERATION_0, { by: attribute(jid), retract: flag('retract', RETRACTION_0), reason: text() }),
  ),
})
