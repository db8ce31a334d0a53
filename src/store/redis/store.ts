/** The store of a gateway of many instances, in Redis 7 or later: standalone, Sentinel or Cluster. */
import type { Clock, KeptIq, Store, StoreLimits, StreamState } from '../../gateway/ports.ts'
import { absent } from '../absent.ts'
import { openConnection, type StoreLog } from './connection.ts'
import { disclose, enclose } from './envelope.ts'
import { createIdempotency, createLiveness } from './idempotency.ts'
import { busChannel, iqsKey, sessionBase, stateKey, streamsKey, ticketKey } from './keys.ts'
import { createLog } from './log.ts'
import { createOutbox } from './outbox.ts'
import { createPubSub } from './pubsub.ts'
import { createScripts } from './scripts.ts'
import { createSessions } from './sessions.ts'

export interface RedisStoreOptions {
  /** see address.ts */
  url: string
  limits: StoreLimits
  clock: Clock
  /** replicas that must have what was accepted, before it is said to be */
  waitReplicas: number
  log: StoreLog
}

/** Rejects with a RangeError for a bad address and with the problem store-unavailable, after some seconds, where nobody answers. */
export async function createRedisStore({ url, limits, clock, waitReplicas, log }: RedisStoreOptions): Promise<Store> {
  const connection = await openConnection({ url, log })
  const { client, ask } = connection
  const { now } = clock
  const scripts = createScripts({ connection, limits, waitReplicas })
  const pubsub = createPubSub({ connection, restored: () => events.wakeAll() })
  const liveness = createLiveness(pubsub)
  const events = createLog({ connection, scripts, pubsub, now })

  return {
    durable: true,
    async ping() {
      await ask(() => client.ping())
    },
    async close() {
      pubsub.close()
      liveness.close()
      connection.close()
    },

    ...createSessions({ connection, scripts }),
    ...createOutbox({ connection, scripts, heads: events.heads, liveness, now }),
    log: events.log,
    idempotency: createIdempotency({ scripts, liveness, limits, now }),

    state: {
      async read(id, kind) {
        return disclosed<string, unknown>(Object.entries(await ask(() => client.hgetall(stateKey(id, kind)))))
      },
      async all(id) {
        const flat = await scripts.allState<(string | string[])[]>([sessionBase(id)], [])
        const kinds = pairs(flat) as [string, string[]][]
        return new Map(kinds.map(([kind, values]) => [kind, disclosed<string, unknown>(pairs(values))]))
      },
      async streams(id) {
        const kept = Object.entries(await ask(() => client.hgetall(streamsKey(id))))
        return disclosed<number, StreamState>(kept.map(([index, text]) => [Number(index), text]))
      },
    },

    iqs: {
      async put(iq, ttl) {
        const done = await scripts.putIq<number>([sessionBase(iq.session)], [iq.id, enclose(iq), Math.floor(now()), ttl])
        if (done === 0) throw absent()
      },
      async get(session, id) {
        const value = (await ask(() => client.hget(iqsKey(session), id))) ?? ''
        const space = value.indexOf(' ')
        return Number(value.slice(0, space)) > now() ? disclose<KeptIq>(value.slice(space + 1)) : undefined
      },
    },

    tickets: {
      async put(hash, ticket, ttl) {
        await ask(() => client.set(ticketKey(hash), enclose(ticket), 'PX', Math.ceil(ttl)))
      },
      take: async (hash) => disclose(await ask(() => client.getdel(ticketKey(hash)))),
    },

    bus: {
      async publish(channel, message) {
        // an answer must find its hearer, who may have subscribed a moment ago
        await pubsub.listening()
        return pubsub.publish(busChannel(channel), JSON.stringify(message))
      },
      subscribe: (channel, hear) => pubsub.listen(busChannel(channel), (text) => hear(JSON.parse(text))),
    },
  }
}

function pairs<Value>(flat: Value[]): [Value, Value][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, flat[2 * index + 1]!])
}

function disclosed<Key, Value>(entries: [Key, string][]): Map<Key, Value> {
  return new Map(
    entries.flatMap(([key, text]): [Key, Value][] => {
      const value = disclose<Value>(text)
      return value === undefined ? [] : [[key, value]]
    }),
  )
}
