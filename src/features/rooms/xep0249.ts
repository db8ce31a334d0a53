/** XEP-0249: Direct MUC Invitations, version 1.2 */
import { define } from '../../stanza/definition.ts'
import { attribute, required } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { boolean, jid } from '../../stanza/scalars.ts'

export const invite = define(
  'invite',
  ['message'],
  payload('Invite', 'x', 'jabber:x:conference', {
    jid: required(attribute(jid)),
    password: attribute(),
    reason: attribute(),
    thread: attribute(),
    continue: attribute(boolean),
  }),
)
