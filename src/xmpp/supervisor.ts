import type { ProblemCode } from '../errors/catalogue.ts'
import type { SessionState } from '../gateway/ports/session-record.ts'
import type { Bounds } from './bounds.ts'
import type { Failure } from './failure.ts'

export type Verdict =
  /** `wait` in ms; `anew`: the old stream must not be resumed */
  { kind: 'retry'; wait: number; anew: boolean } | { kind: 'stop'; state: Extract<SessionState, 'auth-failed' | 'conflict' | 'stopped'> }

interface Rule {
  /** ms, the least pause */
  from?: number
  /** at once, without a pause, the first time */
  atOnce?: true
  /** the third one in `within` ms (default: without a stable stream in between) is the last */
  strikes?: { within?: number }
  anew?: true
}

/** What is not here is taken for passing: back-off from `backoffFirst`, and a resume first. */
const rules: Readonly<Record<string, Rule>> = {
  silence: { atOnce: true },
  'sasl-temporary-auth-failure': { from: 30_000 },
  'policy-violation': { from: 60_000, strikes: {} },
  'not-authorized': { from: 60_000, strikes: {} },
  'host-unknown': { from: 60_000, strikes: {} },
  'host-gone': { from: 60_000, strikes: {} },
  'tls-failed': { from: 60_000, strikes: {} },
  'server-not-trusted': { from: 60_000, strikes: {} },
  'address-not-allowed': { from: 60_000, strikes: {} },
  'bind-failed': { from: 60_000, strikes: {} },
  'bind-not-allowed': { from: 60_000, strikes: {} },
  'handled-count-wrong': { anew: true },
  // what we wrote was refused: writing it again by a resume would be refused again
  'bad-format': { anew: true },
  'not-well-formed': { anew: true },
  'invalid-xml': { anew: true },
  'invalid-namespace': { anew: true },
  'restricted-xml': { anew: true },
  'unsupported-stanza-type': { anew: true },
}
/** in place of a rule with strikes that are never forgotten, for a stream that may have ended over what we wrote */
const overOursRule: Rule = { anew: true }
/** conditions by which a server says that it was what we wrote; the first also says other things */
const forContent: ReadonlySet<string> = new Set([
  ...['policy-violation', 'bad-format', 'not-well-formed', 'invalid-xml', 'invalid-namespace', 'restricted-xml', 'unsupported-stanza-type'],
])
export const isForContent = (reason: string): boolean => forContent.has(reason)
const STRIKES = 3
/** problems that only other credentials can mend */
const hopeless: ReadonlySet<ProblemCode> = new Set<ProblemCode>(['xmpp-authentication-failed', 'credentials-lost'])
/** What the server sent could not be read safely. */
const hostile: Rule = { from: 5_000, strikes: { within: 600_000 } }

interface SupervisorContext {
  readonly bounds: Pick<Bounds, 'backoffFirst' | 'backoffMax' | 'stable' | 'ghost'>
  monotonic(): number
  random(): number
}

/**
 * Decides what follows when an attempt or a stream has ended; keeps count over the life of one connection.
 * A class because each connection has one, and there are thousands of connections.
 */
export class Supervisor {
  readonly #context: SupervisorContext
  #failures = 0
  #brokenAt: number
  #conflictAt = Number.NEGATIVE_INFINITY
  #strikes: Map<string, number[]> | undefined

  /** `inherited`: another process may have left a stream or an attempt just now */
  constructor(context: SupervisorContext, inherited = false) {
    this.#context = context
    this.#brokenAt = inherited ? context.monotonic() : Number.NEGATIVE_INFINITY
  }

  /**
   * `online`: ms that the stream was bound, 0 for an attempt that failed. `overOurs`: it may have ended over what we wrote. Whoever
   * wrote it counts, and gives it up: no session stops for what its caller, or a log-in without it, can mend.
   */
  judge({ reason, problem }: Failure, online: number, overOurs = false): Verdict {
    const { bounds } = this.#context
    const now = this.#context.monotonic()
    const recent = (at: number) => now - at < bounds.ghost
    if (reason === 'conflict') {
      // our own log-in that a slow link brought late, or somebody else: the second one tells
      if (!recent(this.#brokenAt) || recent(this.#conflictAt)) return { kind: 'stop', state: 'conflict' }
      this.#conflictAt = now
    } else this.#brokenAt = now
    if (hopeless.has(problem.code)) return { kind: 'stop', state: 'auth-failed' }
    if (online >= bounds.stable) {
      this.#failures = 0
      for (const name of [...(this.#strikes?.keys() ?? [])]) if (ruleOf(name).strikes?.within === undefined) this.#strikes?.delete(name)
    }
    const usual = ruleOf(reason)
    const rule = overOurs && usual.strikes !== undefined && usual.strikes.within === undefined ? overOursRule : usual
    if (rule.strikes !== undefined) {
      const { within = Number.POSITIVE_INFINITY } = rule.strikes
      const struck = [...(this.#strikes?.get(reason) ?? []).filter((at) => now - at < within), now]
      this.#strikes ??= new Map()
      this.#strikes.set(reason, struck)
      if (struck.length >= STRIKES) return { kind: 'stop', state: 'stopped' }
    }
    const grown = 2 ** Math.min(this.#failures, 30)
    const atOnce = rule.atOnce === true && this.#failures === 0
    this.#failures += 1
    const full = this.#context.random() * Math.min(bounds.backoffMax, bounds.backoffFirst * grown)
    const least = rule.from === undefined ? 0 : rule.from * (1 + this.#context.random() / 2)
    return { kind: 'retry', wait: atOnce ? 0 : Math.min(bounds.backoffMax, Math.max(full, least)), anew: rule.anew === true }
  }
}

function ruleOf(reason: string): Rule {
  return rules[reason] ?? (reason.startsWith('received-') ? hostile : {})
}
