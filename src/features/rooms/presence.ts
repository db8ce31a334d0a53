/** What the presences of a room come to: who is in it, and whether the session is. */
import { isDeepStrictEqual } from 'node:util'
import { readError } from '../../codec/stanza-error.ts'
import type { StanzaJson, Translator } from '../../codec/translate.ts'
import { stanzaProblem } from '../../errors/problem.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import { accountOf } from '../../jid.ts'
import { child, type Element } from '../../xml/element.ts'
import { nickOf, type Occupant, occupantIdOf, occupantKey, occupants, roomOf, type WantedRoom, wantedRooms } from '../room-state.ts'
import { comesBack, entered, left, removed } from './changes.ts'
import { roomEvent, volatileRoomEvent } from './events.ts'
import type { Membership } from './membership.ts'
import { occupantJson } from './room-json.ts'
import { readTold, reasonOf, type Told } from './told.ts'

/** conditions of a presence error by which the session is not in the room any more */
const fatal = new Set([
  ...['gone', 'item-not-found', 'not-acceptable', 'recipient-unavailable', 'redirect'],
  ...['remote-server-not-found', 'remote-server-timeout', 'service-unavailable'],
])
/** what of a presence is kept of each occupant */
const shown = ['show', 'status', 'statuses', 'idle'] as const

const types = new Set<string | undefined>([undefined, 'unavailable', 'error'])

/** Presences of rooms that the session has are theirs alone. */
export const isOfRoom = ({ stanza }: Incoming, session: LiveSession): boolean =>
  stanza.name === 'presence' &&
  stanza.attributes.from !== undefined &&
  types.has(stanza.attributes.type) &&
  roomOf(session.state, stanza.attributes.from) !== undefined

/** A presence of a room, with all that is known of it. */
interface Heard {
  session: LiveSession
  members: Membership
  jid: string
  room: WantedRoom
  nick: string
  key: string
  told: Told
}

export function roomPresence({ stanza }: Incoming, session: LiveSession, vocabulary: Translator, members: Membership): Effect | undefined {
  const { from = '', type } = stanza.attributes
  const found = roomOf(session.state, from)
  if (found === undefined) return undefined
  const { jid, room } = found
  const nick = nickOf(from)
  if (type === 'error') return refused(stanza, session, { jid, room, nick }, members)
  // the room's own presence is about no occupant, and who is in it is not looked at from outside
  if (nick === undefined || room.resting) return undefined
  const heard: Heard = { session, members, jid, room, nick, key: occupantKey(jid, nick), told: readTold(stanza) }
  const isOwn = isSelf(heard)
  if (type === 'unavailable') return isOwn ? ownLeft(heard) : leftBy(heard)
  const occupant = occupantOf(heard, stanza, vocabulary.read(stanza).json)
  return isOwn ? ownCame(heard, occupant) : cameBy(heard, occupant)
}

/** Others may use our nick in another case, and put status 110 where a room lets them. */
function isSelf({ session, members, jid, room, nick, key, told }: Heard): boolean {
  if (room.state === 'joined' || room.state === 'leaving') return key === occupantKey(jid, room.nick)
  const asked = members.joins.trying(jid) ?? room.nick
  const isOurs = told.jid === undefined || session.isOwn(told.jid) || accountOf(told.jid) === session.record.jid
  return isOurs && told.codes.has('110') && (occupantKey(jid, asked) === occupantKey(jid, nick) || told.codes.has('210'))
}

function occupantOf({ session, room, nick, key, told: { jid, role, affiliation } }: Heard, stanza: Element, json: StanzaJson): Occupant {
  const occupantId = occupantIdOf(stanza, room)
  const at = session.state.get(occupants, key)?.at ?? Date.now()
  const presence = Object.fromEntries(shown.flatMap((member) => (json[member] === undefined ? [] : [[member, json[member]]])))
  return {
    nick,
    ...(occupantId !== undefined && { occupantId }),
    ...(jid !== undefined && { jid }),
    ...{ at, role, affiliation, presence },
    ...(json.hats !== undefined && { hats: json.hats }),
  }
}

// ---------------------------------------------------------------- the session itself

function ownCame({ members, jid, room, nick, key, told }: Heard, occupant: Occupant): Effect {
  const { role, affiliation } = told
  const state: StateChange[] = [occupants.put(key, occupant)]
  const anonymous = told.codes.has('100') ? { anonymous: 'non' as const } : {}
  const { occupantId } = occupant
  const value: WantedRoom = { ...room, nick, role, affiliation, ...anonymous, ...(occupantId !== undefined && { occupantId }) }
  if (room.state === 'joined' || room.state === 'leaving') {
    const isSame = room.role === role && room.affiliation === affiliation
    members.shown(jid, nick)
    return { state: isSame ? state : [...state, wantedRooms.put(jid, value)], events: isSame ? [] : [changed(jid, occupant)] }
  }
  // also where another owner was told so
  const created = told.codes.has('201') || (room.created === true && room.before !== true)
  members.joins.heard(jid, { kind: 'joined', created })
  members.changed()
  if (room.behind && room.features?.archive) members.catchingUp.hold(jid)
  if (created) return { state: [...state, wantedRooms.put(jid, { ...value, created })] }
  const { events = [], state: rest = [] } = entered(jid, value)
  return { events, state: [...state, ...rest] }
}

function ownLeft(heard: Heard): Effect | undefined {
  const { session, members, jid, room, told } = heard
  if (told.codes.has('303') && told.nick !== undefined) return renamed(heard, told.nick, true)
  if (room.state === 'leaving') {
    members.departed(jid)
    return removed(session, jid, room.before === true)
  }
  const said = reasonOf(told)
  if (room.state !== 'joined' && said === undefined) return undefined
  const reason = said ?? 'lost'
  members.changed()
  const { by, text, destroyed } = told
  const more = { ...(by && { by }), ...(text && { text }), ...destroyed }
  if (comesBack.has(reason)) members.rejoin(jid, reason)
  else
    members.joins.heard(jid, {
      kind: 'failed',
      problem: stanzaProblem({ type: 'cancel', condition: 'not-allowed', text: `The session was taken out of the room: ${reason}.` }),
    })
  const { events = [], state = [] } = left(session, jid, room, { reason, ...more })
  return { state, events: [...(destroyed ? [roomEvent('room.destroyed', jid, destroyed)] : []), ...events] }
}

/** The room refuses something: to be joined, another nick, or to go on. */
function refused(
  stanza: Element,
  session: LiveSession,
  { jid, room, nick }: { jid: string; room: WantedRoom; nick: string | undefined },
  members: Membership,
): Effect | undefined {
  const error = readError(child(stanza, 'error'))
  const problem = stanzaProblem(error)
  if (room.state === 'joining') {
    if (nick === undefined || nick === members.joins.trying(jid)) members.joins.heard(jid, { kind: 'failed', problem })
    return undefined
  }
  if (room.state !== 'joined' || members.refused(jid, nick, problem)) return undefined
  if (!(nick === undefined || occupantKey(jid, nick) === occupantKey(jid, room.nick)) || !fatal.has(error.condition)) return undefined
  members.rejoin(jid, 'error')
  return left(session, jid, room, { reason: 'error', ...(error.text && { text: error.text }) })
}

// ---------------------------------------------------------------- others

const changed = (jid: string, occupant: Occupant) => volatileRoomEvent('room.occupant-changed', jid, occupantJson(occupant))

/** Who is there when the session comes is no news. */
function cameBy({ session, jid, room, key }: Heard, occupant: Occupant): Effect {
  const before = session.state.get(occupants, key)
  if (before && isDeepStrictEqual(before, occupant)) return {}
  const state = [occupants.put(key, occupant)]
  if (room.state !== 'joined') return { state }
  return { state, events: [before ? changed(jid, occupant) : volatileRoomEvent('room.occupant-joined', jid, occupantJson(occupant))] }
}

function leftBy(heard: Heard): Effect | undefined {
  const { session, jid, room, nick, key, told } = heard
  if (told.codes.has('303') && told.nick !== undefined) return renamed(heard, told.nick, false)
  const before = session.state.get(occupants, key)
  if (before === undefined) return undefined
  const { by, text } = told
  const about = { ...occupantJson({ ...before, nick }), reason: reasonOf(told) ?? 'left', ...(by && { by }), ...(text && { text }) }
  return {
    state: [occupants.remove(key)],
    events: room.state === 'joined' ? [volatileRoomEvent('room.occupant-left', jid, about)] : [],
  }
}

function renamed({ session, jid, room, nick, key }: Heard, to: string, own: boolean): Effect {
  const before = session.state.get(occupants, key)
  const occupantId = before?.occupantId
  const state = [occupants.remove(key), ...(before ? [occupants.put(occupantKey(jid, to), { ...before, nick: to })] : [])]
  if (own) state.push(wantedRooms.put(jid, { ...room, nick: to }))
  const data = { from: nick, to, own, ...(occupantId !== undefined && { occupantId }) }
  return { state, events: room.state === 'joined' ? [volatileRoomEvent('room.nick-changed', jid, data)] : [] }
}
