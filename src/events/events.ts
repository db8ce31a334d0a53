import type { Registry } from '../api/event-registry.ts'
import type { Problem } from '../errors/problem.ts'
import type { Feature } from '../gateway/contract/feature.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Tracing } from '../gateway/ports/tracing.ts'
import { consumerOperations } from './consumer-operations.ts'
import { type Consumers, createConsumers } from './consumers.ts'
import { type EventOperations, eventOperations } from './operations.ts'
import { createStreams, type Streams } from './streams.ts'
import { createTails } from './tail.ts'
import { createTickets, type Tickets } from './tickets.ts'

export interface EventsContext extends Pick<Parameters<typeof createTickets>[0], 'ofTicket'> {
  store: Store
  clock: Clock
  metrics: Metrics
  tracing: Tracing
  registry: Registry
  features: readonly Feature[]
  slowReaderSeconds: number
  /** ms that an event log is kept */
  eventLogAge: number
  /** aborted when the process stops: nobody waits any longer then */
  draining: AbortSignal
  /** why a tenant gets no more pages now, if so: it did not take those that it has */
  refusal: (tenant: string) => Problem | undefined
}

export interface Events {
  consumers: Consumers
  streams: Streams
  tickets: Tickets
  /** GET /events: the JSON page; the streams of the same path are served by http */
  list: EventOperations['list']
  /** all others of this room */
  operations: readonly Operation[]
}

/** Reading the event logs of all sessions, in each way that there is. */
export function createEvents({
  store,
  features,
  clock,
  metrics,
  tracing,
  registry,
  draining,
  refusal,
  ofTicket,
  ...limits
}: EventsContext): Events {
  const snapshots = Object.assign({}, ...features.map((feature) => feature.snapshots ?? {}))
  const tails = createTails({ log: store.log })
  const consumers = createConsumers({ store, clock, metrics, age: limits.eventLogAge })
  const streams = createStreams({
    store,
    tails,
    consumers,
    snapshots,
    clock,
    metrics,
    tracing,
    slowReaderSeconds: limits.slowReaderSeconds,
  })
  const tickets = createTickets({ store, clock, ofTicket })
  const { list, createTicket } = eventOperations({ tails, consumers, metrics, tickets, registry, draining, refusal })
  return { consumers, streams, tickets, list, operations: [createTicket, ...consumerOperations({ consumers })] }
}
