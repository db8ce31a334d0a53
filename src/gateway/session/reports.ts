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
}

export function createReports({
  record: { id, tenant },
  log,
  metrics,
  isClosing,
}: {
  record: SessionRecord
  log: Log
  metrics: Metrics
  /** what fails then is no news */
  isClosing: () => boolean
}): Reports {
  const about = { session: id, tenant }
  return {
    error(error, what = 'session') {
      // of a store that is away the log has it already, and the session goes on trying
      if (isStoreAway(error) || isClosing()) return
      log.error({ ...about, event: 'session.error', err: error, what }, 'A step of the session failed')
    },
    givenUp(what, more = {}) {
      metrics.count('given_up_total', { what: what.split(' ')[0] as string })
      log.warn({ ...about, event: 'session.given-up', what, ...more }, 'Streams ended over what was written: it is not written again')
    },
    bindStep(step, { code }) {
      log.warn({ ...about, event: 'session.bind-step', step, reason: code }, 'A step of the bind did not do what it is for')
    },
    forged: (kind) => metrics.count('stanza_spoof_total', { kind }),
  }
}
