import { z } from 'zod'
import { Problem } from '../errors.ts'
import type { Call, Operation } from '../gateway/feature.ts'
import type { Metrics } from '../gateway/ports.ts'
import { readPage } from './page.ts'
import { type EventsQuery, eventsQuery } from './query.ts'
import type { Registry } from './registry.ts'
import type { Tails } from './tail.ts'
import type { Tickets } from './tickets.ts'

export interface EventOperations {
  /** the JSON page; the streams of the same path are served by route.ts */
  list: Operation
  createTicket: Operation
}

export function eventOperations({
  tails,
  metrics,
  tickets,
  registry,
  draining,
}: {
  tails: Tails
  metrics: Metrics
  tickets: Tickets
  registry: Registry
  /** aborted when the process stops: nobody waits any longer then */
  draining: AbortSignal
}): EventOperations {
  return {
    list: {
      id: 'events.list',
      method: 'GET',
      path: '/events',
      summary: 'Read events: a JSON page, server-sent events or a WebSocket',
      description: [
        'With `Accept: text/event-stream` the answer is a stream of server-sent events (`id:` and `data:`), with `Upgrade: websocket` a',
        'WebSocket (subprotocol `cloudevents.json`, optional) whose frames are events. Any cursor goes with any of the three.',
      ].join('\n'),
      session: 'required',
      query: eventsQuery,
      answers: {
        101: { description: 'A WebSocket' },
        200: {
          description:
            'A page of events, oldest first. It ends with `limit` or after 4 MiB, whichever comes first, and also where a filter left out much; ' +
            '`page.next` is always there and past what the filter left out, `page.complete` says that nothing is after it yet',
          schema: z
            .object({ data: z.array(registry.schema), page: z.object({ next: z.string(), complete: z.boolean() }) })
            .meta({ id: 'EventsPage' }),
        },
      },
      problems: ['cursor-invalid', 'cursor-expired', 'jid-malformed', 'ticket-invalid', 'origin-not-allowed', 'not-acceptable'],
      async run({ session, query, signal }: Call) {
        const wanted = query as EventsQuery
        const streamsOnly = (['snapshot', 'coalesce'] as const).filter((name) => wanted[name] !== undefined)
        if (streamsOnly.length > 0) {
          const errors = streamsOnly.map((name) => ({ path: `query.${name}`, message: 'is for streams only' }))
          throw new Problem('invalid-request', 'snapshot and coalesce are for streams only.', { errors })
        }
        const waiting = wanted.wait > 0 ? AbortSignal.any([signal, draining]) : signal
        const log = { session: session.record.id, tenant: session.record.tenant }
        return { status: 200, json: await readPage({ tails, metrics }, { log, query: wanted, signal: waiting }) }
      },
    },

    createTicket: {
      id: 'tickets.create',
      method: 'POST',
      path: '/tickets',
      summary: 'Make a ticket that opens one event stream',
      description: 'For browsers, which cannot send Authorization with a WebSocket: open `GET /events?ticket=` within 30 s, once.',
      session: 'required',
      answers: {
        201: {
          description: 'The ticket',
          schema: z
            .object({ ticket: z.string().meta({ example: 'sgt_pWvYt2nS0gkq1hT0v6yXr3bF5mJd8uQe' }), expiresAt: z.iso.datetime() })
            .meta({ id: 'Ticket' }),
        },
      },
      problems: [],
      async run({ caller, session }: Call) {
        return { status: 201, body: await tickets.create({ tenant: caller.tenant, session: session.record.id }) }
      },
    },
  }
}
