/** XEP-0221: Data Forms Media Element, version 1.0 */
import { attribute, content, many } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer } from '../codec/scalars.ts'

const MEDIA = 'urn:xmpp:media-element'

export const media = payload('FormMedia', 'media', MEDIA, {
  width: attribute(integer(0, 65_535)),
  height: attribute(integer(0, 65_535)),
  uris: many(payload('FormMediaUri', 'uri', MEDIA, { type: attribute(), uri: content() })),
})
