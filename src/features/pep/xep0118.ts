/** XEP-0118: User Tune, version 1.3.0 */
import { define } from '../../stanza/definition.ts'
import { text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { integer } from '../../stanza/scalars.ts'

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
