import { Problem } from '../errors/problem.ts'
import { sessionNotFound } from '../errors/refusals.ts'
import type { Caller, Operation } from '../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import { jidIfValid, withoutResource } from '../jid.ts'
import { hasAccount, sessionFor } from './accounts.ts'
import { refuse } from './validation.ts'

/** characters of a JID (RFC 7622 section 3.1), or of an id */
const REFERENCE_MAX = 3071

/** What says which session a call is for; nothing in it is checked yet. */
interface Asked {
  caller: Caller
  params: Readonly<Record<string, unknown>>
  query: Readonly<Record<string, unknown>>
}

export type WhichSession = (operation: Pick<Operation, 'session'>, asked: Asked) => Promise<SessionHandle | undefined>

/**
 * Finds the session that a call is for, by the rule of its operation. Another tenant's one, and for a session token any but its own,
 * is as one that does not exist. Rejects with session-required, session-not-found, what the rule says is missing, invalid-request.
 */
export function createWhichSession(sessions: Sessions): WhichSession {
  async function byReference(caller: Caller, reference: string): Promise<SessionHandle> {
    if (reference.length > REFERENCE_MAX) throw sessionNotFound()
    if (caller.session === undefined) return sessionFor(sessions, caller, reference)
    const own = await sessions.resolve(caller.tenant, caller.session)
    if (reference === own.record.id || reference === own.record.jid) return own
    // no other is looked for: it would take longer where there is one
    if (!mayName(reference, own.record.jid)) throw sessionNotFound()
    const named = await sessions.resolve(caller.tenant, reference).catch(() => undefined)
    if (named?.record.id === own.record.id) return own
    throw sessionNotFound()
  }

  return async ({ session: rule }, { caller, params, query }) => {
    if (rule === 'none') return undefined
    const id = rule === 'named' ? undefined : checked('params.id', params.id, 'is required')
    if (rule !== 'named' && rule.by === 'session') return byReference(caller, id!)
    const reference = query.session ?? caller.session
    if (reference !== undefined) return byReference(caller, checked('query.session', reference, 'must be one session'))
    if (rule === 'named')
      throw new Problem('session-required', 'Say which session with ?session=<session id, bare JID or full JID>, percent-encoded.')
    const found = await sessions.ofMessage(caller.tenant, id!)
    if (found && isOf(caller, found)) return found
    throw new Problem(rule.missing, 'There is nothing with this id.')
  }
}

const isOf = (caller: Caller, { record: { id, jid } }: SessionHandle) =>
  hasAccount(caller, jid) && (caller.session === undefined || caller.session === id)

function checked(path: string, value: unknown, message: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw refuse([{ path, message }])
}

/** May a reference be one of an account? It is an address of it, or of its domain where that is all that is known of the account. */
function mayName(reference: string, account: string): boolean {
  const address = withoutResource(jidIfValid(reference) ?? '')
  return address === account || (!account.includes('@') && address.endsWith(`@${account}`))
}
