/** XEP-0385: Stateless Inline Media Sharing (SIMS), version 0.2.1 */
import { attribute, many, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { within } from '../codec/structures.ts'
import { jingleFile } from './xep0446.ts'

export const REFERENCE = 'urn:xmpp:reference:0'
const SIMS = 'urn:xmpp:sims:1'

/** the places to get the file from are references (XEP-0372) */
const place = payload('MediaSource', 'reference', REFERENCE, { type: attribute(), uri: attribute() })

export const mediaSharing = payload('MediaSharing', 'media-sharing', SIMS, {
  file: one(jingleFile),
  sources: within('sources', SIMS, many(place)),
})
