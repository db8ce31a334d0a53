/** XEP-0092: Software Version, version 1.1 */
import { define } from '../codec/definition.ts'
import { text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'

export const version = define(
  'version',
  ['iq'],
  payload('SoftwareVersion', 'query', 'jabber:iq:version', { name: text(), version: text(), os: text() }),
)
