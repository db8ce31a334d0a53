/** The roster as operations read it: what is not known is never shown as empty. */
import { Problem } from '../../errors.ts'
import type { SessionHandle } from '../../gateway/feature.ts'
import { stopped } from '../../gateway/live.ts'
import { ended } from '../../gateway/state.ts'
import { unreadOf } from '../../gateway/unread.ts'
import type { Contact } from './contact.ts'

/** s until it is worth asking again */
const AGAIN = 5

/** The contacts by JID. Rejects with roster-unread where the server did not tell them yet, or not in a way that could be read. */
export async function rosterOf(session: SessionHandle): Promise<Map<string, Contact>> {
  const [account, roster] = await Promise.all([session.state('account'), session.state('roster')])
  const { roster: unread } = unreadOf(account)
  if (unread) throw unreadable(unread)
  if (account.has('roster')) return roster as Map<string, Contact>
  const { state } = await session.status()
  if (ended.includes(state)) throw stopped(state)
  throw new Problem('roster-unread', 'The roster is read when the session comes online.', { retryAfter: AGAIN })
}

export function unreadable({ code, detail, xmpp }: ReturnType<typeof unreadOf>[string]): Problem {
  const reason = code === 'stanza-too-large' ? 'It is larger than what is read.' : detail
  return new Problem('roster-unread', `The roster could not be read from the server. ${reason}`, { ...(xmpp && { xmpp }) })
}
