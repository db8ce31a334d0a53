import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { Authenticator } from '../api/authenticator.ts'
import type { Invocations } from '../api/invoke.ts'
import { createWhichSession } from '../api/which-session.ts'
import type { Events } from '../events/events.ts'
import { createSubscriptions, socketOperations } from '../events/subscriptions.ts'
import type { EventType, Operation } from '../gateway/contract/operation.ts'
import type { Sessions } from '../gateway/contract/session.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Tracing } from '../gateway/ports/tracing.ts'
import { createRpc, type RpcMethod } from '../websocket/json-rpc.ts'
import { createOperationMethods, isOfWords } from '../websocket/operation-methods.ts'
import type { Admission } from './admission.ts'
import { createAsyncapi } from './asyncapi.ts'
import { registerConsole } from './console.ts'
import { registerEvents } from './events.ts'
import { type HealthContext, registerHealth } from './health.ts'
import { type Receive, registerHooksIn } from './hooks-in.ts'
import { registerMcp } from './mcp.ts'
import type { MetricsRegistry } from './metrics.ts'
import { createOpenapi, registerDocument } from './openapi.ts'
import { registerReference } from './reference.ts'
import { registerOperations } from './routes.ts'
import { registerSchemas } from './schemas.ts'

/** The documents that describe everything that is served, made anew each time. */
export interface Documents {
  openapi(): Record<string, unknown>
  asyncapi(): Record<string, unknown>
}

export interface SiteContext extends Omit<HealthContext, 'authenticator'>, Pick<Admission, 'responses' | 'admit'> {
  authenticator: Authenticator
  sessions: Sessions
  calls: Invocations
  events: Events
  /** of all rooms; GET /events has a route of its own */
  operations: readonly Operation[]
  /** types of events */
  types: readonly EventType[]
  /** served as JSON Schemas, by name */
  schemas: Readonly<Record<string, z.ZodType>> & { event: z.ZodType }
  allowedOrigins: readonly string[]
  /** is the console served? */
  console: boolean
  /** are the tools of assistants? */
  mcp: boolean
  version: string
  /** what comes by `POST /hooks/in/{token}` */
  receive: Receive
  log: Log
  metrics: MetricsRegistry
  tracing: Tracing
}

/** Everything that is served: operations, event streams, health, metrics, schemas and docs. Answers what makes the documents. */
export async function registerSite(server: FastifyInstance, context: SiteContext): Promise<Documents> {
  const { authenticator, sessions, calls, events, types, operations, schemas, allowedOrigins, version, log, metrics, responses } = context
  const { streams, tickets, list } = events
  const which = createWhichSession(sessions)
  const documents: Documents = {
    openapi: () => createOpenapi({ operations, event: schemas.event, version }),
    asyncapi: () =>
      createAsyncapi({ operations: [...operations.filter(isOfWords), ...socketOperations], event: schemas.event, events: types, version }),
  }
  const ofOperations = createOperationMethods({ operations, invoke: calls.invoke, admit: context.admit, tracing: context.tracing })
  registerHealth(server, context)
  await registerEvents(server, {
    streams,
    tickets,
    allowedOrigins,
    log,
    metrics,
    authenticator,
    operation: list,
    calls,
    responses,
    rpc(caller, own, delivery) {
      const { subscribe, unsubscribe } = createSubscriptions({ streams, delivery, caller, own, which, metrics })
      const methods = new Map<string, RpcMethod>([
        ['events.subscribe', ({ params }) => subscribe(params)],
        ['events.unsubscribe', ({ params }) => unsubscribe(params)],
      ])
      const rpc = { caller, session: own.record.id, signal: delivery.signal }
      return createRpc({ methods: { get: (name) => methods.get(name) ?? ofOperations.of(name, rpc) }, log })
    },
  })
  registerOperations(server, { operations: operations.filter((one) => one !== list), invoke: calls.invoke })
  registerDocument(server, 'openapi', documents.openapi)
  registerDocument(server, 'asyncapi', documents.asyncapi)
  registerReference(server)
  if (context.console) registerConsole(server)
  const home = context.console ? '/console' : '/docs'
  server.get('/', { config: { token: 'none' } }, async (_request, reply) => reply.redirect(home))
  registerSchemas(server, schemas)
  if (context.mcp) {
    // its library is as large as all of ours, and most do without
    const { createMcp } = await import('../mcp/mcp.ts')
    registerMcp(server, { mcp: createMcp({ operations, invoke: calls.invoke, version, log, metrics }), which, allowedOrigins })
  }
  await registerHooksIn(server, context.receive)
  return documents
}
