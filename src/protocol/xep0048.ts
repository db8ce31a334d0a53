/** XEP-0048: Bookmarks, version 1.2 */
import { define } from '../codec/definition.ts'
import { attribute, many, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, jid } from '../codec/scalars.ts'

const BOOKMARKS = 'storage:bookmarks'

const conference = payload('BookmarkedConference', 'conference', BOOKMARKS, {
  jid: attribute(jid),
  name: attribute(),
  autojoin: attribute(boolean),
  nick: text(),
  password: text(),
})

export const bookmarks = define(
  'bookmarks',
  ['item'],
  payload('Bookmarks', 'storage', BOOKMARKS, {
    conferences: many(conference),
    urls: many(payload('BookmarkedUrl', 'url', BOOKMARKS, { name: attribute(), url: attribute() })),
  }),
)
