/** XEP-0118: User Tune, version 1.3.0 */
import { define } from '../codec/definition.ts'
import { text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer } from '../codec/scalars.ts'

export const tune = define(
  'tune',
  ['message', 'item'],
  payload('Tune', 'tune', 'http://jabber.org/protocol/tune', {
    artist: text(),
    composer: text(),
    date: text(),
    genre: text(),
    language: text(),
    length: text(integer(0, 65_535)),
    lyricist: text(),
    performer: text(),
    rating: text(integer(1, 10)),
    source: text(),
    title: text(),
    track: text(),
    uri: text(),
  }),
)
