/** XEP-0377: Spam Reporting, version 0.3.1 */
import { attribute, languages, required, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { oneOfAfter } from '../codec/scalars.ts'

export const report = payload('Report', 'report', 'urn:xmpp:reporting:1', {
  reason: required(attribute(oneOfAfter('urn:xmpp:reporting:', 'abuse', 'spam'))),
  text: text(),
  texts: languages('text'),
})
