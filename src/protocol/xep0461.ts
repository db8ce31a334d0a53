/** XEP-0461: Message Replies, version 0.2.1 */
import { define } from '../codec/definition.ts'
import { attribute, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid } from '../codec/scalars.ts'
import { REPLY } from './namespaces.ts'

export const reply = define('reply', ['message'], payload('Reply', 'reply', REPLY, { id: required(attribute()), to: attribute(jid) }))
