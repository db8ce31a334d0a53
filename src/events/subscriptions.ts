import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { check, refuse } from '../api/validation.ts'
import type { WhichSession } from '../api/which-session.ts'
import { Problem } from '../errors/problem.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Delivery } from './delivery.ts'
import { type EventsQuery, eventsQuery } from './query.ts'
import type { Streams } from './streams.ts'

/** subscriptions of one socket */
export const SUBSCRIPTIONS_MAX = 100

/** What a socket asks for beside the session it was opened for. A list is text with commas, or an array. */
const { after, consumer, types, jids, snapshot, coalesce } = eventsQuery.shape
const listed = <List extends z.ZodType>(list: List) => z.preprocess((value) => (Array.isArray(value) ? value.join() : value), list)

export const subscribeParams = z.strictObject({
  session: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Session id, bare or full JID; the one that the socket was opened for unless given' }),
  after,
  consumer,
  types: listed(types),
  jids: listed(jids),
  snapshot,
  coalesce,
})
export const subscribed = z
  .object({ subscription: z.string(), cursor: z.string().meta({ description: 'Where it begins: what comes after this is told' }) })
  .meta({ id: 'Subscription', example: { subscription: 'sub_u1o0Hq3tXk', cursor: 'Zb0kZ1CmTj2sX5QhY-1f' } })
export const unsubscribeParams = z.strictObject({ subscription: z.string().max(100) })

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
      const { session, ...query } = checked(subscribeParams, 'query', params)
      if (open.size >= SUBSCRIPTIONS_MAX) {
        metrics.count('bounds_reached_total', { bound: 'subscriptions' })
        throw new Problem('limit-exceeded', `The socket has ${SUBSCRIPTIONS_MAX} subscriptions.`)
      }
      const id = `sub_${randomBytes(12).toString('base64url')}`
      const ending = new AbortController()
      open.set(id, ending)
      try {
        const handle = session === undefined ? own : await which(named, { caller, params: {}, query: { session } })
        const stream = await streams.prepare(handle as SessionHandle, { ...query, limit: 100, wait: 0 } as EventsQuery)
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

/** `part`: how faults are told, those of a subscription as of the query that a stream is opened with */
function checked<Params extends z.ZodType>(schema: Params, part: 'query' | 'params', params: unknown): z.infer<Params> {
  const { value, faults } = check(schema, part, params)
  if (faults.length > 0) throw refuse(faults)
  return value as z.infer<Params>
}
