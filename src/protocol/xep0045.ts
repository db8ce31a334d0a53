/** XEP-0045: Multi-User Chat, version 1.35.5 */

import { choice } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute, attributesOf, many, one, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer, jid, oneOf, timestamp } from '../codec/scalars.ts'
import { spread } from '../codec/structures.ts'
import { MUC, MUC_OWNER as OWNER, MUC_USER as USER } from './namespaces.ts'
import { form } from './xep0004.ts'

const ADMIN = `${MUC}#admin`

const affiliation = oneOf('owner', 'admin', 'member', 'outcast', 'none')
const role = oneOf('moderator', 'participant', 'visitor', 'none')

const history = payload('MucHistory', 'history', MUC, {
  maxCharacters: attribute(integer(), 'maxchars'),
  maxStanzas: attribute(integer(), 'maxstanzas'),
  seconds: attribute(integer()),
  since: attribute(timestamp),
})

const join = payload('MucJoin', 'x', MUC, { password: text(), history: one(history) })

const going = payload('MucContinue', 'continue', USER, { thread: attribute() })
const by = { jid: attribute(jid), nick: attribute() }
const who = { affiliation: attribute(affiliation), role: attribute(role), ...by }

const occupant = payload('MucItem', 'item', USER, {
  ...who,
  actor: one(payload('MucActor', 'actor', USER, by)),
  reason: text(),
  continue: one(going),
})

const addressed = { to: attribute(jid), from: attribute(jid), reason: text() }

const mucInfo = payload('MucInfo', 'x', USER, {
  item: spread(occupant, 'affiliation', 'role', 'jid', 'nick', 'actor', 'reason', 'continue'),
  statusCodes: attributesOf('status', 'code', integer(0, 999)),
  invites: many(payload('MucInvite', 'invite', USER, { ...addressed, continue: one(going) })),
  decline: one(payload('MucDecline', 'decline', USER, addressed)),
  destroy: one(payload('MucDestroyed', 'destroy', USER, { jid: attribute(jid), password: text(), reason: text() })),
  password: text(),
})

const user = payload('MucAdminItem', 'item', ADMIN, {
  ...who,
  actor: one(payload('MucAdminActor', 'actor', ADMIN, by)),
  reason: text(),
})

export const mucOwner = payload('MucOwner', 'query', OWNER, {
  form: one(form),
  destroy: one(payload('MucDestroy', 'destroy', OWNER, { jid: attribute(jid), password: text(), reason: text() })),
})

export const mucAdmin = payload('MucAdmin', 'query', ADMIN, { items: many(user) })

export const muc = [
  define('muc', ['message', 'presence'], choice({ join, info: mucInfo })),
  define('mucAdmin', ['iq'], mucAdmin),
  define('mucOwner', ['iq'], mucOwner),
]
