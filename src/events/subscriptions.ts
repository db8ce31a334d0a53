import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { check, refuse } from '../api/validation.ts'
import type { WhichSession } from '../api/which-session.ts'
import { Problem } from '../errors/problem.ts'
import type { Caller, Operation } from '../gateway/contract/operation.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Delivery } from './delivery.ts'
import { eventsQuery, LIST_MAX } from './query.ts'
import type { Streams } from './streams.ts'

/** subscriptions of one socket */
const SUBSCRIPTIONS_MAX = 100

const { after, consumer, types, jids, snapshot, coalesce } = eventsQuery.shape

/** a list in JSON: text with commas as in a query, or an array of its entries */
const listed = <List extends z.ZodType>(text: List) => z.union([text, z.array(z.string().min(1)).max(LIST_MAX)])

const subscribeParams = z
  .strictObject({
    session: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Session id, bare or full JID; the one that the socket was opened for unless given' }),
    after,
    consumer,
    types: listed(types).optional(),
    jids: listed(jids).optional(),
    snapshot,
    coalesce,
  })
  .meta({ id: 'Subscribe' })
const unsubscribeParams = z.strictObject({ subscription: z.string().max(100) }).meta({ id: 'Unsubscribe' })
const subscribed = z
  .object({ subscription: z.string(), cursor: z.string().meta({ description: 'Where it begins: what comes after this is told' }) })
  .meta({ id: 'Subscription' })

const subscription = 'sub_u1o0Hq3tXkYv9d2e'

/** What a WebSocket takes beside the operations. Each is written down as the operation that it would be over HTTP. */
export const socketOperations: readonly Omit<Operation, 'run'>[] = [
  {
    id: 'events.subscribe',
    method: 'POST',
    path: '/events/subscribe',
    summary: 'Tell more over this WebSocket: of another session, or otherwise filtered',
    description:
      'The events come as frames like all others: `source` says of which session they are. A socket has 100 subscriptions at most.',
    scope: 'events:read',
    session: 'none',
    body: subscribeParams,
    answers: { 200: { description: 'Its name and where it begins', schema: subscribed } },
    problems: ['session-not-found', 'session-required', 'cursor-invalid', 'jid-malformed', 'limit-exceeded'],
    examples: {
      body: { messages: { session: 'juliet@example.com', types: ['message.*'], consumer: 'crm' } },
      200: { begun: { subscription, cursor: 'Zb0kZ1CmTj2sX5QhY-1f' } },
    },
  },
  {
    id: 'events.unsubscribe',
    method: 'POST',
    path: '/events/unsubscribe',
    summary: 'End a subscription of this WebSocket',
    scope: 'events:read',
    session: 'none',
    body: unsubscribeParams,
    answers: { 204: { description: 'Ended' } },
    problems: ['subscription-not-found'],
    examples: { body: { 'the one that was begun': { subscription } } },
  },
]

const named = { session: 'named' } as const

export interface Subscriptions {
  subscribe(params: Readonly<Record<string, unknown>>): Promise<z.infer<typeof subscribed>>
  unsubscribe(params: Readonly<Record<string, unknown>>): Promise<null>
}

/** More streams over the socket of one: of the same session or of others, each with its own filters and place. */
export function createSubscriptions({
  streams,
  delivery,
  caller,
  own,
  which,
  metrics,
}: {
  streams: Pick<Streams, 'prepare'>
  delivery: Delivery
  caller: Caller
  /** the session that the socket was opened for */
  own: SessionHandle
  which: WhichSession
  metrics: Metrics
}): Subscriptions {
  /** each with what ends it */
  const open = new Map<string, AbortController>()

  return {
    async subscribe(params) {
      const { session, types, jids, ...rest } = checked(subscribeParams, 'query', params)
      if (open.size >= SUBSCRIPTIONS_MAX) {
        metrics.count('bounds_reached_total', { bound: 'subscriptions' })
        throw new Problem('limit-exceeded', `The socket has ${SUBSCRIPTIONS_MAX} subscriptions.`)
      }
      const id = `sub_${randomBytes(12).toString('base64url')}`
      const ending = new AbortController()
      open.set(id, ending)
      try {
        const handle = session === undefined ? own : await which(named, { caller, params: {}, query: { session } })
        const stream = await streams.prepare(handle as SessionHandle, {
          ...rest,
          types: textOf(types),
          jids: textOf(jids),
          limit: 1,
          wait: 0,
        })
        const signal = AbortSignal.any([delivery.signal, ending.signal])
        // its events come after the response that tells its name
        setImmediate(() => void begin(id, () => stream.run(delivery, signal)))
        return { subscription: id, cursor: stream.cursor }
      } catch (thrown) {
        open.delete(id)
        throw thrown
      }
    },

    async unsubscribe(params) {
      const { subscription } = checked(unsubscribeParams, 'params', params)
      const ending = open.get(subscription)
      if (ending === undefined) throw new Problem('subscription-not-found', 'The socket has no such subscription.')
      open.delete(subscription)
      ending.abort('ended')
      return null
    },
  }

  async function begin(id: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run()
    } catch {
      delivery.end('failed')
    } finally {
      open.delete(id)
    }
  }
}

const textOf = (list: string | readonly string[] | undefined) => (typeof list === 'object' ? list.join() : list)

/** `part`: how faults are told, those of a subscription as of the query that a stream is opened with */
function checked<Params extends z.ZodType>(schema: Params, part: 'query' | 'params', params: unknown): z.infer<Params> {
  const { value, faults } = check(schema, part, params)
  if (faults.length > 0) throw refuse(faults)
  return value as z.infer<Params>
}
