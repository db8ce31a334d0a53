/** XEP-0424: Message Retraction, version 0.4.2; what a moderator retracts is XEP-0425 */
import { define } from '../codec/definition.ts'
import { attribute, one, required, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, timestamp } from '../codec/scalars.ts'
import { RETRACTION } from './namespaces.ts'
import { moderated } from './xep0425.ts'

const why = { moderated: one(moderated), reason: text() }

const retract = payload('Retraction', 'retract', RETRACTION, { id: required(attribute()), ...why })

/** what stands in an archive in the place of a retracted message */
const retracted = payload('Retracted', 'retracted', RETRACTION, {
  id: attribute(),
  by: attribute(jid),
  timestamp: attribute(timestamp, 'stamp'),
  ...why,
})

export const retraction = [define('retract', ['message'], retract), define('retracted', ['message'], retracted)]
