/** What the server tells of the block list to a client that has read it on its stream (XEP-0191 section 3.3 to 3.5). */
import { folded, foldedBare } from '../../folded-jid.ts'
import type { Effect, IqAnswer } from '../../gateway/contract/feature.ts'
import { contacts, presences } from '../../gateway/contract/roster-and-presence.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { accountOf, isBare, withoutResource } from '../../jid.ts'
import { BLOCKING } from '../../protocol/namespaces.ts'
import { CLIENT, child, element } from '../../xml/element.ts'
import { jidsOf } from './items.ts'

/** ms that the server may take for the list, and longer where it is on its way still */
const READ_WITHIN = { timeout: 30_000, most: 300_000 }
/** bytes of a list, as XML */
const MOST = 2 * 1024 * 1024

/** contacts whose presence is asked for when they are not blocked any more, at most */
const PROBES = 100

export function liveBlocklist() {
  /** of sessions whose stream has not read it yet */
  const unread = new WeakSet<LiveSession>()

  const push = (name: 'block' | 'unblock'): IqAnswer => ({
    type: 'set',
    name,
    xmlns: BLOCKING,
    ownAccount: true,
    answer(iq, session) {
      const jids = jidsOf(child(iq, name, BLOCKING))
      return { effect: name === 'block' ? blocked(jids, session) : unblocked(jids, session) }
    },
  })

  return {
    answers: [push('block'), push('unblock')],
    async bind(session: LiveSession): Promise<void> {
      unread.add(session)
    },
    /** Nothing waits for it: without it there are no pushes, and that is all. */
    async online(session: LiveSession): Promise<void> {
      if (!unread.delete(session)) return
      const payload = element('blocklist', BLOCKING)
      try {
        await session.large(MOST, (room) => session.iq({ type: 'get', payload }, { ...READ_WITHIN, room }))
      } catch (error) {
        if (!session.online()) unread.add(session)
        throw error
      }
    },
  }
}

/** Nobody hears of those who are blocked any more: what was known of their presence is over. */
function blocked(jids: readonly string[], session: LiveSession): Effect {
  const gone = [...session.state.all(presences).keys()].filter((jid) => jids.some((one) => covers(one, jid)))
  return {
    events: [
      updated(session, { blocked: jids, unblocked: [] }),
      ...gone.map((from) => ({
        type: 'presence.unavailable',
        subject: withoutResource(from),
        volatile: true,
        data: { from, type: 'unavailable', source: 'blocklist' },
      })),
    ],
    state: gone.map(presences.remove),
  }
}

/** No server tells by itself what it kept back of their presence: it is asked for that. */
function unblocked(jids: readonly string[], session: LiveSession): Effect {
  const seen = [...session.state.all(contacts).values()].filter(({ subscription }) => subscription === 'to' || subscription === 'both')
  const accounts = new Set([...session.state.all(presences).keys()].map(accountOf))
  const unknown = seen.filter(({ jid }) => !accounts.has(jid) && (jids.length === 0 || jids.some((one) => covers(one, jid))))
  return {
    // without an item it is all of them
    events: [updated(session, { blocked: [], unblocked: jids, ...(jids.length === 0 ? { all: true } : {}) })],
    replies: unknown.slice(0, PROBES).map(({ jid }) => element('presence', CLIENT, { type: 'probe', to: jid })),
  }
}

const updated = (session: LiveSession, data: object) => ({ type: 'blocklist.updated', subject: session.record.jid, data })

/** Does a blocked JID mean this full one (XEP-0191 section 5)? */
function covers(blocked: string, jid: string): boolean {
  const address = folded(jid)
  const account = foldedBare(jid)
  const domain = account.slice(account.indexOf('@') + 1)
  if (isBare(blocked)) return [account, domain].includes(folded(blocked))
  return [address, `${domain}/${address.slice(account.length + 1)}`].includes(folded(blocked))
}
