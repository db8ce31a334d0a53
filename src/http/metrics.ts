import { collectDefaultMetrics, Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, Registry } from 'prom-client'
import type { Counter, Gauge, Histogram, Metrics } from '../gateway/ports/metrics.ts'

type Description = readonly [help: string, ...labels: string[]]

const counters: Record<Counter, Description> = {
  session_transitions_total: ['Changes of session states', 'from', 'to', 'reason'],
  connect_attempts_total: ['Tries to connect to XMPP servers', 'result', 'reason'],
  resume_total: ['Tries to resume a stream (XEP-0198)', 'result'],
  stanzas_total: ['Stanzas in and out', 'direction', 'kind'],
  stanza_rejected_total: ['Stanzas that were too large and left out, and streams given up because of what came on them', 'reason'],
  stanza_spoof_total: ['Stanzas whose sender had no right to what they claim', 'kind'],
  unread_total: ['Steps of a new stream that did not bring what they are for', 'what', 'reason'],
  given_up_total: ['What is not written again, since streams ended over it', 'what'],
  iq_late_total: ['Answers to iqs that came when nobody waited for them any more'],
  idempotency_total: ['Requests with an Idempotency-Key, by what the key met', 'result'],
  lease_total: ['Steps with leases of sessions', 'op', 'result'],
  fenced_writes_total: ['Writes refused because another instance owns the session'],
  events_appended_total: ['Events written to logs'],
  events_gap_total: ['Gaps told to readers', 'reason'],
  streams_closed_total: ['Event streams closed', 'kind', 'code'],
  webhook_deliveries_total: ['Tries to deliver to webhooks', 'result'],
  webhook_states_total: ['Webhooks that began to fail, recovered or were disabled', 'state'],
  bounds_reached_total: ['Times that a bound was reached and something was refused, dropped or put off', 'bound'],
  log_lines_lost_total: ['Lines of the log that could not be written', 'reason'],
}

const gauges: Record<Gauge, Description> = {
  sessions: ['Sessions owned by this instance', 'state'],
  sm_unacked: ['Messages written and not yet acknowledged by servers'],
  outbox_entries: ['Messages accepted and not yet settled, of the sessions of this instance'],
  outbox_oldest_age_seconds: ['Age of the oldest of them'],
  iq_inflight: ['Iqs waiting for their answer'],
  streams: ['Open event streams', 'kind'],
  redis_up: ['1 while Redis answers'],
}

const histograms: Record<Histogram, Description> = {
  connect_duration_seconds: ['Time to a bound or resumed XMPP stream'],
  sm_ack_latency_seconds: ['Time from writing to the acknowledgement, of the oldest message that each acknowledgement covers'],
  iq_duration_seconds: ['Time to the answer of an iq', 'result'],
  webhook_duration_seconds: ['Time of a webhook request'],
  redis_command_duration_seconds: ['Time of a script in Redis', 'command'],
}

const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export interface MetricsRegistry extends Metrics {
  /** a request that was answered; `route` is the pattern, never the path */
  request(labels: { method: string; route: string; status: number }, seconds: number): void
  /** the Prometheus text format */
  exposition(): Promise<{ contentType: string; text: string }>
}

/** `redis`: is there one to tell of? Without, a gauge that says 0 would pass for one that is down. */
export function createMetrics({ version, redis }: { version: string; redis: boolean }): MetricsRegistry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const options = (name: string, [help, ...labelNames]: Description) => ({
    name: `stanzagate_${name}`,
    help,
    labelNames,
    registers: [registry],
  })
  const counted = mapValues(counters, (description, name) => new PromCounter(options(name, description)))
  const gauged = mapValues(gauges, (description, name) => new PromGauge(options(name, description)))
  const observed = mapValues(histograms, (description, name) => new PromHistogram({ ...options(name, description), buckets: BUCKETS }))
  if (!redis) for (const name of ['redis_up', 'redis_command_duration_seconds']) registry.removeSingleMetric(`stanzagate_${name}`)
  const requests = new PromHistogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time to the end of an HTTP answer',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: BUCKETS,
    registers: [registry],
  })
  new PromGauge({
    name: 'stanzagate_build_info',
    help: 'Always 1; the version is a label',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1)

  return {
    count: (name, labels = {}, by = 1) => counted[name].inc(labels, by),
    set: (name, value, labels = {}) => gauged[name].set(labels, value),
    observe: (name, seconds, labels = {}) => observed[name].observe(labels, seconds),
    request: ({ method, route, status }, seconds) =>
      requests.observe({ http_request_method: method, http_route: route, http_response_status_code: status }, seconds),
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}

function mapValues<Key extends string, From, To>(record: Record<Key, From>, make: (value: From, key: Key) => To): Record<Key, To> {
  return Object.fromEntries(Object.entries<From>(record).map(([key, value]) => [key, make(value, key as Key)])) as Record<Key, To>
}
