/** XEP-0084: User Avatar, version 1.1.4 */
import { define } from '../../stanza/definition.ts'
import { attribute, many } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { textual } from '../../stanza/payloads.ts'
import { integer, string } from '../../stanza/scalars.ts'
import { elements } from '../../stanza/structures.ts'

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
