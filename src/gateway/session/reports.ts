import type { Problem } from '../../errors/problem.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import { isStoreAway } from './status.ts'

/** What a session tells the operator. */
export interface Reports {
  /** A step failed, for a reason that the session goes on after. */
  error(error: unknown, what?: string): void
  /** Streams ended over it, one after the other: it is not written again. */
  givenUp(what: string, more?: object): void
  /** A step of the bind did not do what it is for. */
  bindStep(step: string, problem: Problem): void
  forged(kind: string): void
  /** a stanza is not told as what it is */
  rejected(reason: 'too-large' | 'quarantined'): void
  /** a bound was reached */
  full(bound: string): void
}

interface ReportsContext {
  record: SessionRecord
  log: Log
  metrics: Metrics
  /** what fails then is no news */
  isClosing: () => boolean
}

export const createReports = (context: ReportsContext): Reports => new ReportsOfSession(context)

/** A class because each session has one, and there are thousands of sessions. */
class ReportsOfSession implements Reports {
  readonly #context: ReportsContext

  constructor(context: ReportsContext) {
    this.#context = context
  }

  error(error: unknown, what = 'session'): void {
    // of a store that is away the log has it already, and the session goes on trying
    if (isStoreAway(error) || this.#context.isClosing()) return
    this.#context.log.error({ ...this.#about(), event: 'session.error', err: error, what }, 'A step of the session failed')
  }

  givenUp(what: string, more: object = {}): void {
    const { log, metrics } = this.#context
    metrics.count('given_up_total', { what: what.split(' ')[0] as string })
    const text = 'Streams ended over what was written: it is not written again'
    log.warn({ ...this.#about(), event: 'session.given-up', what, ...more }, text)
  }

  bindStep(step: string, { code }: Problem): void {
    const { log } = this.#context
    log.warn({ ...this.#about(), event: 'session.bind-step', step, reason: code }, 'A step of the bind did not do what it is for')
  }

  forged(kind: string): void {
    this.#context.metrics.count('stanza_spoof_total', { kind })
  }

  rejected(reason: 'too-large' | 'quarantined'): void {
    this.#context.metrics.count('stanza_rejected_total', { reason })
  }

  full(bound: string): void {
    this.#context.metrics.count('bounds_reached_total', { bound })
  }

  #about(): { session: string; tenant: string } {
    const { id, tenant } = this.#context.record
    return { session: id, tenant }
  }
}
