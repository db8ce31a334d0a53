/** What a room says of itself in messages: its subject, and how it was configured (XEP-0045 sections 8.1 and 10.9). */
import { readError } from '../../codec/stanza-error.ts'
import type { StanzaJson, Translator } from '../../codec/translate.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { trustedStanzaId } from '../../gateway/inbound/provenance.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import { isBare } from '../../jid.ts'
import { DELAY, MUC_USER } from '../../protocol/namespaces.ts'
import { child, childText, type Element, elements } from '../../xml/element.ts'
import { reflection } from '../reflection.ts'
import { nickOf, roomMarks, roomOf, speakerOf, wantedRooms } from '../room-state.ts'
import { roomEvent } from './events.ts'
import type { Membership } from './membership.ts'

/** of the configuration; 170 and 171: it is logged, or not; 172 and 173: everybody sees the JIDs of all, or not */
const configured = new Set(['104', '170', '171', '172', '173'])

const isSubject = ({ stanza }: Incoming): boolean =>
  stanza.attributes.type === 'groupchat' && child(stanza, 'subject') !== undefined && !child(stanza, 'body') && !child(stanza, 'thread')

function codesOf(stanza: Element): string[] {
  const x = child(stanza, 'x', MUC_USER)
  const codes = x === undefined ? [] : elements(x).flatMap(({ name, attributes }) => (name === 'status' ? [attributes.code ?? ''] : []))
  return codes.filter((code) => configured.has(code))
}

const isConfiguration = ({ stanza }: Incoming): boolean =>
  stanza.attributes.type !== 'error' && isBare(stanza.attributes.from ?? '') && !child(stanza, 'body') && codesOf(stanza).length > 0

/** Is it said now, while what was said before is still being read? It is in the archive too. */
export function isHeld({ stanza, archive, carbon }: Incoming, session: LiveSession, { catchingUp }: Membership): boolean {
  const { from = '', type } = stanza.attributes
  if (type !== 'groupchat' || archive || carbon) return false
  const found = roomOf(session.state, from)
  if (found === undefined || !catchingUp.isHolding(found.jid) || speakerOf(session, stanza)?.own) return false
  return isSubject({ stanza, connection: 0 }) || trustedStanzaId(stanza, found.jid) !== undefined
}

/** The place in the room's archive up to which all is known. */
export function markOf({ stanza, archive }: Incoming, session: LiveSession, { catchingUp }: Membership): StateChange[] {
  const { from = '', type } = stanza.attributes
  const found = type === 'groupchat' ? roomOf(session.state, from) : undefined
  if (found?.room.features?.archive !== true || (!archive && catchingUp.isHolding(found.jid))) return []
  const id = archive?.id ?? trustedStanzaId(stanza, found.jid)
  return id ? [roomMarks.put(found.jid, { id, at: Date.now() })] : []
}

/** The room says that the session is not in it: that is looked at. */
export function isBounce({ stanza }: Incoming, session: LiveSession): string | undefined {
  const { from = '', type } = stanza.attributes
  const found = type === 'error' && isBare(from) ? roomOf(session.state, from) : undefined
  return found?.room.state === 'joined' && readError(child(stanza, 'error')).condition === 'not-acceptable' ? found.jid : undefined
}

/** The room's own business, of a room that the session has. */
export const isAboutRoom = (incoming: Incoming, session: LiveSession): boolean =>
  incoming.stanza.name === 'message' &&
  incoming.carbon === undefined &&
  incoming.stanza.attributes.from !== undefined &&
  roomOf(session.state, incoming.stanza.attributes.from) !== undefined &&
  (isSubject(incoming) || isConfiguration(incoming))

export async function aboutRoom(
  incoming: Incoming,
  session: LiveSession,
  vocabulary: Translator,
  members: Membership,
): Promise<Effect | undefined> {
  const reflected = await reflection(incoming, session)
  const told = tell(incoming, session, vocabulary, members)
  if (reflected === undefined) return told
  const { events = [], state = [] } = told ?? {}
  // both may say what the room is now
  return { ...reflected, events: [...events, ...(reflected.events ?? [])], state: state.length > 0 ? state : (reflected.state ?? []) }
}

function tell(incoming: Incoming, session: LiveSession, vocabulary: Translator, members: Membership): Effect | undefined {
  const { stanza, archive } = incoming
  const found = roomOf(session.state, stanza.attributes.from ?? '')
  if (found === undefined) return undefined
  const { jid, room } = found
  const { json } = vocabulary.read(stanza)
  const told = (type: string, more: StanzaJson) =>
    roomEvent(type, jid, { ...json, ...more, ...(archive && { source: 'archive' }), room: jid })
  if (!isSubject(incoming)) {
    const codes = codesOf(stanza)
    const anonymous = codes.includes('172') ? 'non' : codes.includes('173') ? 'semi' : undefined
    if (!archive) members.lookAgain(jid)
    return {
      state: anonymous === undefined ? [] : [wantedRooms.put(jid, { ...room, anonymous })],
      events: [told('room.config-changed', { codes: codes.map(Number) })],
    }
  }
  const text = childText(stanza, 'subject') ?? ''
  const by = nickOf(stanza.attributes.from ?? '')
  // told with each join: what is known is no change
  if (text === (room.subject?.text ?? '')) return {}
  setImmediate(() => members.subject.tell(jid, true))
  const at = archive?.stamp ?? child(stanza, 'delay', DELAY)?.attributes.stamp ?? new Date().toISOString()
  return {
    state: [wantedRooms.put(jid, { ...room, subject: { text, ...(by !== undefined && { by }), at } })],
    events: [told('room.subject', { ...(by !== undefined && { by }), at })],
  }
}
