/** XEP-0084: User Avatar, version 1.1.4 */

import { textual } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute, many } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer, string } from '../codec/scalars.ts'
import { elements } from '../codec/structures.ts'

const METADATA = 'urn:xmpp:avatar:metadata'

const info = payload('AvatarInfo', 'info', METADATA, {
  id: attribute(),
  mediaType: attribute(string, 'type'),
  bytes: attribute(integer()),
  width: attribute(integer(0, 65_535)),
  height: attribute(integer(0, 65_535)),
  url: attribute(),
})

const pointer = payload('AvatarPointer', 'pointer', METADATA, {
  id: attribute(),
  mediaType: attribute(string, 'type'),
  bytes: attribute(integer()),
  width: attribute(integer(0, 65_535)),
  height: attribute(integer(0, 65_535)),
  elements: elements(),
})

export const avatar = [
  define('avatarData', ['item'], textual('data', 'urn:xmpp:avatar:data')),
  define('avatarMetadata', ['item'], payload('AvatarMetadata', 'metadata', METADATA, { versions: many(info), pointers: many(pointer) })),
]
