/** The store of a gateway of many instances, in Redis 7 or later: standalone, Sentinel or Cluster. */
import { CHOSEN_MAX, type KeptIq, type StreamState } from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { Log } from '../../gateway/ports/log.ts'
import type { Metrics } from '../../gateway/ports/metrics.ts'
import type { Store, StoreLimits } from '../../gateway/ports/store.ts'
import { createApiKeys } from './api-keys.ts'
import { createAudit } from './audit.ts'
import { backedUp } from './backed-up.ts'
import { createBackups } from './backups.ts'
import { openConnection } from './connection.ts'
import { createConsumers } from './consumers.ts'
import { disclose, discloseAny, enclose } from './envelope.ts'
import { createHooks } from './hooks.ts'
import { createIdempotency, createLiveness } from './idempotency.ts'
import { busChannel, chosenKey, probeKey, sessionKey, stateKey, ticketKey } from './keys.ts'
import { createLog } from './log.ts'
import { createMembers } from './members.ts'
import { createOutbox } from './outbox.ts'
import { createPieces } from './pieces.ts'
import { createPubSub } from './pubsub.ts'
import { createRestore } from './restoring.ts'
import { createScripts } from './scripts.ts'
import { createSessions } from './sessions.ts'
import { createWebhooks } from './webhooks.ts'

/** field of a session's hash, before the index of the connection */
const STREAM = 'stream '
/** keys that are written to find out whether Redis takes writes: on a Cluster enough of them that some master has one */
const PROBES = 8
/** ms that they live */
const PROBE_LIFE = 60_000

export interface RedisStoreOptions {
  /** see address.ts */
  url: string
  limits: StoreLimits
  clock: Clock
  /** replicas that must have what was accepted, before it is said to be */
  waitReplicas: number
  log: Log
  /** ms that Redis may take to answer at first (5000) */
  startDeadline?: number
  /** redis_up, and the time of each script by its name */
  metrics?: Metrics
}

/** Rejects with a RangeError for a bad address and with the problem store-unavailable, after some seconds, where nobody answers. */
export async function createRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { limits, clock, waitReplicas, metrics } = options
  const connection = await openConnection(options)
  const { client, ask } = connection
  const { monotonic } = clock
  const scripts = createScripts({ connection, limits, waitReplicas, metrics })
  const pubsub = createPubSub({ connection, restored: () => events.wakeAll() })
  const liveness = createLiveness(pubsub)
  const events = createLog({ connection, scripts, pubsub })

  async function readState(id: string, kind: string, keys?: readonly string[]): Promise<Map<string, unknown>> {
    if (keys === undefined) return disclosed<string, unknown>(Object.entries(await ask(() => client.hgetall(stateKey(id, kind)))))
    if (keys.length === 0) return new Map()
    const values = await ask(() => client.hmget(stateKey(id, kind), ...keys))
    return disclosed<string, unknown>(
      keys.flatMap((key, index): [string, string][] => (values[index] == null ? [] : [[key, values[index]]])),
    )
  }

  const state: Store['state'] = {
    keys: (id, kind) => ask(() => client.hkeys(stateKey(id, kind))),
    read: readState,
    pieces: createPieces({ connection, scripts }),
    async streams(id) {
      const fields = Object.entries(await ask(() => client.hgetall(sessionKey('session', id))))
      const kept = fields.filter(([name]) => name.startsWith(STREAM))
      return disclosed<number, StreamState>(kept.map(([name, text]) => [Number(name.slice(STREAM.length)), text]))
    },
  }
  const backups = createBackups(clock)
  const members = createMembers({ connection, scripts })
  const outbox = createOutbox({ connection, scripts, heads: events.heads, liveness, whole: backups.whole, packs: members.packs, metrics })
  const parts = { ...createSessions({ connection, scripts }), commit: outbox.commit, state }
  const named = createConsumers({ connection, scripts, pubsub, now: clock.now })
  const restore = createRestore({ backups, connection, scripts, consumers: named, monotonic })

  return {
    durable: true,
    /** Asks whether it can be written, for a full one and a replica answer as well. On a Cluster one master that can is enough. */
    async ping() {
      connection.mustBeFit()
      const keys = connection.cluster ? Array.from({ length: PROBES }, (_, number) => probeKey(number)) : [probeKey(0)]
      const written = keys.map((key) => ask(() => client.set(key, '', 'PX', PROBE_LIFE)))
      await Promise.any(written).catch((failed: AggregateError) => {
        throw failed.errors[0]
      })
    },
    async close() {
      pubsub.close()
      liveness.close()
      connection.close()
    },

    ...outbox,
    ...backedUp(parts, { backups, restore, consumers: named, monotonic }),
    instances: members.instances,
    log: events.log,
    webhooks: createWebhooks({ connection, scripts, now: clock.now }),
    keys: createApiKeys({ connection, scripts }),
    hooks: createHooks({ connection, scripts }),
    ...createAudit({ connection, scripts }),
    consumers: named.consumers,
    idempotency: createIdempotency({ scripts, liveness, limits }),

    iqs: {
      get: async (session, id) => disclose<KeptIq>(await scripts.getIq<string | null>(session, [id])),
    },

    chosen: {
      async note(tenant, session, ids) {
        const keys = ids.map((id) => chosenKey(tenant, id))
        await scripts.choose(keys, [session, CHOSEN_MAX, limits.recordAge])
      },
      sessions: (tenant, id) => ask(() => client.lrange(chosenKey(tenant, id), 0, -1)),
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
        return pubsub.publish(busChannel(channel), enclose(message))
      },
      subscribe: (channel, hear) =>
        pubsub.listen(busChannel(channel), (text) => {
          const message = discloseAny(text)
          if (message !== undefined) hear(message)
        }),
      now: (session) => scripts.now(session, []),
    },
  }
}

function disclosed<Key, Value>(entries: [Key, string][]): Map<Key, Value> {
  return new Map(
    entries.flatMap(([key, text]): [Key, Value][] => {
      const value = disclose<Value>(text)
      return value === undefined ? [] : [[key, value]]
    }),
  )
}
