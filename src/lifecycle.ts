import type { AddressInfo } from 'node:net'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { KeyRing } from './api/key-ring.ts'
import { Problem } from './errors/problem.ts'
import type { Consumers } from './events/consumers.ts'
import type { Streams } from './events/streams.ts'
import type { Gateway } from './gateway/gateway.ts'
import type { Connector } from './gateway/ports/connection.ts'
import type { Store } from './gateway/ports/store.ts'
import type { OpenRequests } from './http/open-requests.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

/** ms that open requests get to finish once the process stops */
const FINISH_WITHIN = 10_000
/** ms for the last responses on their way out, then for connections to close; those that do not are cut */
const CLOSE_WITHIN = 1_000
/** ms, after all else is done, in which callers may still come and hear that they have to go elsewhere */
const LINGER = 300

export interface Lifecycle {
  /** takes up the sessions that are here and listens; answers the address. Rejects with node's error where it cannot listen. */
  start(): Promise<AddressInfo>
  /** Readiness goes, streams end with 1012, requests finish, sessions are handed over, and last the port is closed. May be called twice. */
  stop(): Promise<void>
}

export interface LifecycleContext {
  host: string
  port: number
  server: FastifyInstance
  openRequests: Pick<OpenRequests, 'finished' | 'unanswered'>
  streams: Pick<Streams, 'drain'>
  consumers: Pick<Consumers, 'stop'>
  webhooks: Pick<Webhooks, 'stop'>
  gateway: Pick<Gateway, 'start' | 'leave' | 'stop'>
  connector: Pick<Connector, 'close'>
  ring: Pick<KeyRing, 'stop'>
  store: Pick<Store, 'close'>
  tracing: { stop(): Promise<void> }
  /** aborted when the stop begins */
  draining: AbortController
  /** ms, see FINISH_WITHIN */
  finishWithin?: number | undefined
  /** ms, see LINGER */
  linger?: number | undefined
}

/** In which order the rooms start and stop. */
export function createLifecycle(context: LifecycleContext): Lifecycle {
  const { host, port, server, openRequests, streams, consumers, webhooks, gateway, connector, ring, store, tracing, draining } = context
  const { finishWithin = FINISH_WITHIN, linger = LINGER } = context
  let stopped: Promise<void> | undefined

  async function start(): Promise<AddressInfo> {
    await gateway.start()
    await server.listen({ host, port })
    return server.server.address() as AddressInfo
  }

  async function shutDown(): Promise<void> {
    draining.abort()
    // whoever asks from now on is told so: the port stays open until nothing is left to be done
    const finished = openRequests.finished(finishWithin)
    await streams.drain()
    await Promise.all([finished, gateway.leave()])
    await gateway.stop()
    await webhooks.stop()
    await openRequests.finished(CLOSE_WITHIN)
    for (const reply of openRequests.unanswered())
      void reply.send(new Problem('draining', 'This instance shut down before it had the answer.'))
    // whose last answer closed its connection comes again on another, and would find no port
    await delay(linger)
    await closePort()
    await consumers.stop()
    await connector.close()
    ring.stop()
    await tracing.stop()
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

  return { start, stop: () => (stopped ??= shutDown()) }
}
