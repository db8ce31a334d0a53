import type { ConnectionSpec, StateDetail } from '../gateway/ports/connection.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { SessionState } from '../gateway/ports/session-record.ts'
import type { Bounds } from './bounds.ts'
import { type Failure, toFailure } from './failure.ts'
import type { LoginMemory } from './login/login.ts'
import type { Resumption } from './resumption.ts'
import { isForContent, type Supervisor } from './supervisor.ts'

/** How a stream ended. */
export interface Ending {
  cause: Failure
  /** ms that it was bound */
  online: number
  /** it may have ended over what we wrote */
  overOurs: boolean
}

export interface ReconnectionContext {
  readonly spec: ConnectionSpec
  readonly domain: string
  readonly bounds: Pick<Bounds, 'stable'>
  readonly log: Log
  readonly metrics: Metrics
  readonly supervisor: Supervisor
  readonly resumption: Resumption
  readonly memory: LoginMemory
  /** aborted when the connection is closed */
  readonly signal: AbortSignal
  readonly wasOnline: boolean
  /** resolves when a reconnect of the tenant to this host may start, or the signal is aborted */
  turn(host: string, tenant: string, signal: AbortSignal): Promise<void>
  /** one log-in, and its stream to the end; rejects where there was no stream */
  once(): Promise<Ending>
  tell(state: SessionState, detail: StateDetail): void
}

/** One stream after the other, until the connection is closed or the supervisor stops it. */
export async function keepUp(context: ReconnectionContext): Promise<void> {
  const { spec, resumption, memory, signal } = context
  let last: string | null = null
  while (!signal.aborted) {
    context.tell(resumption.isPossible() ? 'resuming' : 'connecting', { reason: last })
    const { sasl2Broken } = memory
    const { cause, online, overOurs } = await context.once().catch(failed)
    if (signal.aborted) return
    if (cause.reason.startsWith('received-')) context.metrics.count('stanza_rejected_total', { reason: cause.reason })
    if (online > 0) resumption.dropped()
    last = cause.reason
    /** the next attempt goes another way */
    const otherwise = memory.sasl2Broken && !sasl2Broken
    if (online >= context.bounds.stable) memory.sasl2Broken = false
    const { problem: error } = cause
    const verdict = context.supervisor.judge(cause, online, overOurs)
    context.log.info(
      { event: 'xmpp.stream-ended', jid: spec.jid, reason: cause.reason, online: Math.round(online), verdict: verdict.kind },
      'A stream ended or was not made',
    )
    if (verdict.kind === 'stop' || (spec.once === true && !context.wasOnline && !otherwise)) {
      resumption.lose(null)
      return context.tell(verdict.kind === 'stop' ? verdict.state : 'stopped', { reason: cause.reason, error })
    }
    const refused = overOurs && cause.said && isForContent(cause.reason) ? cause.reason : undefined
    // a resume would bring a stream whose work was never done
    if (verdict.anew || !resumption.isReady || resumption.ledger?.id === undefined) resumption.lose(null, refused)
    context.tell(online > 0 && resumption.isPossible() ? 'resuming' : 'backoff', { reason: cause.reason, error })
    await pause(verdict.wait, signal)
    await context.turn(context.domain, spec.tenant, signal)
  }
}

const failed = (thrown: unknown): Ending => ({ cause: toFailure(thrown), online: 0, overOurs: false })

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    signal.addEventListener('abort', wake, { once: true })
  })
}
