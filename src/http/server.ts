import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Authenticator } from '../api/authenticator.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { Tracing } from '../gateway/ports/tracing.ts'
import { type Admission, type AdmissionContext, registerAdmission } from './admission.ts'
import { registerBodyParsers } from './body-parsers.ts'
import { createSlowBodies } from './bytes.ts'
import { registerCors } from './cors.ts'
import { createKnownPaths } from './known-paths.ts'
import type { MetricsRegistry } from './metrics.ts'
import { createSendProblem, refuseUnparsable, requestId } from './problem-response.ts'
import { registerRequestSpans } from './request-spans.ts'

/** ms for the head of a request, and for the whole of it (slow-loris bounds) */
const HEADERS_TIMEOUT = 10_000
const REQUEST_TIMEOUT = 30_000
/** ms between looks at these two */
const CHECK_INTERVAL = 5_000
/** ms that an idle connection is kept, longer than load balancers do */
const KEEP_ALIVE = 72_000
/** a full JID has at most 3071 bytes, percent-encoded three times that */
const PARAM_MAX = 10_000

declare module 'fastify' {
  interface FastifyRequest {
    /** set on every route that needs a token */
    caller: Caller
    /** which session it was for, for the log */
    sessionId: string | undefined
    /** answered by a stream, whose end is not the time of the request */
    isStream: boolean
  }
  interface FastifyContextConfig {
    /** key: an API key or session token, the default · none: open to all · own: the route looks for itself */
    token?: 'key' | 'none' | 'own'
    /** answered also by an instance that is too busy for anything else, or stopping */
    always?: true
    /** takes bytes, for as long as they take */
    bytes?: true
  }
}

export interface ServerContext extends AdmissionContext {
  allowedOrigins: readonly string[]
  authenticator: Pick<Authenticator, 'caller'>
  metrics: Pick<MetricsRegistry, 'request' | 'count'>
  tracing: Tracing
}

export interface HttpServer extends Admission {
  server: FastifyInstance
}

/** The HTTP server with all that is true of every request: ids, bounds, tokens, bodies, problems, CORS, log lines. Routes come after. */
export function createServer(context: ServerContext): HttpServer {
  const { bodyLimit, allowedOrigins, authenticator, metrics, tracing, log, isDraining } = context
  const sendProblem = createSendProblem({ log, isDraining })
  const slowBodies = createSlowBodies()
  const server = Fastify({
    bodyLimit,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE,
    http: { headersTimeout: HEADERS_TIMEOUT, connectionsCheckingInterval: CHECK_INTERVAL },
    routerOptions: { maxParamLength: PARAM_MAX },
    genReqId: (request) => requestId(request.headers['x-request-id']),
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply as unknown as FastifyReply),
    clientErrorHandler(error, socket) {
      // those have bounds of their own
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && slowBodies.has(socket)) return
      refuseUnparsable(error, socket)
    },
  })
  server.server.on('error', (err) => {
    // of a connection that could not be accepted, for want of file descriptors; why it cannot listen, `listen` tells
    if (server.server.listening) log.error({ event: 'http.error', err }, 'A connection was not accepted')
  })
  server.decorateRequest('caller')
  server.decorateRequest('sessionId')
  server.decorateRequest('isStream', false)
  server.setErrorHandler(sendProblem)
  const { isElsewhere, noRoute } = createKnownPaths(server)
  server.setNotFoundHandler((request) => {
    throw noRoute(request)
  })

  registerRequestSpans(server, tracing)
  const admission = registerAdmission(server, context)
  registerCors(server, allowedOrigins)
  server.addHook('onRequest', (request, reply, done) => {
    // before the body is looked at
    if (request.is404 || isElsewhere(request)) return done(noRoute(request))
    if (request.routeOptions.config.bytes) slowBodies.watch(request.raw, reply.raw)
    if ((request.routeOptions.config.token ?? 'key') !== 'key') return done()
    const pass = (caller: Caller) => {
      request.caller = caller
      done()
    }
    authenticator.caller(request.headers.authorization).then(pass, done)
  })
  registerBodyParsers(server)

  server.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
    const { method } = request
    const status = reply.statusCode
    const seconds = reply.elapsedTime / 1000
    if (!request.isStream) metrics.request({ method, route, status }, seconds)
    const session = request.sessionId
    // probes ask every few seconds
    const level = route.startsWith('/health/') && status < 400 ? 'debug' : 'info'
    log[level]({ event: 'http.request', requestId: request.id, ...(session && { session }), method, route, status, seconds }, 'Request')
    done()
  })
  return { server, ...admission }
}
