/** RFC 6121: Instant Messaging and Presence, section 2. The roster; `ver` is that of section 2.6 (once XEP-0237). */
import { define } from '../codec/definition.ts'
import { attribute, many, required, texts } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, jid, oneOf } from '../codec/scalars.ts'
import { ROSTER } from './namespaces.ts'

const item = payload('RosterItem', 'item', ROSTER, {
  jid: required(attribute(jid)),
  name: attribute(),
  subscription: attribute(oneOf('none', 'to', 'from', 'both', 'remove')),
  ask: attribute(oneOf('subscribe')),
  approved: attribute(boolean),
  groups: texts('group'),
})

export const rosterQuery = payload('Roster', 'query', ROSTER, { version: attribute(undefined, 'ver'), items: many(item) })

export const roster = define('roster', ['iq'], rosterQuery)
