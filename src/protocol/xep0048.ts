/** XEP-0048: Bookmarks, version 1.2 */
import { define } from '../codec/definition.ts'
import { attribute, many, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, jid } from '../codec/scalars.ts'
import { STORED_BOOKMARKS } from './namespaces.ts'

const conference = payload('BookmarkedConference', 'conference', STORED_BOOKMARKS, {
  jid: attribute(jid),
  name: attribute(),
  autojoin: attribute(boolean),
  nick: text(),
  password: text(),
})

export const bookmarks = define(
  'bookmarks',
  ['item'],
  payload('Bookmarks', 'storage', STORED_BOOKMARKS, {
    conferences: many(conference),
    urls: many(payload('BookmarkedUrl', 'url', STORED_BOOKMARKS, { name: attribute(), url: attribute() })),
  }),
)
