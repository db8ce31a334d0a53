import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import { Problem } from '../errors.ts'
import type { Authenticator } from './auth.ts'
import type { MetricsRegistry } from './metrics.ts'

/** ms that the store may take to answer a ping, and that the event loop may be late */
const PING_MAX = 500
const LOOP_DELAY_MAX = 500
/** ms between looks at the event loop */
const LOOP_RESOLUTION = 100

export interface HealthContext {
  ping: () => Promise<void>
  isDraining: () => boolean
  authenticator: Pick<Authenticator, 'metrics'>
  metrics: Pick<MetricsRegistry, 'exposition'>
  /** sets the gauges to what is true now */
  refresh: () => Promise<void>
}

/** `/health/live`, `/health/ready`, `/metrics`. XMPP servers that are down do not make an instance unready. */
export function registerHealth(server: FastifyInstance, { ping, isDraining, authenticator, metrics, refresh }: HealthContext): void {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION })
  loop.enable()
  server.addHook('onClose', async () => {
    loop.disable()
  })

  async function answersInTime(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(resolve, PING_MAX, false)
    ping().then(
      () => resolve(true),
      () => resolve(false),
    )
    return promise.finally(() => clearTimeout(timer))
  }

  function isLoopPrompt(): boolean {
    const late = loop.percentile(99) / 1e6 - LOOP_RESOLUTION
    loop.reset()
    return !(late > LOOP_DELAY_MAX)
  }

  server.get('/health/live', { config: { token: 'none' } }, async () => ({ status: 'live' }))

  server.get('/health/ready', { config: { token: 'none' } }, async () => {
    const checks = { store: await answersInTime(), loop: isLoopPrompt(), running: !isDraining() }
    const told = Object.fromEntries(Object.entries(checks).map(([name, passed]) => [name, passed ? 'ok' : 'failed']))
    if (Object.values(checks).every(Boolean)) return { status: 'ready', checks: told }
    const code = checks.running ? (checks.store ? 'too-busy' : 'store-unavailable') : 'draining'
    throw new Problem(code, 'This instance takes no work now; see checks.', { members: { checks: told } })
  })

  server.get('/metrics', { config: { token: 'own' } }, async (request, reply) => {
    authenticator.metrics(request.headers.authorization)
    await refresh()
    const { contentType, text } = await metrics.exposition()
    return reply.type(contentType).send(text)
  })
}
