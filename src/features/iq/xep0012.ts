/** XEP-0012: Last Activity, version 2.0; in presence it is XEP-0256 */
import { define } from '../../stanza/definition.ts'
import { attribute, content } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { integer } from '../../stanza/scalars.ts'

export const lastActivity = define(
  'lastActivity',
  ['iq', 'presence'],
  payload('LastActivity', 'query', 'jabber:iq:last', { seconds: attribute(integer()), status: content() }),
)
