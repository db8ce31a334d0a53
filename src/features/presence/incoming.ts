/** What an incoming presence says: who is there, who is not, who asks to know. */
import { createHash } from 'node:crypto'
import type { Translator } from '../../codec/translate.ts'
import { account as ownAccount } from '../../gateway/contract/account.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import { contacts, directed, isSubscriber, joined, presences } from '../../gateway/contract/roster-and-presence.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import type { StateKind } from '../../gateway/contract/state-kind.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import { accountOf, comparable, isBare, withoutResource } from '../../jid.ts'
import { MUC_USER } from '../../protocol/namespaces.ts'
import { child, childText, type Element, elements } from '../../xml/element.ts'
import { type KeptRequest, lastAppeared, requests } from './requests.ts'

/** ms after the initial presence within which servers repeat the requests that were not answered (RFC 6121 section 3.1.3) */
const REPEATED_WITHIN = 10_000
/** characters of the id of a request that are kept */
const ID_MAX = 100

export function incomingPresence({ stanza }: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined {
  const { from, type } = stanza.attributes
  // the own presence comes back from the server; what went wrong with it does not go unheard
  if (type !== 'error' && (!from || session.isOwn(from))) return undefined
  const data = () => vocabulary.read(stanza).json
  const subject = from ? withoutResource(from) : session.record.jid
  const sender = comparable(from || session.record.jid)
  const account = accountOf(sender)
  switch (type) {
    case undefined: {
      const json = data()
      return {
        events: [{ type: 'presence.available', subject, data: json, volatile: true }],
        state: [presences.put(sender, json)],
      }
    }
    case 'unavailable':
      return {
        events: [{ type: 'presence.unavailable', subject, data: data(), volatile: true }],
        state: [...gone(sender, session), ...left(stanza, sender, session)],
      }
    case 'error':
      return {
        events: [{ type: 'presence.error', subject, data: data(), volatile: true }],
        state: [...gone(sender, session), ...forget(directed, sender, session), ...notJoined(sender, session)],
      }
    case 'subscribe': {
      const request = readRequest(stanza, account, session)
      const state = [requests.put(account, request.kept)]
      return request.repeated ? { state } : { events: [{ type: 'subscription.requested', subject, data: data() }], state }
    }
    case 'subscribed':
      return { events: [{ type: 'subscription.approved', subject, data: data() }] }
    case 'unsubscribe':
      return {
        events: [{ type: 'subscription.cancelled', subject, data: data() }],
        state: [requests.remove(account)],
      }
    case 'unsubscribed':
      return { events: [{ type: 'subscription.denied', subject, data: data() }] }
    default:
      return undefined
  }
}

/** A bare JID that is unavailable has no resource left. */
const gone = (from: string, session: LiveSession) => forget(presences, from, session)

/** A room that refuses before anybody in it was seen was not joined; later it is a change that it refuses, as of the nick. */
function notJoined(from: string, { state }: LiveSession): StateChange[] {
  const room = accountOf(from)
  const isRefused = !isBare(from) && joined(state, room) !== undefined && state.ofAccount(presences, room).length === 0
  return isRefused ? [directed.remove(room)] : []
}

/** The own presence of a room says that the session is not in it any more, unless it goes by another nick (XEP-0045 sections 7.6 and 7.14). */
function left(stanza: Element, from: string, { state }: LiveSession): StateChange[] {
  const about = child(stanza, 'x', MUC_USER)
  if (about === undefined || joined(state, accountOf(from)) === undefined) return []
  const codes = elements(about).map(({ name, attributes }) => (name === 'status' ? attributes.code : undefined))
  return codes.includes('110') && !codes.includes('303') ? [directed.remove(accountOf(from))] : []
}

function forget(kind: StateKind, from: string, { state }: LiveSession): StateChange[] {
  const known = state.get(kind, from) !== undefined ? [from] : []
  const keys = isBare(from) ? state.ofAccount(kind, from) : known
  return keys.map(kind.remove)
}

/**
 * Is it a request that was told, which the server repeats after the own presence? It does so once for each that was not answered;
 * some write its id and words again, some the words alone. In doubt it is told again.
 */
function readRequest(stanza: Element, account: string, session: LiveSession): { repeated: boolean; kept: KeptRequest } {
  const appeared = lastAppeared.of(session.state.all(ownAccount)) ?? 0
  const known = session.state.get(requests, account)
  const { id } = stanza.attributes
  const words = childText(stanza, 'status')
  const request: KeptRequest = { ...(id !== undefined && { id: id.slice(0, ID_MAX) }), ...(words && { said: hash(words) }) }
  // another client may have answered it
  const isOpen = known !== undefined && !isSubscriber(session.state.get(contacts, account))
  const { id: before, said, repeated } = known === true || known === undefined ? request : known
  const isSame = said === request.said && (request.id === undefined || before === undefined || before === request.id)
  if (!isOpen || !isSame || repeated === appeared || Date.now() - appeared >= REPEATED_WITHIN) return { repeated: false, kept: request }
  return { repeated: true, kept: { ...(known === true ? request : known), repeated: appeared } }
}

const hash = (text: string) => createHash('sha256').update(text).digest('base64url')
