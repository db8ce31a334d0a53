/** Messages that the moderators of a room took away (XEP-0425). */
import type { Translator } from '../../codec/translate.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { isBare } from '../../jid.ts'
import { FASTENING, MODERATION, MODERATION_0, RETRACTION } from '../../protocol/namespaces.ts'
import { child, childText, type Element, elements } from '../../xml/element.ts'
import { roomOf } from '../room-state.ts'

interface Moderated {
  stanzaId: string
  by?: string
  reason?: string
}

/** From the room itself alone: an occupant who says so is one who says something. */
export const isModeration = (incoming: Incoming, session: LiveSession): boolean => moderationOf(incoming, session) !== undefined

export function moderated(incoming: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined {
  const found = moderationOf(incoming, session)
  if (found === undefined) return undefined
  const { room, what } = found
  const { json } = vocabulary.read(incoming.stanza)
  const data = { ...json, ...(incoming.archive && { source: 'archive' }), ...what, room }
  return { events: [{ type: 'room.message-moderated', subject: room, data }] }
}

function moderationOf({ stanza, carbon }: Incoming, session: LiveSession): { room: string; what: Moderated } | undefined {
  const { from = '', type } = stanza.attributes
  if (stanza.name !== 'message' || type !== 'groupchat' || carbon || !isBare(from)) return undefined
  const room = roomOf(session.state, from)?.jid
  const what = room === undefined ? undefined : (present(stanza) ?? before(stanza))
  return room === undefined || what === undefined ? undefined : { room, what }
}

function present(stanza: Element): Moderated | undefined {
  const retract = child(stanza, 'retract', RETRACTION)
  const by = retract && child(retract, 'moderated', MODERATION)
  return retract?.attributes.id && by ? told(retract.attributes.id, by, childText(retract, 'reason')) : undefined
}

/** as of version 0.2.1 */
function before(stanza: Element): Moderated | undefined {
  const about = child(stanza, 'apply-to', FASTENING)
  const by = about && child(about, 'moderated', MODERATION_0)
  const isRetracted = by && elements(by).some(({ name }) => name === 'retract')
  return about?.attributes.id && isRetracted ? told(about.attributes.id, by, childText(by, 'reason')) : undefined
}

const told = (stanzaId: string, { attributes: { by } }: Element, reason: string | undefined): Moderated => ({
  stanzaId,
  ...(by && { by }),
  ...(reason && { reason }),
})
