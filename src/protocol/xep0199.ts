/** XEP-0199: XMPP Ping, version 2.0.1; XEP-0410 pings an own occupant in the same way */
import { define } from '../codec/definition.ts'
import { payload } from '../codec/payload.ts'
import { PING } from './namespaces.ts'

export const ping = define('ping', ['iq'], payload('Ping', 'ping', PING, {}))
