/** Invitations to rooms, by whoever invites (XEP-0249) or by the room (XEP-0045 section 7.8), and what became of our own. */
import type { Translator } from '../../codec/translate.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { accountOf, isBare, jidIfValid, withoutResource } from '../../jid.ts'
import { INVITATION, MUC_USER } from '../../protocol/namespaces.ts'
import { child, childText, type Element, text } from '../../xml/element.ts'
import { isFromUs } from '../message-event.ts'
import { type Invited, invitations, isSame } from './known.ts'

interface Told {
  type: 'room.invited' | 'room.declined'
  room: string
  from?: string
  reason?: string
  password?: string
  kind?: Invited['kind']
}

/** An invitation, or the refusal of one, is told as that alone. */
export const isInvitation = (incoming: Incoming, session: LiveSession): boolean => told(incoming, session) !== undefined

export function invited(incoming: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined {
  const about = told(incoming, session)
  if (about === undefined) return undefined
  const { type, ...what } = about
  const { stanza, carbon, archive } = incoming
  const { from: _, ...json } = vocabulary.read(stanza).json
  const data = { ...json, ...what, ...(carbon && { carbon }), ...(archive && { source: 'archive' }) }
  const event = { type, subject: what.room, data }
  if (what.kind === undefined) return { events: [event] }
  const now: Invited = { kind: what.kind, at: Date.now(), ...(what.from !== undefined && { from: what.from }) }
  const same = isSame(what.room, session.state.get(invitations, what.room), now, accountOf)
  return { events: same ? [] : [event], state: [invitations.put(what.room, now)] }
}

function told(incoming: Incoming, session: LiveSession): Told | undefined {
  const { name, attributes } = incoming.stanza
  if (name !== 'message' || attributes.type === 'error' || attributes.type === 'groupchat') return undefined
  return isFromUs(incoming, session) ? undefined : (byRoom(incoming.stanza) ?? byInviter(incoming.stanza))
}

/** It counts from the room itself: whoever is in it, and everybody else, has an address with a resource. */
function byRoom(stanza: Element): Told | undefined {
  const { from = '' } = stanza.attributes
  const x = isBare(from) && from.includes('@') ? child(stanza, 'x', MUC_USER) : undefined
  if (x === undefined) return undefined
  const room = accountOf(from)
  const decline = child(x, 'decline')
  if (decline) return { type: 'room.declined', room, ...who(decline), ...because(childText(decline, 'reason')) }
  const invite = child(x, 'invite')
  const password = childText(x, 'password')
  if (!invite) return undefined
  return {
    type: 'room.invited',
    room,
    ...who(invite),
    ...because(childText(invite, 'reason')),
    ...(password && { password }),
    kind: 'mediated',
  }
}

function byInviter(stanza: Element): Told | undefined {
  const x = child(stanza, 'x', INVITATION)
  const room = jidIfValid(withoutResource(x?.attributes.jid ?? ''))
  if (!x || !room?.includes('@')) return undefined
  const { reason = text(x), password } = x.attributes
  return { type: 'room.invited', room, ...who(stanza), ...because(reason), ...(password && { password }), kind: 'direct' }
}

const who = ({ attributes: { from } }: Element) => (from ? { from } : {})
const because = (reason: string | undefined) => (reason ? { reason } : {})
