import { describe, type ProblemCode, type StanzaErrorJson } from './catalogue.ts'

/** faults of a request that are looked for and told, at most */
export const FAULTS_MAX = 20

/** What is wrong with a member of a request: `path` is a JSON Pointer-like dotted path, e.g. `body.to`. */
export interface Fault {
  path: string
  message: string
}

export interface ProblemOptions {
  cause?: unknown
  /** the members of the request that are wrong */
  errors?: Fault[]
  xmpp?: StanzaErrorJson
  /** Seconds, for `Retry-After`. */
  retryAfter?: number
  headers?: Record<string, string>
  /** More members of the problem document, e.g. `oldest` of `cursor-expired`. */
  members?: Record<string, unknown>
}

/** The one error of the gateway: a code of the catalogue, a sentence for the caller, and what caused it. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly retryable: boolean
  readonly options: ProblemOptions

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.options = options
    const [status, title, retryable] = describe(code)
    this.status = status
    this.title = title
    this.retryable = retryable || options.xmpp?.type === 'wait'
  }
}

/** A stanza error as a problem: the status follows the condition alone, the type `wait` makes it retryable. */
export function stanzaProblem(error: StanzaErrorJson, cause?: unknown): Problem {
  const detail = error.text ?? `The other side answered ${error.condition}.`
  const wait = error.type === 'wait' ? { retryAfter: 5 } : {}
  return new Problem(`xmpp-${error.condition}`, detail, { xmpp: error, cause, ...wait })
}

/** Funnel: whatever was thrown becomes a Problem; what is not one already is an internal error with its cause kept. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  return new Problem('internal-error', 'The request could not be served.', { cause: thrown })
}

/** characters of a detail or message and of a path in a problem document: names and words of callers and of others may be in it */
const TEXT_MAX = 1_000
const PATH_MAX = 500

const shortened = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text)

/** The problem document (RFC 9457), but for the `requestId` of the request that met it. What is too long in it is cut. */
export function problemJson({ code, title, status, message, retryable, options }: Problem): Record<string, unknown> {
  const { members, errors, xmpp } = options
  return {
    ...members,
    type: `urn:stanzagate:problem:${code}`,
    title,
    status,
    detail: shortened(message, TEXT_MAX),
    code,
    retryable,
    ...(errors && { errors: errors.slice(0, FAULTS_MAX).map(faultJson) }),
    ...(xmpp && { xmpp: xmpp.text === undefined ? xmpp : { ...xmpp, text: shortened(xmpp.text, TEXT_MAX) } }),
  }
}

const faultJson = ({ path, message }: Fault): Fault => ({ path: shortened(path, PATH_MAX), message: shortened(message, TEXT_MAX) })
