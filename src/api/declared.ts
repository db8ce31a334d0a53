/** Which problems an operation may answer: its own, and those that all of its kind may. */
import { channel } from 'node:diagnostics_channel'
import { z } from 'zod'
import { type OwnCode, type ProblemCode, stanzaErrorCodes } from '../errors/catalogue.ts'
import { Problem } from '../errors/problem.ts'
import type { Operation } from '../gateway/contract/operation.ts'

/** where a stanza is made of what a caller wrote */
export const ofStanzas = ['jid-malformed', 'not-a-stanza', 'stanza-too-large'] as const satisfies OwnCode[]

/** where the instance that has the session does the work (`SessionHandle.perform`) */
export const ofOwner = ['session-offline', 'session-stopped', 'outcome-unknown', 'xmpp-timeout'] as const satisfies OwnCode[]

/** where somebody else is asked by an iq, the own server too */
export const ofIqs: readonly ProblemCode[] = [...ofOwner, 'stanza-too-large', 'too-many-requests', 'id-in-use', ...stanzaErrorCodes]

/** where the account logs in */
export const ofLogIns: readonly ProblemCode[] = [
  'address-not-allowed',
  'session-offline',
  'xmpp-authentication-failed',
  'xmpp-conflict',
  'xmpp-server-not-trusted',
  'xmpp-timeout',
  'xmpp-tls-failed',
  'xmpp-unreachable',
]

/** where a caller says as which address of a component it speaks */
export const ofSpeakers = ['jid-malformed', 'from-not-allowed'] as const satisfies OwnCode[]

/** what every operation may answer */
export const always: readonly ProblemCode[] = [
  'invalid-request',
  'unauthorized',
  'internal-error',
  'draining',
  'store-unavailable',
  'too-busy',
  'too-many-requests',
  'issuer-unavailable',
]

/** All problems that an operation may answer. */
export function problemsOf({
  problems,
  scope,
  session,
  params,
  query,
  body,
  xmlBody,
  bytesBody,
  idempotency,
  components,
}: Omit<Operation, 'run'>): ReadonlySet<ProblemCode> {
  const all = new Set<ProblemCode>(always)
  const add = (...codes: readonly ProblemCode[]) => {
    for (const code of codes) all.add(code)
  }
  if (scope !== null) add('scope-missing')
  if (session !== 'none') add('session-required', 'session-not-found')
  if (session !== 'none' && !components) add('not-for-components')
  if (components === 'generic') add(...ofSpeakers)
  if (session !== 'none' || hasRecipient(body)) add('recipient-not-allowed')
  if (typeof session === 'object') add(session.missing)
  if (params || query || body) add('illegal-character')
  if (bytesBody) add('body-too-large', 'length-required', 'request-timeout', 'unsupported-media-type')
  if (body || xmlBody) add('body-too-large', 'unsupported-media-type')
  if (idempotency) add('idempotency-key-running', 'idempotency-key-reused')
  add(...problems)
  return all
}

const hasRecipient = (body: Operation['body']) => body instanceof z.ZodObject && 'to' in body.shape

const undeclared = channel('stanzagate.undeclared-problem')

/** Says on a channel of node's diagnostics that an operation ended with a problem which it does not declare. Free where nobody listens. */
export function noteUndeclared(operation: Operation, thrown: unknown): void {
  if (!undeclared.hasSubscribers || !(thrown instanceof Problem) || problemsOf(operation).has(thrown.code)) return
  undeclared.publish({ operation: operation.id, code: thrown.code, detail: thrown.message })
}
