import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { createRegistry } from './api/event-registry.ts'
import { createInvoke, createResolve } from './api/invoke.ts'
import { createAuthenticator } from './api/keys.ts'
import { problemBody, problemOf } from './api/problem.ts'
import { createTranslator } from './codec/translate.ts'
import type { Config } from './config/config.ts'
import { Problem } from './errors/problem.ts'
import { eventOperations } from './events/operations.ts'
import type { EventsQuery } from './events/query.ts'
import { createStreams } from './events/streams.ts'
import { createTails } from './events/tail.ts'
import { createTickets } from './events/tickets.ts'
import { createTurns } from './fair/turns.ts'
import { features as allFeatures } from './features/index.ts'
import type { Feature } from './gateway/contract/feature.ts'
import type { Operation } from './gateway/contract/operation.ts'
import type { Sessions } from './gateway/contract/session.ts'
import { createGateway } from './gateway/gateway.ts'
import type { Clock } from './gateway/ports/clock.ts'
import type { Connector } from './gateway/ports/connection.ts'
import type { Log } from './gateway/ports/log.ts'
import type { Metrics } from './gateway/ports/metrics.ts'
import { sessionStates } from './gateway/ports/session-record.ts'
import type { Store } from './gateway/ports/store.ts'
import { createSeal } from './gateway/seal.ts'
import { createAnswers } from './http/answers.ts'
import { createBodies } from './http/bodies.ts'
import { registerDocs } from './http/docs.ts'
import { registerEvents } from './http/events.ts'
import { registerHealth } from './http/health.ts'
import { createMetrics } from './http/metrics.ts'
import { createOpenapi, registerOpenapi } from './http/openapi.ts'
import { createPressure } from './http/pressure.ts'
import { handlerOf, registerOperations } from './http/routes.ts'
import { registerSchemas } from './http/schemas.ts'
import { createServer } from './http/server.ts'
import { createUnderWay } from './http/under-way.ts'
import { createLog, type ProcessLog } from './log.ts'
import { definitions } from './protocol/index.ts'
import { createMemoryStore } from './store/memory/store.ts'
import { metered } from './store/metered.ts'
import { version } from './version.ts'
import { createRpc } from './websocket/json-rpc.ts'
import { createConnector } from './xmpp/connector.ts'

/** ms that requests under way get to finish once the process stops */
const FINISH_WITHIN = 10_000
/** ms for the last answers on their way out, then for connections to close; those that do not are cut */
const CLOSE_WITHIN = 1_000
/** ms, after all else is done, in which callers may still come and hear that they have to go elsewhere */
const LINGER = 300

/** ms of one turn of the event loop that reading event logs may take, beside requests */
const READING_MAX = 20

/** What tests put in the place of the real parts. */
export interface Overrides {
  store?: Store
  connector?: Connector
  clock?: Clock
  log?: ProcessLog
  features?: readonly Feature[]
  /** instead of those of the gateway */
  sessions?: Sessions
  /** ms, see FINISH_WITHIN */
  finishWithin?: number
  /** ms, see LINGER */
  linger?: number
}

export interface App {
  server: FastifyInstance
  log: ProcessLog
  /** the OpenAPI document */
  document(): Record<string, unknown>
  /** takes up the sessions that are here and listens; answers the address. Rejects with node's error where it cannot listen. */
  start(): Promise<AddressInfo>
  /** Readiness goes, streams end with 1012, requests finish, sessions are handed over, and last the port is closed. May be called twice. */
  stop(): Promise<void>
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
    finishWithin = FINISH_WITHIN,
    linger = LINGER,
    connector = createConnector({
      ...config.xmpp,
      bounds: { descriptors: config.descriptors },
      stanzaLimit: config.stanzaLimit,
      clock,
      log,
      metrics,
    }),
  } = overrides
  const store = overrides.store ?? (await createStore(config, { clock, log, metrics }))
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

  // the tables of the rooms
  const registry = createRegistry(features.flatMap((feature) => feature.events?.(vocabulary) ?? []))
  const snapshots = Object.assign({}, ...features.map((feature) => feature.snapshots ?? {}))
  const readings = createTurns({ most: READING_MAX })
  const tails = createTails({ log: store.log, turn: (tenant) => new Promise((resolve) => readings.take(tenant, resolve)) })
  const streams = createStreams({ store, tails, snapshots, clock, metrics, slowReaderSeconds: config.slowReaderSeconds })
  const tickets = createTickets({ store: store.tickets, clock })
  const answers = createAnswers({ onFull: () => metrics.count('bounds_reached_total', { bound: 'answers' }) })
  const events = eventOperations({ tails, metrics, tickets, registry, draining: draining.signal, refusal: answers.refusal })
  const operations: Operation[] = [
    ...features.flatMap((feature) => feature.operations?.({ vocabulary, sessions, limits: { stanza: config.stanzaLimit } }) ?? []),
    events.createTicket,
  ]

  // HTTP
  const authenticator = createAuthenticator({
    keys: config.apiKeys,
    metricsTokenHash: config.metricsTokenHash,
    authenticate: sessions.authenticate,
  })
  const invoke = createInvoke({ sessions, store: counted, instance: `${config.instance}:${boot}` })
  const { bodyLimit, allowedOrigins } = config
  const turns = createTurns()
  const underWay = createUnderWay()
  const pressure = createPressure({
    turns,
    oldSpace: config.oldSpace,
    changed(strains) {
      if (strains.length > 0) log.warn({ event: 'busy', strains: strains.join() }, 'Too busy: new work is refused')
      else log.info({ event: 'busy', strains: '' }, 'New work is taken again')
    },
  })
  const bodies = createBodies({ bodyLimit, onFull: () => metrics.count('bounds_reached_total', { bound: 'bodies' }) })
  const connections = { most: config.maxConnections, descriptors: config.descriptors }
  const reached = { metrics, log, isDraining, pressure, turns, bodies, answers, connections, underWay }
  const server = createServer({ bodyLimit, allowedOrigins, authenticator, ...reached })
  server.addHook('onClose', async () => pressure.stop())
  registerHealth(server, { ping: () => store.ping(), isDraining, pressure, authenticator, metrics, refresh })
  await registerEvents(server, {
    streams,
    tickets,
    allowedOrigins,
    log,
    metrics,
    caller: authenticator.caller,
    resolve: createResolve<EventsQuery>({ sessions, operation: events.list }),
    page: handlerOf(events.list, invoke),
    rpc: () => createRpc({ methods: new Map(), problemDocument: (thrown) => problemDocument(thrown) }),
  })
  registerOperations(server, { operations, invoke })
  const document = () => createOpenapi({ operations: [...operations, events.list], version })
  registerOpenapi(server, document)
  registerDocs(server, document)
  const { message, presence, iq } = vocabulary.schemas
  registerSchemas(server, { message, presence, iq, event: registry.schema })

  async function refresh(): Promise<void> {
    const counts = gateway.count()
    for (const state of sessionStates) metrics.set('sessions', counts.get(state) ?? 0, { state })
    const { entries, unacked, iqs, oldest } = gateway.load()
    metrics.set('outbox_entries', entries)
    metrics.set('outbox_oldest_age_seconds', oldest === undefined ? 0 : Math.max(0, clock.now() - oldest) / 1000)
    metrics.set('sm_unacked', unacked)
    metrics.set('iq_inflight', iqs)
  }

  async function start(): Promise<AddressInfo> {
    await gateway.start()
    await server.listen({ host: config.host, port: config.port })
    return server.server.address() as AddressInfo
  }

  async function shutDown(): Promise<void> {
    draining.abort()
    // whoever asks from now on is told so: the port stays open until nothing is left to be done
    const finished = underWay.finished(finishWithin)
    await streams.drain()
    await Promise.all([finished, gateway.leave()])
    await gateway.stop()
    await underWay.finished(CLOSE_WITHIN)
    for (const reply of underWay.unanswered()) void reply.send(new Problem('draining', 'This instance shut down before it had the answer.'))
    // whose last answer closed its connection comes again on another, and would find no port
    await delay(linger)
    await closePort()
    await connector.close()
    await store.close()
  }
  async function closePort(): Promise<void> {
    // first come those that wait to be taken: the kernel resets their connections when the port goes
    await nextTurn()
    server.server.close()
    const cut = setTimeout(cutConnections, CLOSE_WITHIN)
    await server.close()
    clearTimeout(cut)
  }
  function cutConnections(): void {
    server.server.closeAllConnections()
    for (const webSocket of server.websocketServer.clients) webSocket.terminate()
  }

  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= shutDown())

  return { server, log, document, start, stop }
}

/** ioredis is loaded only where there is a Redis */
async function createStore({ redis, limits }: Config, parts: { clock: Clock; log: Log; metrics: Metrics }): Promise<Store> {
  if (!redis) return createMemoryStore({ limits, clock: parts.clock, metrics: parts.metrics })
  const { createRedisStore } = await import('./store/redis/store.ts')
  return createRedisStore({ ...redis, ...parts, limits })
}

function problemDocument(thrown: unknown) {
  const problem = problemOf(thrown)
  return { status: problem.status, detail: problem.message, document: problemBody(problem, '') }
}
