/** XEP-0402: PEP Native Bookmarks, version 1.2.0 */
import { define } from '../codec/definition.ts'
import { attribute, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean } from '../codec/scalars.ts'
import { elements, within } from '../codec/structures.ts'
import { BOOKMARKS } from './namespaces.ts'

export const bookmark = define(
  'bookmark',
  ['item'],
  payload('Bookmark', 'conference', BOOKMARKS, {
    name: attribute(),
    autojoin: attribute(boolean),
    nick: text(),
    password: text(),
    elements: within('extensions', BOOKMARKS, elements()),
  }),
)
