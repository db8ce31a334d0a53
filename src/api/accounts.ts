/** Which accounts' sessions there are for a caller. */
import { Problem } from '../errors/problem.ts'
import { sessionNotFound } from '../errors/refusals.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import { domainOf, jid, jidIfValid, withoutResource } from '../jid.ts'

/** The normal form of what a key says: a bare JID, or `*@domain`. Throws the problem jid-malformed. */
export function accountPattern(text: string, path: string): string {
  if (text.startsWith('*@')) return `*@${jid(text.slice(2), path)}`
  return withoutResource(jid(text, path))
}

/** `account`: normalised; a domain alone is that of an anonymous account, or all of a domain. */
export function hasAccount({ sessions }: Pick<Caller, 'sessions'>, account: string): boolean {
  return sessions === undefined || sessions.some((pattern) => matches(pattern, account))
}

/** May a reference that is a JID be one of an account there is for the caller? Told from what it says alone. */
function mayMean(caller: Pick<Caller, 'sessions'>, reference: string): boolean {
  const account = withoutResource(jidIfValid(reference) ?? '')
  if (caller.sessions === undefined || hasAccount(caller, account)) return true
  // what the server calls an anonymous account is of its domain
  return account !== '' && caller.sessions.includes(domainOf(account))
}

function matches(pattern: string, account: string): boolean {
  if (!pattern.startsWith('*@')) return pattern === account
  const domain = pattern.slice(2)
  return account === domain || account.endsWith(`@${domain}`)
}

/** Throws session-not-allowed. */
export function checkAccount(caller: Pick<Caller, 'sessions'>, account: string): void {
  if (!hasAccount(caller, account))
    throw new Problem('session-not-allowed', `The key is for the sessions of ${caller.sessions?.join(', ')}; not of ${account}.`)
}

/** Are all accounts of the one among those of the other? */
export function areWithin(inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean {
  if (outer === undefined) return true
  return inner?.every((pattern) => outer.some((one) => one === pattern || (!pattern.startsWith('*@') && matches(one, pattern)))) ?? false
}

/** What is of sessions, by their ids, as a caller sees it. What is of all sessions of a tenant is for those who have all of them. */
export async function visible<Of extends { session?: string }>(
  sessions: Pick<Sessions, 'resolve'>,
  caller: Caller,
  all: readonly Of[],
): Promise<Of[]> {
  if (caller.session !== undefined) return all.filter(({ session }) => session === caller.session)
  if (caller.sessions === undefined) return [...all]
  const ids = [...new Set(all.flatMap(({ session }) => session ?? []))]
  const found = await Promise.all(ids.map((id) => sessions.resolve(caller.tenant, id).catch(unlessEnded)))
  const own = new Set(found.flatMap((handle) => (handle && hasAccount(caller, handle.record.jid) ? [handle.record.id] : [])))
  return all.filter(({ session }) => session !== undefined && own.has(session))
}

/** The session that a caller names, in what acts for none. Rejects with session-not-found, session-required. */
export async function sessionFor(sessions: Pick<Sessions, 'resolve'>, caller: Caller, reference: string): Promise<SessionHandle> {
  // told before it is looked for: one that there is not takes as long
  if (!reference.startsWith('ses_') && !mayMean(caller, reference)) throw sessionNotFound()
  const handle = await sessions.resolve(caller.tenant, reference)
  if (caller.session !== undefined && handle.record.id !== caller.session) throw sessionNotFound()
  if (!hasAccount(caller, handle.record.jid)) throw sessionNotFound()
  return handle
}

function unlessEnded(thrown: unknown): undefined {
  if (!(thrown instanceof Problem) || thrown.code !== 'session-not-found') throw thrown
}
