/** What a room says of itself by service discovery (XEP-0045 section 6.4). */
import { Problem } from '../../errors/problem.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { DISCO_INFO, MAM, OCCUPANT_ID } from '../../protocol/namespaces.ts'
import { child, type Element, element, elements } from '../../xml/element.ts'
import type { RoomFeatures, WantedRoom } from '../room-state.ts'

/** ms that the room may take for it: without an answer it is joined all the same */
const WITHIN = { timeout: 10_000 }

const STABLE_IDS = 'http://jabber.org/protocol/muc#stable_id'
const SELF_PING = 'http://jabber.org/protocol/muc#self-ping-optimization'

/** Rejects with the room's problem. */
export async function readInfo(session: LiveSession, room: string): Promise<Required<Pick<WantedRoom, 'features' | 'anonymous'>>> {
  const answer = await session.iq({ type: 'get', to: room, payload: element('query', DISCO_INFO) }, WITHIN)
  return infoOf(answer)
}

/** The nick that the room keeps for the account (section 7.12), undefined where it keeps none, or does not say. */
export async function reservedNick(session: LiveSession, room: string): Promise<string | undefined> {
  const payload = element('query', DISCO_INFO, { node: 'x-roomuser-item' })
  const answer = await session.iq({ type: 'get', to: room, payload }, WITHIN).catch(unlessProblem)
  const query = answer && child(answer, 'query', DISCO_INFO)
  return (query && child(query, 'identity')?.attributes.name) || undefined
}

function unlessProblem(thrown: unknown): undefined {
  if (!(thrown instanceof Problem)) throw thrown
}

function infoOf(answer: Element): { features: RoomFeatures; anonymous: 'semi' | 'non' } {
  const query = child(answer, 'query', DISCO_INFO)
  const known = new Set(
    query === undefined ? [] : elements(query).map(({ name, attributes }) => (name === 'feature' ? attributes.var : '')),
  )
  return {
    features: {
      archive: known.has(MAM),
      moderation: [...known].some((feature) => feature?.startsWith('urn:xmpp:message-moderate:')),
      stableIds: known.has(STABLE_IDS),
      occupantIds: known.has(OCCUPANT_ID),
      selfPing: known.has(SELF_PING),
    },
    anonymous: known.has('muc_nonanonymous') ? 'non' : 'semi',
  }
}
