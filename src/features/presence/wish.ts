/** What a session is to show of itself, and what it shows instead where the server does not take that. */
import { isDeepStrictEqual } from 'node:util'
import type { StanzaErrorJson } from '../../errors/catalogue.ts'
import type { Problem } from '../../errors/problem.ts'
import { account, ownPresence, type Wanted } from '../../gateway/contract/account.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { wishOf } from '../own-presence.ts'

/** of what is written again on each new stream */
export const KEY = 'presence'
const plain: Wanted = {}

const keptWish = (session: LiveSession) => ownPresence.of(session.state.all(account))

/** The last one that the server took. */
export function goodOf(session: LiveSession): Wanted {
  const { wanted, instead } = wishOf(session)
  if (instead !== undefined) return instead
  const changed = keptWish(session) !== undefined
  return changed || !session.repeated.isOpen(KEY) ? wanted : plain
}

/** Streams ended over it, or it cannot be written: the last one that was taken is wanted again, or a plain one, or none. */
export async function giveUp(session: LiveSession, { message, options }: Problem): Promise<void> {
  const { wanted } = wishOf(session)
  const good = goodOf(session)
  const next = isDeepStrictEqual(wanted, plain) ? false : isDeepStrictEqual(wanted, good) ? plain : good
  const error: StanzaErrorJson = options.xmpp ?? { type: 'modify', condition: 'undefined-condition', text: message }
  const data = { ...(wanted || {}), from: session.record.jid, type: 'error', error, source: 'gateway' }
  await session.commit({
    state: [ownPresence.put({ wanted: next, since: Date.now() })],
    events: [{ type: 'presence.error', subject: session.record.jid, data, volatile: true }],
  })
}
