import type { FastifyInstance, FastifyRequest } from 'fastify'
import { traceOf } from '../api/trace.ts'
import type { Span, Trace, Tracing } from '../gateway/ports/tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined
  }
}

/** asked every few seconds by whatever watches the process */
const isProbe = (route: string) => route.startsWith('/health/') || route === '/metrics'

/** A span of each request, from its head to the end of its answer; streams have none, for their end is not the time of a request. */
export function registerRequestSpans(server: FastifyInstance, tracing: Tracing): void {
  server.decorateRequest('span')
  if (!tracing.isOn) return
  server.addHook('onRequest', (request, _reply, done) => {
    const { method, routeOptions, headers } = request
    const { url: route = '' } = routeOptions
    if (isProbe(route)) return done()
    request.span = tracing.begin('request', {
      ...{ parent: traceOf(headers), name: `${method} ${route}`.trim() },
      attributes: { 'http.request.method': method, ...(route !== '' && { 'http.route': route }) },
    })
    done()
  })
  server.addHook('onResponse', ({ span, isStream, sessionId }, { statusCode }, done) => {
    const attributes = { 'http.response.status_code': statusCode, ...(sessionId && { 'stanzagate.session': sessionId }) }
    if (!isStream) span?.end({ attributes, fault: statusCode >= 500 ? String(statusCode) : undefined })
    done()
  })
}

/** The trace that a request belongs to: as part of its own span where that is told. */
export const traceOfRequest = ({ span, headers }: FastifyRequest): Trace | undefined => span?.trace ?? traceOf(headers)
