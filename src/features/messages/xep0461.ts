/** XEP-0461: Message Replies, version 0.2.1 */
import { define } from '../../stanza/definition.ts'
import { attribute, required } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { jid } from '../../stanza/scalars.ts'

export const reply = define(
  'reply',
  ['message'],
  payload('Reply', 'reply', 'urn:xmpp:reply:0', { id: required(attribute()), to: attribute(jid) }),
)
