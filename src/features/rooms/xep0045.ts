/** XEP-0045: Multi-User Chat, version 1.35.1; the thread of `continue` by section 7.8.2 */
import { define } from '../../stanza/definition.ts'
import { attribute, attributesOf, many, one, text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { choice } from '../../stanza/payloads.ts'
import { integer, jid, oneOf, timestamp } from '../../stanza/scalars.ts'
import { spread } from '../../stanza/structures.ts'

const MUC = 'http://jabber.org/protocol/muc'
const USER = `${MUC}#user`

export const affiliation = oneOf('owner', 'admin', 'member', 'outcast', 'none')
export const role = oneOf('moderator', 'participant', 'visitor', 'none')

const history = payload('MucHistory', 'history', MUC, {
  maxCharacters: attribute(integer(), 'maxchars'),
  maxStanzas: attribute(integer(), 'maxstanzas'),
  seconds: attribute(integer()),
  since: attribute(timestamp),
})

const join = payload('MucJoin', 'x', MUC, { password: text(), history: one(history) })

const actor = payload('MucActor', 'actor', USER, { jid: attribute(jid), nick: attribute() })
const going = payload('MucContinue', 'continue', USER, { thread: attribute() })

const occupant = payload('MucItem', 'item', USER, {
  affiliation: attribute(affiliation),
  role: attribute(role),
  jid: attribute(jid),
  nick: attribute(),
  actor: one(actor),
  reason: text(),
  continue: one(going),
})

const addressed = { to: attribute(jid), from: attribute(jid), reason: text() }

const info = payload('MucInfo', 'x', USER, {
  item: spread(occupant, 'affiliation', 'role', 'jid', 'nick', 'actor', 'reason', 'continue'),
  statusCodes: attributesOf('status', 'code', integer(100, 999)),
  invites: many(payload('MucInvite', 'invite', USER, { ...addressed, continue: one(going) })),
  decline: one(payload('MucDecline', 'decline', USER, addressed)),
  destroy: one(payload('MucDestroyed', 'destroy', USER, { jid: attribute(jid), reason: text() })),
  password: text(),
})

export const muc = [define('muc', ['message', 'presence'], choice({ join, info }))]
