/** XEP-0359: Unique and Stable Stanza IDs, version 0.7.0 */
import { define, member } from '../codec/definition.ts'
import { attribute, attributeOf, many, required } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid, string } from '../codec/scalars.ts'

const IDS = 'urn:xmpp:sid:0'

export const stanzaId = payload('StanzaId', 'stanza-id', IDS, { id: required(attribute()), by: required(attribute(jid)) })

export const stanzaIds = [
  member('originId', ['message'], attributeOf('origin-id', 'id', string, IDS)),
  member('stanzaIds', ['message'], many(stanzaId)),
  define(
    'referencedStanza',
    ['message'],
    payload('ReferencedStanza', 'referenced-stanza', IDS, { id: required(attribute()), by: attribute(jid) }),
  ),
]
