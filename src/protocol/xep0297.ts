/** XEP-0297: Stanza Forwarding, version 1.0 */
import { define } from '../codec/definition.ts'
import { one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { stanza } from '../codec/structures.ts'
import { FORWARD } from './namespaces.ts'
import { delayed } from './xep0203.ts'

export const forwardedStanza = payload('Forwarded', 'forwarded', FORWARD, { delay: one(delayed), stanza: stanza() })

export const forwarded = define('forwarded', ['message'], forwardedStanza)
