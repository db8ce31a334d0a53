import type { Router } from './cluster/router.ts'
import type { Clock } from './ports/clock.ts'
import type { Metrics } from './ports/metrics.ts'
import { sessionStates } from './ports/session-record.ts'

/** Sets the gauges of the sessions of this instance to what is true now. */
export function setGauges({ router, clock, metrics }: { router: Pick<Router, 'sessions'>; clock: Clock; metrics: Metrics }): void {
  const sessions = router.sessions()
  const counts = new Map<string, number>()
  for (const live of sessions) {
    const state = live.state()
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  for (const state of sessionStates) metrics.set('sessions', counts.get(state) ?? 0, { state })
  const loads = sessions.map((live) => live.load())
  const sum = (member: 'entries' | 'unacked' | 'iqs') => loads.reduce((total, each) => total + each[member], 0)
  const oldest = loads.reduce((least, load) => Math.min(least, load.oldest ?? least), Number.POSITIVE_INFINITY)
  metrics.set('outbox_entries', sum('entries'))
  metrics.set('outbox_oldest_age_seconds', oldest === Number.POSITIVE_INFINITY ? 0 : Math.max(0, clock.now() - oldest) / 1000)
  metrics.set('sm_unacked', sum('unacked'))
  metrics.set('iq_inflight', sum('iqs'))
}
