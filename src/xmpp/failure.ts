import type { OwnCode, ProblemCode } from '../errors/catalogue.ts'
import { Problem } from '../errors/problem.ts'
import { childText, type Element, elements, text } from '../xml/element.ts'
import { streamCondition } from './conditions.ts'

const STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'

/**
 * Why an attempt or a stream ended. `reason` is a word for states, logs and the supervisor's table:
 * a stream error condition (RFC 6120 section 4.9.3), `sasl-<condition>`, or one of our own.
 */
export class Failure extends Error {
  readonly reason: string
  readonly problem: Problem
  /** `host[:port]` of a see-other-host that was said over TLS */
  elsewhere: string | undefined
  /** the server said so itself, in a `<stream:error/>` */
  said = false

  constructor(reason: string, problem: Problem) {
    super(problem.message, { cause: problem })
    this.name = 'Failure'
    this.reason = reason
    this.problem = problem
  }
}

export function failure(reason: string, code: ProblemCode, detail: string, cause?: unknown): Failure {
  return new Failure(reason, new Problem(code, detail, cause === undefined ? {} : { cause }))
}

/** What was thrown on the way, as a failure. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown
  if (thrown instanceof Problem) return new Failure(reasons[thrown.code] ?? thrown.code, thrown)
  return failure('internal-error', 'xmpp-unreachable', 'The connection to the XMPP server failed.', thrown)
}

const reasons: Partial<Record<ProblemCode, string>> = {
  'xmpp-authentication-failed': 'authentication-failed',
  'xmpp-server-not-trusted': 'server-not-trusted',
  'xmpp-tls-failed': 'tls-failed',
  'xmpp-unreachable': 'unreachable',
  'xmpp-timeout': 'timeout',
  'session-offline': 'closed',
  'credentials-lost': 'credentials-lost',
} satisfies Partial<Record<OwnCode, string>>

/** A `<stream:error/>` of the server, however empty. */
export function streamFailure(error: Element): Failure {
  const condition = elements(error).find((each) => each.xmlns === STREAM_ERRORS && each.name !== 'text')
  const reason = streamCondition(condition?.name)
  const said = childText(error, 'text', STREAM_ERRORS)?.slice(0, 200)
  const detail = `The XMPP server closed the stream: ${reason}${said === undefined ? '' : ` (${said})`}.`
  const made = failure(reason, reason === 'conflict' ? 'xmpp-conflict' : 'xmpp-unreachable', detail)
  made.said = true
  if (reason === 'see-other-host' && condition !== undefined) made.elsewhere = text(condition).trim()
  return made
}

/** for whoever wants to write while there is no stream */
export function offline(cause?: unknown): Problem {
  return new Problem('session-offline', 'There is no stream to the XMPP server now.', {
    retryAfter: 2,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** of a stream that is closed by us */
export function closed(): Failure {
  return failure('closed', 'session-offline', 'The stream was closed.')
}

/** an h that the server cannot have (XEP-0198 section 4) */
export function wrongCount(): Failure {
  return failure('handled-count-wrong', 'xmpp-unreachable', 'The XMPP server acknowledged what was never sent.')
}

export function timedOut(cause?: unknown): Failure {
  return failure('timeout', 'xmpp-timeout', 'The XMPP server did not answer in time.', cause)
}
