import { randomUUID } from 'node:crypto'
import { type RequestListener, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { decodeBody, parseJson } from '../api/json.ts'
import type { Authenticator } from '../api/keys.ts'
import { PROBLEM_TYPE, problemBody, problemHeaders, problemOf } from '../api/problem.ts'
import { Problem } from '../errors/problem.ts'
import type { Turns } from '../fair/turns.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Answers } from './answers.ts'
import type { Bodies } from './bodies.ts'
import { boundChunks } from './chunks.ts'
import { boundConnections } from './connections.ts'
import { registerCors } from './cors.ts'
import type { MetricsRegistry } from './metrics.ts'
import { oneByOne } from './pipeline.ts'
import type { Pressure } from './pressure.ts'
import type { UnderWay } from './under-way.ts'

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
  }
}

export interface ServerContext {
  bodyLimit: number
  allowedOrigins: readonly string[]
  authenticator: Pick<Authenticator, 'caller'>
  metrics: Pick<MetricsRegistry, 'request' | 'count'>
  log: Log
  /** true while the process stops: what comes in is told to go elsewhere */
  isDraining: () => boolean
  pressure: Pick<Pressure, 'refusal'>
  turns: Pick<Turns, 'take'>
  bodies: Bodies
  answers: Answers
  /** connections of callers, and the descriptor from which on they are above them */
  connections: { most: number; descriptors: number }
  underWay: Pick<UnderWay, 'add'>
}

/** The HTTP server with all that is true of every request: ids, tokens, bodies, problems, CORS, log lines. */
export function createServer({
  bodyLimit,
  allowedOrigins,
  authenticator,
  metrics,
  log,
  isDraining,
  pressure,
  turns,
  bodies,
  answers,
  connections,
  underWay,
}: ServerContext): FastifyInstance {
  const server = Fastify({
    bodyLimit,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE,
    http: { headersTimeout: HEADERS_TIMEOUT, connectionsCheckingInterval: CHECK_INTERVAL },
    routerOptions: { maxParamLength: PARAM_MAX },
    genReqId: (request) => requestId(request.headers['x-request-id']),
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply as unknown as FastifyReply),
    clientErrorHandler: refuseUnparsable,
  })
  server.server.on('error', (err) => {
    // of a connection that could not be accepted, for want of file descriptors; why it cannot listen, `listen` tells
    if (server.server.listening) log.error({ event: 'http.error', err }, 'A connection was not accepted')
  })
  const { isAbove } = boundConnections(server.server, {
    ...connections,
    onFull: () => metrics.count('bounds_reached_total', { bound: 'connections' }),
  })
  const [take] = server.server.listeners('request') as [RequestListener]
  server.server.removeAllListeners('request')
  const onTooManyChunks = () => metrics.count('bounds_reached_total', { bound: 'chunks' })
  server.server.on('request', (request, response) => boundChunks(request, response, { onTooMany: onTooManyChunks }))
  server.server.on('request', oneByOne(take, { onTooMany: () => metrics.count('bounds_reached_total', { bound: 'pipelined-requests' }) }))
  server.decorateRequest('caller')
  server.decorateRequest('sessionId')
  server.decorateRequest('isStream', false)
  const routes = collectRoutes(server)

  function noRoute({ url }: FastifyRequest): Problem {
    const allow = routes.methodsOf(url).join(', ')
    if (allow === '') return new Problem('not-found', 'There is no such route.')
    return new Problem('method-not-allowed', `This route takes ${allow}.`, { headers: { allow } })
  }

  /** Matched by the router, and yet not this route: an empty id is none, and a fixed path is no id. */
  function isElsewhere({ method, url, params }: FastifyRequest): boolean {
    const given = Object.values(params as Record<string, string>)
    if (given.length === 0) return false
    const fixed = routes.fixed(url)
    return given.includes('') || (fixed !== undefined && !fixed.has(method))
  }

  function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = problemOf(thrown)
    if (problem.code === 'internal-error') {
      log.error(
        { event: 'http.error', requestId: request.id, session: request.sessionId, route: request.routeOptions?.url, err: problem.cause },
        'A request failed',
      )
    }
    // closed with the rest of the body unread, the connection would be reset, and the answer with it
    if (problem.code === 'body-too-large' && !isDraining()) reply.removeHeader('connection')
    void reply
      .code(problem.status)
      .headers({ 'x-request-id': request.id, 'cache-control': 'no-store', ...problemHeaders(problem) })
      .type(PROBLEM_TYPE)
      // bytes, for fastify adds a charset to text
      .send(Buffer.from(JSON.stringify(problemBody(problem, request.id))))
  }

  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('cache-control', 'no-store')
    const { always } = request.routeOptions.config ?? {}
    if (!isDraining()) underWay.add(reply)
    else {
      reply.header('connection', 'close')
      if (!always) return done(new Problem('draining', 'This instance is shutting down.'))
    }
    if (isAbove(request.raw.socket)) {
      reply.header('connection', 'close')
      if (!always) return done(new Problem('too-busy', 'This instance has as many connections as it takes.', { retryAfter: 1 }))
    }
    done(always ? undefined : pressure.refusal())
  })
  registerCors(server, allowedOrigins)
  server.addHook('onRequest', (request, _reply, done) => {
    // before the body is looked at
    if (request.is404 || isElsewhere(request)) return done(noRoute(request))
    if ((request.routeOptions.config.token ?? 'key') !== 'key') return done()
    const pass = (caller: Caller) => {
      request.caller = caller
      done()
    }
    authenticator.caller(request.headers.authorization).then(pass, done)
  })

  server.addHook('preParsing', (request, reply, _payload, done) => {
    done(bodies.take(request.caller?.tenant ?? '', request.raw, reply.raw))
  })

  server.addHook('preHandler', (request, _reply, done) => {
    if (request.routeOptions.config.always) return done()
    const { tenant = '' } = request.caller ?? {}
    const refused = pressure.refusal(tenant) ?? (request.method === 'GET' ? answers.refusal(tenant) : undefined)
    if (refused) done(refused)
    else turns.take(tenant, done)
  })

  server.addHook('onSend', (request, reply, payload, done) => {
    const { length } = typeof payload === 'string' || payload instanceof Uint8Array ? payload : { length: 0 }
    const refused = answers.hold(request.caller?.tenant ?? '', length, reply.raw)
    if (refused) done(refused)
    else done()
  })

  server.removeAllContentTypeParsers()
  takeBodies('application/json', parseJson)
  takeBodies('application/xml', (text) => text)

  function takeBodies(type: string, parse: (text: string) => unknown): void {
    server.addContentTypeParser(type, { parseAs: 'buffer' }, (request: FastifyRequest, bytes: Buffer, done) => {
      let body: unknown
      try {
        body = bytes.length === 0 ? undefined : parse(bodyText(request, bytes))
      } catch (error) {
        return done(error as Error)
      }
      done(null, body)
    })
  }

  server.setErrorHandler(sendProblem)
  server.setNotFoundHandler((request) => {
    throw noRoute(request)
  })

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
  return server
}

/** A sane id of the caller is kept, so that it can be followed through several services. */
function requestId(given: string | string[] | undefined): string {
  if (typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given)) return given
  return `req_${randomUUID()}`
}

function bodyText(request: FastifyRequest, bytes: Buffer): string {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = request.headers
  const charset = /;\s*charset="?([^";\s]+)/i.exec(type)?.[1]
  if (encoding !== 'identity') throw new Problem('unsupported-media-type', 'The body must not be compressed.')
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw new Problem('unsupported-media-type', 'The body must be UTF-8.')
  return decodeBody(bytes)
}

/** Remembers which methods each path has, for 405 and its `Allow`. */
function collectRoutes(server: FastifyInstance) {
  const known = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  server.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`)
    const route = known.get(url) ?? { pattern, methods: new Set() }
    for (const one of [method].flat()) route.methods.add(one)
    known.set(url, route)
  })
  const pathOf = (url: string) => url.split('?', 1)[0] as string

  /** the methods of a path without parameters */
  function fixed(url: string): Set<string> | undefined {
    const path = pathOf(url)
    return /[:*]/.test(path) ? undefined : known.get(path)?.methods
  }

  return {
    fixed,
    /** a fixed path wins over a pattern, as it does in the router */
    methodsOf(url: string): string[] {
      const path = pathOf(url)
      const patterns = [...known.values()].filter(({ pattern }) => pattern.test(path))
      return [...(fixed(url) ?? new Set(patterns.flatMap(({ methods }) => [...methods])))].sort()
    },
  }
}

/** What node's HTTP parser cannot read gets a problem too, as far as the socket still takes one. */
function refuseUnparsable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = unparsable(error)
  const id = requestId(undefined)
  const body = JSON.stringify(problemBody(problem, id))
  const { [problem.status]: reason } = STATUS_CODES
  socket.end(
    `HTTP/1.1 ${problem.status} ${reason}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${id}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
  )
}

function unparsable(cause: Error & { code?: string }): Problem {
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('request-timeout', 'The request did not arrive in time.', { cause })
  if (cause.code === 'HPE_HEADER_OVERFLOW') return new Problem('headers-too-large', 'The head of the request is too large.', { cause })
  return new Problem('invalid-request', 'Not an HTTP request.', { cause, errors: [{ path: 'request', message: 'is not HTTP/1.1' }] })
}
