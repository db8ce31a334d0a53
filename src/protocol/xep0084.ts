/** XEP-0084: User Avatar, version 1.1.4 */

import { textual } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute, many } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer, string } from '../codec/scalars.ts'
import { elements } from '../codec/structures.ts'
import { AVATAR_DATA, AVATAR_METADATA } from './namespaces.ts'

const info = payload('AvatarInfo', 'info', AVATAR_METADATA, {
  id: attribute(),
  mediaType: attribute(string, 'type'),
  bytes: attribute(integer()),
  width: attribute(integer(0, 65_535)),
  height: attribute(integer(0, 65_535)),
  url: attribute(),
})

const pointer = payload('AvatarPointer', 'pointer', AVATAR_METADATA, {
  id: attribute(),
  mediaType: attribute(string, 'type'),
  bytes: attribute(integer()),
  width: attribute(integer(0, 65_535)),
  height: attribute(integer(0, 65_535)),
  elements: elements(),
})

export const avatar = [
  define('avatarData', ['item'], textual('data', AVATAR_DATA)),
  define(
    'avatarMetadata',
    ['item'],
    payload('AvatarMetadata', 'metadata', AVATAR_METADATA, { versions: many(info), pointers: many(pointer) }),
  ),
]
