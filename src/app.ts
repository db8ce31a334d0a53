import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { createRegistry } from './api/event-registry.ts'
import { createInvoke, createResolve } from './api/invoke.ts'
import { createAuthenticator } from './api/keys.ts'
import { problemBody, problemOf } from './api/problem.ts'
import { createWhichSession } from './api/which-session.ts'
import { createTranslator } from './codec/translate.ts'
import type { Config } from './config/config.ts'
import { consumerOperations } from './events/consumer-operations.ts'
import { createConsumers } from './events/consumers.ts'
import { eventOperations } from './events/operations.ts'
import type { EventsQuery } from './events/query.ts'
import { createStreams } from './events/streams.ts'
import { createSubscriptions } from './events/subscriptions.ts'
import { createTails } from './events/tail.ts'
import { createTickets } from './events/tickets.ts'
import { features as allFeatures } from './features/index.ts'
import type { Feature } from './gateway/contract/feature.ts'
import type { Operation } from './gateway/contract/operation.ts'
import type { Sessions } from './gateway/contract/session.ts'
import { createGateway } from './gateway/gateway.ts'
import type { Clock } from './gateway/ports/clock.ts'
import type { Connector } from './gateway/ports/connection.ts'
import type { Store } from './gateway/ports/store.ts'
import { createSeal } from './gateway/seal.ts'
import { registerDocs } from './http/docs.ts'
import { registerEvents } from './http/events.ts'
import { registerHealth } from './http/health.ts'
import { createMetrics } from './http/metrics.ts'
import { createOpenapi, registerOpenapi } from './http/openapi.ts'
import { handlerOf, registerOperations } from './http/routes.ts'
import { registerSchemas } from './http/schemas.ts'
import { createServer } from './http/server.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { createLog, type ProcessLog } from './log.ts'
import { definitions } from './protocol/index.ts'
import { metered } from './store/metered.ts'
import { openStore } from './store/open.ts'
import { version } from './version.ts'
import { createRpc, type RpcMethod } from './websocket/json-rpc.ts'
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
  /** the OpenAPI document */
  document(): Record<string, unknown>
}

/** Composition: the one place that knows every room. */
export async function buildApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const metrics = createMetrics({ version, redis: config.redis !== null })
  const {
    clock = { now: Date.now, monotonic: () => performance.now() },
    log = createLog({
      level: config.logLevel,
      instance: config.instance,
      onLost: (lines, reason) => metrics.count('log_lines_lost_total', { reason }, lines),
    }),
    features = allFeatures,
    connector = createConnector({
      ...config.xmpp,
      bounds: { descriptors: config.descriptors },
      stanzaLimit: config.stanzaLimit,
      clock,
      log,
      metrics,
    }),
    store = await openStore({ redis: config.redis, limits: config.limits, clock, log, metrics }),
  } = overrides
  const counted = metered(store, metrics)
  // a process that was started again under the same name is another one
  const boot = randomBytes(6).toString('base64url')
  const draining = new AbortController()
  const isDraining = () => draining.signal.aborted

  // the core
  const vocabulary = createTranslator(definitions)
  const seal = createSeal([...config.credentialsKeys])
  const gateway = createGateway({ store: counted, connector, seal, clock, vocabulary, features, instance: config.instance, log, metrics })
  const sessions = overrides.sessions ?? gateway.sessions

  // HTTP
  const authenticator = createAuthenticator({
    keys: config.apiKeys,
    metricsTokenHash: config.metricsTokenHash,
    authenticate: sessions.authenticate,
  })
  const { server, pressure, responses, openRequests } = createServer({ ...config, authenticator, metrics, log, isDraining })

  // the tables of the rooms
  const registry = createRegistry(features.flatMap((feature) => feature.events?.(vocabulary) ?? []))
  const snapshots = Object.assign({}, ...features.map((feature) => feature.snapshots ?? {}))
  const tails = createTails({ log: store.log })
  const consumers = createConsumers({ store, clock, metrics, age: config.limits.eventLogAge })
  const streams = createStreams({ store, tails, consumers, snapshots, clock, metrics, slowReaderSeconds: config.slowReaderSeconds })
  const tickets = createTickets({ store: store.tickets, clock })
  const events = eventOperations({ tails, consumers, metrics, tickets, registry, draining: draining.signal, refusal: responses.refusal })
  const operations: Operation[] = [
    ...features.flatMap((feature) => feature.operations?.({ vocabulary, sessions, limits: { stanza: config.stanzaLimit } }) ?? []),
    events.createTicket,
    ...consumerOperations({ consumers }),
  ]
  const invoke = createInvoke({ sessions, store: counted, instance: `${config.instance}:${boot}` })

  registerHealth(server, { ping: () => store.ping(), isDraining, pressure, authenticator, metrics, measure: gateway.measure })
  const which = createWhichSession(sessions)
  await registerEvents(server, {
    streams,
    tickets,
    allowedOrigins: config.allowedOrigins,
    log,
    metrics,
    caller: authenticator.caller,
    resolve: createResolve<EventsQuery>({ sessions, operation: events.list }),
    page: handlerOf(events.list, invoke),
    rpc(caller, own, delivery) {
      const { subscribe, unsubscribe } = createSubscriptions({ streams, delivery, caller, own, which, metrics })
      const methods = new Map<string, RpcMethod>([
        ['events.subscribe', ({ params }) => subscribe(params)],
        ['events.unsubscribe', ({ params }) => unsubscribe(params)],
      ])
      return createRpc({ methods, problemDocument: (thrown) => problemDocument(thrown) })
    },
  })
  registerOperations(server, { operations, invoke })
  const document = () => createOpenapi({ operations: [...operations, events.list], version })
  registerOpenapi(server, document)
  registerDocs(server, document)
  const { message, presence, iq } = vocabulary.schemas
  registerSchemas(server, { message, presence, iq, event: registry.schema })

  const { finishWithin, linger } = overrides
  const { host, port } = config
  const lifecycle = createLifecycle({
    host,
    port,
    server,
    openRequests,
    streams,
    consumers,
    gateway,
    connector,
    store,
    draining,
    finishWithin,
    linger,
  })
  return { server, log, document, ...lifecycle }
}

function problemDocument(thrown: unknown) {
  const problem = problemOf(thrown)
  return { status: problem.status, detail: problem.message, document: problemBody(problem, '') }
}
