import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import { createResolve, type Invoke } from '../api/invoke.ts'
import type { Authenticator } from '../api/keys.ts'
import { createWhichSession } from '../api/which-session.ts'
import type { Events } from '../events/events.ts'
import type { EventsQuery } from '../events/query.ts'
import { createSubscriptions } from '../events/subscriptions.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import type { Sessions } from '../gateway/contract/session.ts'
import type { Log } from '../gateway/ports/log.ts'
import { createRpc, type RpcMethod } from '../websocket/json-rpc.ts'
import { registerDocs } from './docs.ts'
import { registerEvents } from './events.ts'
import { type HealthContext, registerHealth } from './health.ts'
import type { MetricsRegistry } from './metrics.ts'
import { createOpenapi, registerOpenapi } from './openapi.ts'
import { handlerOf, registerOperations } from './routes.ts'
import { registerSchemas } from './schemas.ts'

export interface SiteContext extends Omit<HealthContext, 'authenticator'> {
  authenticator: Authenticator
  sessions: Sessions
  invoke: Invoke
  events: Events
  /** of all rooms but GET /events */
  operations: readonly Operation[]
  /** served as JSON Schemas, by name */
  schemas: Readonly<Record<string, z.ZodType>>
  allowedOrigins: readonly string[]
  version: string
  log: Log
  metrics: MetricsRegistry
}

/** Everything that is served: operations, event streams, health, metrics, schemas and docs. Answers what makes the OpenAPI document. */
export async function registerSite(server: FastifyInstance, context: SiteContext): Promise<() => Record<string, unknown>> {
  const { authenticator, sessions, invoke, events, operations, schemas, allowedOrigins, version, log, metrics } = context
  const { streams, tickets, list } = events
  const which = createWhichSession(sessions)
  const document = () => createOpenapi({ operations: [...operations, list], version })
  registerHealth(server, context)
  await registerEvents(server, {
    streams,
    tickets,
    allowedOrigins,
    log,
    metrics,
    caller: authenticator.caller,
    resolve: createResolve<EventsQuery>({ sessions, operation: list }),
    page: handlerOf(list, invoke),
    rpc(caller, own, delivery) {
      const { subscribe, unsubscribe } = createSubscriptions({ streams, delivery, caller, own, which, metrics })
      const methods = new Map<string, RpcMethod>([
        ['events.subscribe', ({ params }) => subscribe(params)],
        ['events.unsubscribe', ({ params }) => unsubscribe(params)],
      ])
      return createRpc(methods)
    },
  })
  registerOperations(server, { operations, invoke })
  registerOpenapi(server, document)
  registerDocs(server, document)
  registerSchemas(server, schemas)
  return document
}
