/** XEP-0264: Jingle Content Thumbnails, version 0.4.2 */
import { attribute } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer, string } from '../codec/scalars.ts'

export const thumbnail = payload('Thumbnail', 'thumbnail', 'urn:xmpp:thumbs:1', {
  uri: attribute(),
  mediaType: attribute(string, 'media-type'),
  width: attribute(integer(0, 65_535)),
  height: attribute(integer(0, 65_535)),
})
