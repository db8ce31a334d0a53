/** Whom a message is for decides what it is: to a room, to somebody in a room, or to anybody else (XEP-0045 sections 7.4 and 7.5). */
import type { StanzaJson } from '../codec/translate.ts'
import { Problem } from '../errors/problem.ts'
import { directed } from '../gateway/contract/roster-and-presence.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import { accountOf, isBare } from '../jid.ts'
import { MUC_USER } from '../protocol/namespaces.ts'
import { child, type Element, element, withChildren } from '../xml/element.ts'
import { isComing, wantedRooms } from './room-state.ts'

/** What a message is by whom it is for. */
interface Kind {
  /** unless its caller says another */
  type: 'chat' | 'groupchat'
  /** to somebody in a room alone */
  isPrivate?: true
}

/** Rejects with room-not-joined. */
export async function kindOf({ to, type }: StanzaJson, session: SessionHandle): Promise<Kind> {
  if (typeof to !== 'string') return { type: 'chat' }
  const address = accountOf(to)
  const room = await session.known(wantedRooms, address)
  if (room === undefined) {
    if (type === 'groupchat' && (await session.known(directed, address))?.muc !== true) throw notJoined(address)
    return { type: 'chat' }
  }
  if (room.state !== 'joined' && !isComing(room)) throw notJoined(address)
  return isBare(to) ? { type: 'groupchat' } : { type: 'chat', isPrivate: true }
}

/** Said so that its copies for other clients of the account, and clients that are in the room twice, know what it is. */
export function marked(message: Element, { isPrivate }: Kind): Element {
  const isMarked = isPrivate !== true || message.attributes.type === 'groupchat' || child(message, 'x', MUC_USER) !== undefined
  return isMarked ? message : withChildren(message, element('x', MUC_USER))
}

const notJoined = (room: string) =>
  new Problem('room-not-joined', `The session is not in ${room} and does not want to be: PUT /rooms/{room} first.`)
