/** XEP-0249: Direct MUC Invitations, version 1.2 */
import { define } from '../codec/definition.ts'
import { attribute, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, jid } from '../codec/scalars.ts'
import { INVITATION } from './namespaces.ts'

export const invite = define(
  'invite',
  ['message'],
  payload('Invite', 'x', INVITATION, {
    jid: required(attribute(jid)),
    password: attribute(),
    reason: attribute(),
    thread: attribute(),
    continue: attribute(boolean),
  }),
)
