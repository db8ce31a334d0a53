/** The roster as operations read it: what is not known is never shown as empty. */
import { Problem } from '../errors/problem.ts'
import { hasOneSpelling, sameAccount } from '../folded-jid.ts'
import { account, type Unread, unread } from '../gateway/contract/account.ts'
import { type Contact, contacts } from '../gateway/contract/roster-and-presence.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import { ended, stopped } from '../gateway/session/status.ts'
import { rosterVersion } from './roster-version.ts'

/** s until it is worth asking again */
const AGAIN = 5

/** JIDs of all contacts. Rejects as `mustBeRead` does. */
export async function contactsOf(session: SessionHandle): Promise<string[]> {
  await mustBeRead(session)
  return await session.stateKeys(contacts)
}

/** Those of these JIDs that are contacts, in their order. */
export async function readContacts(session: SessionHandle, jids: readonly string[]): Promise<Contact[]> {
  return [...(await session.state(contacts, jids)).values()]
}

/** Undefined for nobody's JID; the server may write it in another way. Rejects as `mustBeRead` does. */
export async function contactOf(session: SessionHandle, jid: string): Promise<Contact | undefined> {
  await mustBeRead(session)
  const [contact] = await readContacts(session, [jid])
  if (contact || hasOneSpelling(jid)) return contact
  const known = (await session.stateKeys(contacts)).filter((key) => sameAccount(key, jid))
  return known.length === 1 ? (await readContacts(session, known))[0] : undefined
}

/** Rejects with roster-unread where the server did not tell the contacts yet, or not in a way that could be read. */
async function mustBeRead(session: SessionHandle): Promise<void> {
  const known = await session.state(account)
  const why = unread.of(known)?.roster
  if (why) throw unreadable(why)
  if (rosterVersion.of(known) !== undefined) return
  const { state } = await session.status()
  if (ended.includes(state)) throw stopped(state)
  throw new Problem('roster-unread', 'The roster is read when the session comes online.', { retryAfter: AGAIN })
}

export function unreadable({ code, detail, xmpp }: Unread): Problem {
  const reason = code === 'stanza-too-large' ? 'It is larger than what is read.' : detail
  return new Problem('roster-unread', `The roster could not be read from the server. ${reason}`, { ...(xmpp && { xmpp }) })
}
