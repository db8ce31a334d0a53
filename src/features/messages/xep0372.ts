/** XEP-0372: References, version 0.5.0; what is shared there is XEP-0385 */
import { member } from '../../stanza/definition.ts'
import { attribute, many, one } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { integer } from '../../stanza/scalars.ts'
import { mediaSharing, REFERENCE } from './xep0385.ts'

const reference = payload('Reference', 'reference', REFERENCE, {
  type: attribute(),
  uri: attribute(),
  anchor: attribute(),
  begin: attribute(integer()),
  end: attribute(integer()),
  share: one(mediaSharing),
})

export const references = member('references', ['message'], many(reference))
