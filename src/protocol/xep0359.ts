/** XEP-0359: Unique and Stable Stanza IDs, version 0.7.0 */
import { define, member } from '../codec/definition.ts'
import { attribute, attributeOf, many, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, string } from '../codec/scalars.ts'
import { STANZA_ID } from './namespaces.ts'

export const stanzaId = payload('StanzaId', 'stanza-id', STANZA_ID, { id: required(attribute()), by: required(attribute(jid)) })

export const stanzaIds = [
  member('originId', ['message'], attributeOf('origin-id', 'id', string, STANZA_ID)),
  member('stanzaIds', ['message'], many(stanzaId)),
  define(
    'referencedStanza',
    ['message'],
    payload('ReferencedStanza', 'referenced-stanza', STANZA_ID, { id: required(attribute()), by: attribute(jid) }),
  ),
]
