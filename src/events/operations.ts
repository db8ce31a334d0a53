import { z } from 'zod'
import type { Registry } from '../api/event-registry.ts'
import { operation } from '../api/operation.ts'
import { Problem } from '../errors/problem.ts'
import { createPlaces } from '../fair/places.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Consumers } from './consumers.ts'
import { readPage } from './page.ts'
import { eventsQuery } from './query.ts'
import type { Tails } from './tail.ts'
import { createTicket } from './ticket-operation.ts'
import type { Tickets } from './tickets.ts'

/** requests of one session that wait for events at one time */
const WAITING_MAX = 100
/** pages that are made at one time, and of one tenant */
const PAGES = 16
const PAGES_EACH = 4

/** `list` answers the JSON page, and says what the streams of the same path are asked for. */
export type EventOperations = ReturnType<typeof eventOperations>

export function eventOperations({
  tails,
  consumers,
  metrics,
  tickets,
  registry,
  draining,
  refusal,
}: {
  tails: Tails
  consumers: Consumers
  metrics: Metrics
  tickets: Tickets
  registry: Registry
  /** aborted when the process stops: nobody waits any longer then */
  draining: AbortSignal
  /** why a tenant gets no more pages now, if so: it did not take those that it has */
  refusal: (tenant: string) => Problem | undefined
}) {
  const onFull = () => metrics.count('bounds_reached_total', { bound: 'pages' })
  const pages = createPlaces({ most: PAGES, each: PAGES_EACH, onFull })
  /** how many wait, by session */
  const waiting = new Map<string, number>()

  async function waitingOne<Result>(session: string, work: () => Promise<Result>): Promise<Result> {
    const others = waiting.get(session) ?? 0
    if (others >= WAITING_MAX) {
      metrics.count('bounds_reached_total', { bound: 'event-waits' })
      throw new Problem('too-many-requests', `${WAITING_MAX} requests of this session wait for events already.`, { retryAfter: 1 })
    }
    waiting.set(session, others + 1)
    try {
      return await work()
    } finally {
      const left = waiting.get(session)! - 1
      if (left === 0) waiting.delete(session)
      else waiting.set(session, left)
    }
  }

  return {
    list: operation({
      id: 'events.list',
      method: 'GET',
      path: '/events',
      summary: 'Read events: a JSON page, server-sent events or a WebSocket',
      description: [
        'With `Accept: text/event-stream` the answer is a stream of server-sent events (`id:` and `data:`), with `Upgrade: websocket` a',
        'WebSocket (subprotocol `cloudevents.json`, optional) whose frames are events. Any cursor goes with any of the three.',
        '',
        'Over a WebSocket every operation can be called too, by JSON-RPC 2.0 frames of at most 64 KiB: `method` is the operationId, `params` one',
        'object of the members of path, query and body. `session` is that of the socket where it is left out, `idempotencyKey`, `wait` (seconds)',
        'and `respondAsync` stand for the headers, lists may be arrays, and an XML body is `xml`. `result` is the body that HTTP answers, `data` of',
        'an error its problem. 32 requests are worked on at one time.',
      ].join('\n'),
      scope: 'events:read',
      session: 'named',
      components: 'whole',
      query: eventsQuery,
      streams: true,
      answers: {
        101: { description: 'A WebSocket' },
        200: {
          description:
            'A page of events, oldest first. It ends with `limit` or after 4 MiB, whichever comes first, and also where a filter left out much; ' +
            '`page.next` is always there, and is past what the filter left out. `page.complete` says that there is nothing after it yet',
          schema: z
            .object({ data: z.array(registry.schema), page: z.object({ next: z.string(), complete: z.boolean() }) })
            .meta({ id: 'EventsPage' }),
        },
      },
      problems: [
        'cursor-invalid',
        'cursor-expired',
        'jid-malformed',
        'limit-exceeded',
        'ticket-invalid',
        'origin-not-allowed',
        'not-acceptable',
        'too-many-requests',
      ],
      examples: {
        200: {
          'one message': {
            data: [
              {
                specversion: '1.0',
                id: 'AAAAAZx7_Qg',
                source: '/sessions/ses_mT5C0bO9p0sZbq1xkPsu1A',
                type: 'message.received',
                subject: 'b4c1',
                time: '2026-05-01T10:00:00.118Z',
                datacontenttype: 'application/json',
                data: {
                  from: 'juliet@example.com/balcony',
                  to: 'romeo@example.com',
                  id: 'b4c1',
                  type: 'chat',
                  body: 'Good night!',
                  text: 'Good night!',
                },
              },
            ],
            page: { next: 'AAAAAZx7_Qg', complete: true },
          },
        },
      },
      async run({ session, query: wanted, signal }) {
        const streamsOnly = (['snapshot', 'coalesce'] as const).filter((name) => wanted[name] !== undefined)
        if (streamsOnly.length > 0) {
          const errors = streamsOnly.map((name) => ({ path: `query.${name}`, message: 'is for streams only' }))
          throw new Problem('invalid-request', 'snapshot and coalesce are for streams only.', { errors })
        }
        const log = { session: session.record.id, tenant: session.record.tenant }
        const page = (signal: AbortSignal) => readPage({ tails, consumers, metrics, pages, refusal }, { log, query: wanted, signal })
        if (wanted.wait === 0) return { status: 200, json: await page(signal) }
        return { status: 200, json: await waitingOne(log.session, () => page(AbortSignal.any([signal, draining]))) }
      },
    }),

    createTicket: createTicket(tickets),
  }
}
