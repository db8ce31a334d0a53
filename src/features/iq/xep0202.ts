/** XEP-0202: Entity Time, version 2.0 */
import { define } from '../../stanza/definition.ts'
import { text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { timestamp, zone } from '../../stanza/scalars.ts'

export const time = define(
  'time',
  ['iq'],
  payload('EntityTime', 'time', 'urn:xmpp:time', { zone: text(zone, 'tzo'), utc: text(timestamp) }),
)
