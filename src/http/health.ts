import type { FastifyInstance } from 'fastify'
import type { Authenticator } from '../api/authenticator.ts'
import { within } from '../deadline.ts'
import { Problem } from '../errors/problem.ts'
import type { MetricsRegistry } from './metrics.ts'
import type { Pressure } from './pressure.ts'

/** ms that the store may take to answer a ping */
const PING_MAX = 500

export interface HealthContext {
  ping: () => Promise<void>
  isDraining: () => boolean
  pressure: Pick<Pressure, 'strains'>
  authenticator: Pick<Authenticator, 'metrics'>
  metrics: Pick<MetricsRegistry, 'exposition'>
  /** sets the gauges to what is true now */
  measure: () => void
}

/** `/health/live`, `/health/ready`, `/metrics`. XMPP servers that are down do not make an instance unready. */
export function registerHealth(
  server: FastifyInstance,
  { ping, isDraining, pressure, authenticator, metrics, measure }: HealthContext,
): void {
  const answersInTime = () =>
    within(PING_MAX, ping(), () => new Error('There was no answer in time.')).then(
      () => true,
      () => false,
    )

  server.get('/health/live', { config: { token: 'none', always: true } }, async () => ({ status: 'live' }))

  server.get('/health/ready', { config: { token: 'none', always: true } }, async () => {
    const strains = pressure.strains()
    const checks = {
      store: await answersInTime(),
      loop: !strains.includes('loop'),
      heap: !strains.includes('heap'),
      running: !isDraining(),
    }
    const told = Object.fromEntries(Object.entries(checks).map(([name, passed]) => [name, passed ? 'ok' : 'failed']))
    if (Object.values(checks).every(Boolean)) return { status: 'ready', checks: told }
    const code = checks.running ? (checks.store ? 'too-busy' : 'store-unavailable') : 'draining'
    throw new Problem(code, 'This instance takes no work now; see checks.', { members: { checks: told } })
  })

  server.get('/metrics', { config: { token: 'own', always: true } }, async (request, reply) => {
    await authenticator.metrics(request.headers.authorization)
    measure()
    const { contentType, text } = await metrics.exposition()
    return reply.type(contentType).send(text)
  })
}
