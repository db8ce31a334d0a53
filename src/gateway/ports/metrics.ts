/** What is counted: names without the prefix `stanzagate_`; labels never hold a JID, an id or a token. http/metrics.ts describes each. */
export interface Metrics {
  count(name: Counter, labels?: Readonly<Record<string, string>>, by?: number): void
  /** a gauge; set to what is true now */
  set(name: Gauge, value: number, labels?: Readonly<Record<string, string>>): void
  /** a histogram, in seconds */
  observe(name: Histogram, seconds: number, labels?: Readonly<Record<string, string>>): void
}

export type Counter =
  | 'session_transitions_total'
  | 'connect_attempts_total'
  | 'resume_total'
  | 'stanzas_total'
  | 'stanza_rejected_total'
  | 'stanza_spoof_total'
  | 'unread_total'
  | 'given_up_total'
  | 'iq_late_total'
  | 'idempotency_total'
  | 'lease_total'
  | 'fenced_writes_total'
  | 'events_appended_total'
  | 'events_gap_total'
  | 'streams_closed_total'
  | 'webhook_deliveries_total'
  | 'webhook_states_total'
  | 'bounds_reached_total'
  | 'log_lines_lost_total'

export type Gauge = 'sessions' | 'sm_unacked' | 'outbox_entries' | 'outbox_oldest_age_seconds' | 'iq_inflight' | 'streams' | 'redis_up'

export type Histogram =
  | 'connect_duration_seconds'
  | 'sm_ack_latency_seconds'
  | 'iq_duration_seconds'
  | 'webhook_duration_seconds'
  | 'redis_command_duration_seconds'
