/** The roster as operations read it: what is not known is never shown as empty. */
import { Problem } from '../../errors/problem.ts'
import { hasOneSpelling, sameAccount } from '../../folded-jid.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import { stopped } from '../../gateway/session/live-session.ts'
import { ended } from '../../gateway/session/status.ts'
import { unreadOf } from '../../gateway/session/unread.ts'
import type { Contact } from './contact.ts'

const KIND = 'roster'
/** s until it is worth asking again */
const AGAIN = 5

/** JIDs of all contacts. Rejects as `mustBeRead` does. */
export async function contactsOf(session: SessionHandle): Promise<string[]> {
  await mustBeRead(session)
  return await session.stateKeys(KIND)
}

/** Those of these JIDs that are contacts, in their order. */
export async function readContacts(session: SessionHandle, jids: readonly string[]): Promise<Contact[]> {
  return [...(await session.state(KIND, jids)).values()] as Contact[]
}

/** Undefined for nobody's JID; the server may write it in another way. Rejects as `mustBeRead` does. */
export async function contactOf(session: SessionHandle, jid: string): Promise<Contact | undefined> {
  await mustBeRead(session)
  const [contact] = await readContacts(session, [jid])
  if (contact || hasOneSpelling(jid)) return contact
  const known = (await session.stateKeys(KIND)).filter((key) => sameAccount(key, jid))
  return known.length === 1 ? (await readContacts(session, known))[0] : undefined
}

/** Rejects with roster-unread where the server did not tell the contacts yet, or not in a way that could be read. */
async function mustBeRead(session: SessionHandle): Promise<void> {
  const account = await session.state('account')
  const { roster: unread } = unreadOf(account)
  if (unread) throw unreadable(unread)
  if (account.has('roster')) return
  const { state } = await session.status()
  if (ended.includes(state)) throw stopped(state)
  throw new Problem('roster-unread', 'The roster is read when the session comes online.', { retryAfter: AGAIN })
}

export function unreadable({ code, detail, xmpp }: ReturnType<typeof unreadOf>[string]): Problem {
  const reason = code === 'stanza-too-large' ? 'It is larger than what is read.' : detail
  return new Problem('roster-unread', `The roster could not be read from the server. ${reason}`, { ...(xmpp && { xmpp }) })
}
