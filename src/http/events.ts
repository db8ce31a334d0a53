import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authenticator } from '../api/authenticator.ts'
import type { Invocations } from '../api/invoke.ts'
import type { Delivery } from '../events/delivery.ts'
import type { EventOperations } from '../events/operations.ts'
import type { PreparedStream, Streams } from '../events/streams.ts'
import type { Tickets } from '../events/tickets.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { RpcAnswer } from '../websocket/json-rpc.ts'
import { codeLabel, serveWebSocket, socketOptions } from '../websocket/socket.ts'
import { takenUpgrades } from '../websocket/upgrades.ts'
import { linesOfEveryResponse } from './every-response.ts'
import { checkOrigin } from './origin.ts'
import type { Responses } from './responses.ts'
import { handlerOf, inputOf } from './routes.ts'
import { serveSse, sseHeaders } from './sse.ts'

const PATH = '/events'
/** as it may be asked for, through a proxy too (RFC 9112 section 3.2) */
const asked = new RegExp(`^(?:https?://[^/?]*)?${PATH}(?:\\?|$)`, 'i')

declare module 'fastify' {
  interface FastifyRequest {
    /** what the checks of the route found, for its handlers */
    stream: { prepared: PreparedStream; session: SessionHandle } | null
  }
}

export interface EventsRouteContext {
  streams: Streams
  tickets: Tickets
  allowedOrigins: readonly string[]
  log: Log
  metrics: Metrics
  authenticator: Pick<Authenticator, 'caller'>
  /** `events.list`, which answers the JSON page and says what a stream is asked for */
  operation: EventOperations['list']
  calls: Invocations
  responses: Pick<Responses, 'hold'>
  /** answers the frames of a client, for one socket, over which more streams may be told */
  rpc: (caller: Caller, session: SessionHandle, delivery: Delivery) => (text: string) => Promise<RpcAnswer>
}

/** `GET /events`: one route, answered as a WebSocket, as server-sent events or as a JSON page. */
export async function registerEvents(server: FastifyInstance, context: EventsRouteContext): Promise<void> {
  const { streams, tickets, allowedOrigins, log, metrics, authenticator, operation, calls, responses } = context
  const page = handlerOf(operation, calls.invoke)
  // node leaves the socket of an upgrade to us, also where the request is refused before the plugin's own hook sees it
  const sockets = new WeakMap<IncomingMessage, Socket>()
  const webSockets = takenUpgrades(server.server, isWebSocket)
  webSockets.on('upgrade', (raw) => {
    sockets.set(raw, raw.socket)
    // ws knows no list
    raw.headers.upgrade = 'websocket'
  })
  server.addHook('onResponse', async ({ raw }) => {
    sockets.get(raw)?.destroySoon()
  })
  await server.register(websocket, {
    options: { ...socketOptions, server: webSockets },
    preClose: (done: () => void) => done(),
    // what ws closes by itself, with the right code, must get its close frame out
    errorHandler: (_error, webSocket) => {
      if (webSocket.readyState === webSocket.OPEN) webSocket.terminate()
    },
  })
  // the answer to an upgrade is written by ws, without the headers of the reply
  const upgrades = new WeakMap<IncomingMessage, string>()
  server.websocketServer.on('headers', (headers, raw) => {
    headers.push(`X-Request-Id: ${upgrades.get(raw) ?? ''}`, ...linesOfEveryResponse)
  })
  server.decorateRequest('stream', null)

  const wantsStream = (request: FastifyRequest) => request.ws || isEventStream(request.headers.accept)

  function noteEnd(kind: 'websocket' | 'sse', request: FastifyRequest, session: string) {
    const started = performance.now()
    log.info({ event: 'stream.open', requestId: request.id, session, kind }, 'Event stream opened')
    return (code: string | number) => {
      metrics.count('streams_closed_total', { kind, code: codeLabel(code) })
      const seconds = (performance.now() - started) / 1000
      log.info({ event: 'stream.close', requestId: request.id, session, kind, code, seconds }, 'Event stream closed')
    }
  }
  const noteFault = (request: FastifyRequest) => (thrown: unknown) =>
    log.error({ event: 'stream.error', requestId: request.id, err: thrown }, 'An event stream failed')

  server.route({
    method: 'GET',
    url: PATH,
    config: { token: 'own' },
    async onRequest(request) {
      const { authorization } = request.headers
      if (request.ws) checkOrigin(request.headers, allowedOrigins)
      if (request.ws) upgrades.set(request.raw, request.id)
      const { ticket } = request.query as Record<string, unknown>
      request.caller = typeof ticket === 'string' ? await tickets.redeem(ticket) : await authenticator.caller(authorization)
    },
    async preHandler(request, reply) {
      if (!wantsStream(request)) return
      const lastEventId = request.ws ? undefined : request.headers['last-event-id']?.toString()
      const input = inputOf(request, reply, { isXml: false, accept: 'application/json' })
      request.isStream = request.method !== 'HEAD'
      request.stream = await calls.invokeWith(operation, input, async ({ session, query }) => ({
        session,
        prepared: await streams.prepare(session, query, lastEventId),
      }))
    },
    async handler(request, reply) {
      const { stream, caller } = request
      if (!stream) return page(request, reply)
      if (request.method === 'HEAD') return reply.headers(sseHeaders).send()
      const onEnd = noteEnd('sse', request, stream.prepared.session)
      serveSse(reply, { stream: stream.prepared, streams, watch: caller.watch, onEnd }).catch(noteFault(request))
      return reply
    },
    wsHandler(webSocket, request) {
      const { stream, caller } = request
      if (!stream) return webSocket.terminate()
      const onEnd = noteEnd('websocket', request, stream.prepared.session)
      const rpc = (delivery: Delivery) => context.rpc(caller, stream.session, delivery)
      const hold = (bytes: number) => responses.hold(caller.tenant, bytes)
      const { socket } = request.raw
      serveWebSocket(webSocket, { socket, stream: stream.prepared, streams, rpc, hold, watch: caller.watch, onEnd }).catch(
        noteFault(request),
      )
    },
  })
}

/** The one upgrade that is taken: of this route, to a WebSocket (RFC 6455 section 4.2.1), which need not be the only thing that is offered. */
function isWebSocket({ method, httpVersion, url = '', headers: { upgrade = '' } }: IncomingMessage): boolean {
  const offered = upgrade.split(',').map((protocol) => protocol.trim().toLowerCase())
  return method === 'GET' && httpVersion !== '1.0' && asked.test(url) && offered.includes('websocket')
}

/** A caller that would take JSON as gladly gets JSON. */
function isEventStream(accept = ''): boolean {
  const types = accept.split(',').map((range) => range.split(';')[0]?.trim().toLowerCase())
  return types.includes('text/event-stream') && !types.includes('application/json')
}
