/** XEP-0402: PEP Native Bookmarks, version 1.2.0 */
import { define } from '../../stanza/definition.ts'
import { attribute, text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { boolean } from '../../stanza/scalars.ts'
import { elements, within } from '../../stanza/structures.ts'

const BOOKMARKS = 'urn:xmpp:bookmarks:1'

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
