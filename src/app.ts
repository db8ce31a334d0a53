import type { FastifyInstance } from 'fastify'
import { createRegistry } from './api/event-registry.ts'
import { createInvoke } from './api/invoke.ts'
import { meOperation } from './api/me.ts'
import { statsOperation } from './api/stats.ts'
import { createCallers } from './callers.ts'
import { createTranslator } from './codec/translate.ts'
import type { Config } from './config/config.ts'
import { createEvents } from './events/events.ts'
import { hooks } from './features/hooks/hooks.ts'
import { createReceive } from './features/hooks/receive.ts'
import { features as allFeatures, ofComponents } from './features/index.ts'
import type { Feature } from './gateway/contract/feature.ts'
import type { Operation } from './gateway/contract/operation.ts'
import type { Sessions } from './gateway/contract/session.ts'
import { createGateway } from './gateway/gateway.ts'
import type { Clock } from './gateway/ports/clock.ts'
import type { Connector } from './gateway/ports/connection.ts'
import type { Store } from './gateway/ports/store.ts'
import { createSeal } from './gateway/seal.ts'
import { createMetrics } from './http/metrics.ts'
import { createServer } from './http/server.ts'
import { type Documents, registerSite } from './http/site.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { createLog, type ProcessLog } from './log.ts'
import { createPut } from './net/put.ts'
import { definitions } from './protocol/index.ts'
import { metered } from './store/metered.ts'
import { openStore } from './store/open.ts'
import { openTracing } from './tracing/tracing.ts'
import { version } from './version.ts'
import { createWebhooks } from './webhooks/webhooks.ts'
import { createConnector } from './xmpp/connector.ts'

/** What tests put in the place of the real parts. */
export interface Overrides {
  store?: Store
  connector?: Connector
  clock?: Clock
  log?: ProcessLog
  features?: readonly Feature[]
  /** instead of those of the gateway */
  sessions?: Sessions
  /** ms, see lifecycle.ts */
  finishWithin?: number
  linger?: number
}

export interface App extends Lifecycle {
  server: FastifyInstance
  log: ProcessLog
  documents: Documents
}

/** Composition: the one place that knows every room. */
export async function buildApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const metrics = createMetrics({ version, redis: config.redis !== null })
  const {
    clock = { now: Date.now, monotonic: () => performance.now() },
    log = createLog({
      ...{ level: config.logLevel, instance: config.instance },
      onLost: (lines, reason) => metrics.count('log_lines_lost_total', { reason }, lines),
    }),
    features: rooms = allFeatures,
    connector = createConnector({
      ...config.xmpp,
      ...{ stanzaLimit: config.stanzaLimit, bounds: { descriptors: config.descriptors }, clock, log, metrics },
    }),
    store = await openStore({ redis: config.redis, limits: config.limits, clock, log, metrics }),
  } = overrides
  const told = { clock, log, metrics, tracing: await openTracing(config.tracing, { version, instance: config.instance, log }) }
  const counted = metered(store, metrics)
  const draining = new AbortController()
  const isDraining = () => draining.signal.aborted

  // the core
  const vocabulary = createTranslator(definitions)
  const seal = createSeal([...config.credentialsKeys])
  const webhooks = createWebhooks({ ...config, store: counted, seal, ...told, version })
  const features = [...rooms, webhooks.feature, hooks(counted.hooks)]
  const both = { features, ofComponents: [...ofComponents, webhooks.feature] }
  const gateway = createGateway({ store: counted, connector, seal, vocabulary, ...both, instance: config.instance, ...told })
  const sessions = overrides.sessions ?? gateway.sessions

  // HTTP
  const callers = createCallers(config, { store: counted, sessions, ...told })
  const { ring, authenticator, takeRate, audit } = callers
  const { server, pressure, responses, openRequests, admit } = createServer({ ...config, authenticator, ...told, isDraining })

  // the tables of the rooms
  const registry = createRegistry(features.flatMap((feature) => feature.events?.(vocabulary) ?? []))
  const events = createEvents({
    ...{ store, ...told, registry, features, refusal: responses.refusal, ofTicket: authenticator.ofTicket, draining: draining.signal },
    ...{ slowReaderSeconds: config.slowReaderSeconds, eventLogAge: config.limits.eventLogAge },
  })
  const given = { vocabulary, sessions, put: createPut(config.xmpp), limits: { stanza: config.stanzaLimit, upload: config.uploadLimit } }
  const operations: Operation[] = [
    ...features.flatMap((feature) => feature.operations?.(given) ?? []),
    ...events.operations,
    meOperation({ version, instance: config.instance }),
    statsOperation({ sessions, store, openStreams: events.streams.open }),
    ...callers.operations,
    events.list,
  ]
  const calls = createInvoke({ sessions, store: counted, instance: config.instance, takeRate, audit })
  const { message, presence, iq } = vocabulary.schemas
  const documents = await registerSite(server, {
    ...{ authenticator, sessions, calls, events, operations, ...told, pressure, responses, admit, isDraining, version },
    ...{ allowedOrigins: config.allowedOrigins, console: config.console, mcp: config.mcp },
    receive: createReceive({ store: counted.hooks, sessions, limit: config.stanzaLimit }),
    schemas: { message, presence, iq, event: registry.schema },
    ...{ types: registry.types, ping: () => store.ping(), measure: gateway.measure },
  })
  const lifecycle = createLifecycle({
    ...{ server, ring, openRequests, streams: events.streams, consumers: events.consumers, webhooks, gateway, connector, store },
    ...{ ...told, draining, host: config.host, port: config.port, finishWithin: overrides.finishWithin, linger: overrides.linger },
  })
  return { server, log, documents, ...lifecycle }
}
