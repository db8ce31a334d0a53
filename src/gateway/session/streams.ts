import { bare, jid as normalised } from '../../jid.ts'
import { directed } from '../contract/roster-and-presence.ts'
import { openPassword, openSasl } from '../credentials.ts'
import { createMessageSpans } from '../outbox/message-spans.ts'
import { createOutbox, type Outbox, type OutboxOptions } from '../outbox/outbox.ts'
import type { Records } from '../outbox/recent-records.ts'
import type { StreamState } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connector } from '../ports/connection.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Seal } from '../ports/seal.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { Store } from '../ports/store.ts'
import type { Tracing } from '../ports/tracing.ts'
import { type Connections, createConnections } from './connections.ts'
import { createUserAgent } from './fast-tokens.ts'
import type { Knowledge } from './knowledge.ts'
import type { Reports } from './reports.ts'
import { createWire, type Wire } from './wire.ts'

/** The streams of a session and what goes out on them: messages by the outbox, all else by the wire. */
export interface Streams {
  connections: Connections
  outbox: Outbox
  wire: Wire
}

/** What all sessions share for it. */
export interface StreamsContext {
  store: Store
  connector: Connector
  clock: Clock
  seal: Seal
  metrics: Metrics
  tracing: Tracing
}

export function createStreams({
  record,
  known,
  records,
  streams,
  inherited,
  mayGo,
  holdsLease,
  store,
  connector,
  clock,
  seal,
  metrics,
  tracing,
  reports,
}: StreamsContext & {
  record: () => SessionRecord
  known: Knowledge
  records: Records
  /** those that an owner before left, to be resumed */
  streams: ReadonlyMap<number, StreamState>
  /** another process had the session before */
  inherited: boolean
  mayGo: OutboxOptions['mayGo']
  holdsLease: () => boolean
  reports: Reports
}): Streams {
  const { state, commit } = known
  const connections = createConnections({
    record,
    connector,
    password: async () => openPassword(seal, record()),
    sasl: async () => openSasl(seal, record()),
    userAgent: (index) => createUserAgent({ index, session: known, seal }),
    resume: streams,
    inherited,
    holdsLease,
  })
  const outbox = createOutbox({
    id: record().id,
    store,
    records,
    write: commit,
    writeSoon: known.commitSoon,
    clock,
    spans: createMessageSpans({ session: record().id, records, tracing }),
    mayGo,
    usable: () => (holdsLease() ? connections.usable() : new Map()),
    primaryOnly: (to) => state.get(directed, normalised(to)) !== undefined || state.get(directed, bare(to)) !== undefined,
    resumable: new Map([...streams].map(([index, { id }]) => [index, id])),
    onWritten: (kind) => metrics.count('stanzas_total', { direction: 'out', kind }),
    onLatency: (ms) => metrics.observe('sm_ack_latency_seconds', ms / 1000),
    onGivenUp: (message) => reports.givenUp('message', { message }),
    onError: (error) => reports.error(error),
  })
  return { connections, outbox, wire: createWire({ connections, outbox, holdsLease, metrics, reports }) }
}
