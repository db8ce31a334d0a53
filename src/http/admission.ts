/** What is let in, and how much of it at one time. */
import type { RequestListener, Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Problem } from '../errors/problem.ts'
import { createTurns } from '../fair/turns.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import { createBodies } from './bodies.ts'
import { boundChunks } from './chunks.ts'
import { boundConnections } from './connections.ts'
import { ofEveryResponse } from './every-response.ts'
import { createOpenRequests, type OpenRequests } from './open-requests.ts'
import { oneByOne } from './pipeline.ts'
import { createPressure, type Pressure } from './pressure.ts'
import { createResponses, type Responses } from './responses.ts'

export interface AdmissionContext {
  /** bytes */
  bodyLimit: number
  /** connections of callers, and the descriptor from which on they are above them */
  maxConnections: number
  descriptors: number
  /** bytes of the heap for what is old, where Node was told */
  oldSpace: number | null
  metrics: Pick<Metrics, 'count'>
  log: Log
  /** true while the process stops: what comes in is told to go elsewhere */
  isDraining: () => boolean
}

export interface Admission {
  pressure: Pressure
  responses: Responses
  openRequests: OpenRequests
  /** For what did not come by a request of its own: waits for the tenant's turn. Rejects with too-busy where a request would be refused. */
  admit(tenant: string, isRead: boolean): Promise<void>
}

/** Refuses at the door, before anything else is done for a request; health and metrics are answered always. */
export function registerAdmission(server: FastifyInstance, context: AdmissionContext): Admission {
  const { bodyLimit, maxConnections, descriptors, oldSpace, metrics, log, isDraining } = context
  const { isAbove } = boundConnections(server.server, {
    most: maxConnections,
    descriptors,
    onFull: () => metrics.count('bounds_reached_total', { bound: 'connections' }),
  })
  boundRequests(server.server, metrics)
  const openRequests = createOpenRequests()
  const turns = createTurns()
  const bodies = createBodies({ bodyLimit, onFull: () => metrics.count('bounds_reached_total', { bound: 'bodies' }) })
  const responses = createResponses({ onFull: () => metrics.count('bounds_reached_total', { bound: 'answers' }) })
  const pressure = createPressure({
    turns,
    oldSpace,
    changed(strains) {
      if (strains.length > 0) log.warn({ event: 'busy', strains: strains.join() }, 'Too busy: new work is refused')
      else log.info({ event: 'busy', strains: '' }, 'New work is taken again')
    },
  })
  server.addHook('onClose', async () => pressure.stop())
  const refusal = (tenant: string, isRead: boolean) => pressure.refusal(tenant) ?? (isRead ? responses.refusal(tenant) : undefined)

  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).headers(ofEveryResponse)
    const { always } = request.routeOptions.config ?? {}
    if (!isDraining()) openRequests.add(reply)
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

  server.addHook('preParsing', (request, reply, _payload, done) => {
    // bytes are never held
    if (request.routeOptions.config?.bytes) return done()
    done(bodies.take(request.caller?.tenant ?? '', request.raw, reply.raw))
  })

  server.addHook('preHandler', (request, _reply, done) => {
    if (request.routeOptions.config.always) return done()
    const { tenant = '' } = request.caller ?? {}
    const refused = refusal(tenant, request.method === 'GET')
    if (refused) done(refused)
    else turns.take(tenant, done)
  })

  server.addHook('onSend', (request, reply, payload, done) => {
    const { length } = typeof payload === 'string' || payload instanceof Uint8Array ? payload : { length: 0 }
    if (reply.raw.destroyed) return done()
    const { tenant = '' } = request.caller ?? {}
    // others that were asked for at the same time may have come before it; what was done has to be told
    const refused = request.method === 'GET' ? responses.refusal(tenant, length) : undefined
    if (refused) return done(refused)
    const free = responses.hold(tenant, length)
    if (free) reply.raw.once('close', free)
    done()
  })

  async function admit(tenant: string, isRead: boolean): Promise<void> {
    const refused = refusal(tenant, isRead)
    if (refused) throw refused
    await turns.wait(tenant)
  }

  return { pressure, responses, openRequests, admit }
}

/** Before fastify hears of a request: its chunks are counted, and it waits for those before it on its connection. */
function boundRequests(server: Server, metrics: Pick<Metrics, 'count'>): void {
  const [take] = server.listeners('request') as [RequestListener]
  const onTooManyChunks = () => metrics.count('bounds_reached_total', { bound: 'chunks' })
  const onTooManyRequests = () => metrics.count('bounds_reached_total', { bound: 'pipelined-requests' })
  server.removeAllListeners('request')
  server.on('request', (request, response) => boundChunks(request, response, { onTooMany: onTooManyChunks }))
  server.on('request', oneByOne(take, { onTooMany: onTooManyRequests }))
}
