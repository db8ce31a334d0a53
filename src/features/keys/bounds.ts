/** No key makes a key with more than itself. */
import { accountPattern, areWithin } from '../../api/accounts.ts'
import type { KeyRing } from '../../api/key-ring.ts'
import { mayDo } from '../../api/scopes.ts'
import { Problem } from '../../errors/problem.ts'
import type { Caller } from '../../gateway/contract/operation.ts'
import { areRecipients, recipientPattern } from '../../gateway/contract/recipients.ts'
import type { KeyRecord } from '../../gateway/ports/key.ts'

/** What a key may do and how long it is good, as a caller says it. */
interface Told {
  sessions?: readonly string[] | null
  recipients?: readonly string[] | null
}

/** Throws scope-missing: a session token is for its session, and keys are not. */
export function mustBeKey({ session }: Caller): void {
  if (session !== undefined) throw new Problem('scope-missing', 'A session token is for its own session; an API key is for keys.')
}

/** The lists of a key in their normal form. Throws jid-malformed. */
export function normalised({ sessions, recipients }: Told): Told {
  return {
    ...(sessions !== undefined && { sessions: sessions && distinct(sessions, 'body.sessions', accountPattern) }),
    ...(recipients !== undefined && { recipients: recipients && distinct(recipients, 'body.recipients', recipientPattern) }),
  }
}

function distinct(list: readonly string[], path: string, normal: (text: string, path: string) => string): string[] {
  return [...new Set(list.map((one, index) => normal(one, `${path}.${index}`)))]
}

/** Until when (epoch ms) what a caller calls with is good; undefined: for ever. */
export async function goodUntil(ring: Pick<KeyRing, 'byId'>, { tenant, key, grant }: Caller): Promise<number | undefined> {
  return key === undefined ? grant?.until : (await ring.byId(tenant, key))?.expiresAt
}

/** Throws scope-missing, session-not-allowed, recipient-not-allowed where a key would have more than the caller. `until`: of the caller's own key. */
export function mustBeWithin(
  key: Pick<KeyRecord, 'scopes' | 'sessions' | 'recipients' | 'expiresAt'>,
  caller: Caller,
  until: number | undefined,
): void {
  const missing = key.scopes.find((scope) => !mayDo(scope, caller))
  if (missing !== undefined) throw tooMuch('scope-missing', 'scopes', `The token lacks the scope ${missing}.`)
  if (!areWithin(key.sessions, caller.sessions))
    throw tooMuch('session-not-allowed', 'sessions', `The token is for the sessions of ${caller.sessions?.join(', ')} alone.`)
  if (!areRecipients(key.recipients, caller.recipients))
    throw tooMuch('recipient-not-allowed', 'recipients', `The token may write to ${caller.recipients?.join(', ')} alone.`)
  if (until !== undefined && (key.expiresAt ?? Number.POSITIVE_INFINITY) > until)
    throw tooMuch(
      'scope-missing',
      'expiresAt',
      `The token is good until ${new Date(until).toISOString()}, and makes none that lasts longer.`,
    )
}

function tooMuch(code: 'scope-missing' | 'session-not-allowed' | 'recipient-not-allowed', member: string, detail: string): Problem {
  return new Problem(code, detail, { errors: [{ path: `body.${member}`, message: 'is more than the token has' }] })
}
