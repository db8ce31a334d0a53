/** RFC 6120: XMPP Core, section 7. Resource binding; the session is that of RFC 3921. */
import { define } from '../codec/definition.ts'
import { flag, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid } from '../codec/scalars.ts'
import { BIND } from './namespaces.ts'

export const binding = [
  define('bind', ['iq'], payload('Bind', 'bind', BIND, { resource: text(), jid: text(jid) })),
  define('session', ['iq'], payload('SessionRequest', 'session', 'urn:ietf:params:xml:ns:xmpp-session', { optional: flag() })),
]
