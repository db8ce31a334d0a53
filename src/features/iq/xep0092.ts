/** XEP-0092: Software Version, version 1.1 */
import { define } from '../../stanza/definition.ts'
import { text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'

export const version = define(
  'version',
  ['iq'],
  payload('SoftwareVersion', 'query', 'jabber:iq:version', { name: text(), version: text(), os: text() }),
)
