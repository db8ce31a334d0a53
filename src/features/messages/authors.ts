import { joined } from '../../gateway/contract/roster-and-presence.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { defineKind } from '../../gateway/contract/state-kind.ts'
import { trustedStanzaId } from '../../gateway/inbound/provenance.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import { accountOf, comparable, isBare } from '../../jid.ts'
import { OCCUPANT_ID, STANZA_ID } from '../../protocol/namespaces.ts'
import { child, type Element } from '../../xml/element.ts'
import { occupantIdOf, occupants, roomOf, type WantedRoom } from '../room-state.ts'

/** By id, the authors of messages of a session; the oldest are forgotten. */
export const authors = defineKind<string[]>({ name: 'authors', bound: 'authors', entries: 200, size: 128 * 1024 })
/** authors of one id: others may use it too */
const AUTHORS = 4

/** Remembers who wrote a message, so that nobody else can correct or retract it. */
export function remember(message: Element, session: LiveSession): StateChange[] {
  const author = authorOf(message, session)
  if (author === undefined) return []
  const known = (key: string) => session.state.get(authors, key) ?? []
  const keys = keysOf(message).filter((key) => !known(key).includes(author))
  return keys.map((key) => authors.put(key, [...known(key).slice(1 - AUTHORS), author]))
}

/**
 * Does a correction or retraction of the message `id` come from its author? One of a message that is not remembered proves nothing.
 * A retraction in a room names the message by the id that the room gave it (XEP-0424), all others by its author's.
 */
export async function isByAuthor(message: Element, sense: 'correction' | 'retraction', id: string, session: LiveSession): Promise<boolean> {
  const author = authorOf(message, session)
  const room = groupchatOf(message)
  // a room itself retracts for its moderators (XEP-0425)
  if (author === room) return true
  const ours = room === undefined && (await session.message(id)) !== undefined
  if (ours) return author === session.record.jid
  const key = room !== undefined && sense === 'retraction' ? byRoom(room, id) : byAuthor(id)
  return author !== undefined && session.state.get(authors, key)?.includes(author) === true
}

/**
 * Whoever a message counts as written by: the account; of a room the occupant, and where the room tells occupants apart (XEP-0421)
 * the very one, since a nick may pass to somebody else.
 */
function authorOf(message: Element, session: LiveSession): string | undefined {
  const { from } = message.attributes
  if (from === undefined) return session.record.jid
  const found = roomOf(session.state, from)
  if (found) return occupantOf(message, from, found, session)
  if (groupchatOf(message) === undefined && !isRoom(from, session)) return accountOf(from)
  const occupant = child(message, 'occupant-id', OCCUPANT_ID)?.attributes.id
  return occupant === undefined || isBare(from) ? comparable(from) : `${comparable(from)}\n${occupant}`
}

function groupchatOf({ attributes: { from, type } }: Element): string | undefined {
  return type === 'groupchat' && from !== undefined ? accountOf(from) : undefined
}

/** By its id where the room gives one, whatever its nick; else by the nick as long as it has not left. Undefined where that is not known. */
function occupantOf(
  message: Element,
  from: string,
  { jid, room }: { jid: string; room: WantedRoom },
  { state }: LiveSession,
): string | undefined {
  if (isBare(from)) return jid
  const id = occupantIdOf(message, room)
  if (id !== undefined) return `${jid}\n${id}`
  const since = state.get(occupants, comparable(from))?.at
  return since === undefined ? undefined : `${comparable(from)}\n${since}`
}

/** Is it a room that this session is in, or an occupant of one? */
export function isRoom(address: string, session: LiveSession): boolean {
  return joined(session.state, accountOf(address)) !== undefined
}

/** Ids given by authors and by rooms are kept apart: an author may use a room's for a message of its own. */
const byAuthor = (id: string) => `author ${id}`
const byRoom = (room: string, id: string) => `room ${room} ${id}`

/** The ids by which others name a message: its author's, and in a room the room's (XEP-0359). */
function keysOf(message: Element): string[] {
  const { id } = message.attributes
  const origin = child(message, 'origin-id', STANZA_ID)?.attributes.id
  const room = groupchatOf(message)
  const given = room === undefined ? undefined : trustedStanzaId(message, room)
  const own = [...new Set([id, origin])].filter((each) => each !== undefined)
  return [...own.map(byAuthor), ...(room === undefined || given === undefined ? [] : [byRoom(room, given)])]
}
