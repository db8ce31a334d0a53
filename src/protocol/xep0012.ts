/** XEP-0012: Last Activity, version 2.0; in presence it is XEP-0256 */
import { define } from '../codec/definition.ts'
import { attribute, content } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer } from '../codec/scalars.ts'

export const lastActivity = define(
  'lastActivity',
  ['iq', 'presence'],
  payload('LastActivity', 'query', 'jabber:iq:last', { seconds: attribute(integer()), status: content() }),
)
