/** XEP-0372: References, version 0.5.0; what is shared there is XEP-0385 */
import { member } from '../codec/definition.ts'
import { attribute, many, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer } from '../codec/scalars.ts'
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
