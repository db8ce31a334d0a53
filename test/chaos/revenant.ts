/** A gateway that can be killed and comes back as the same instance at the same address. */

import { fileURLToPath } from 'node:url'
import { type GatewayOptions, type RequestOptions, startGateway, type TestGateway } from '../support/gateway.ts'
import { freePorts } from '../support/processes.ts'

/** the gateway with traps */
export const gatewayFile = fileURLToPath(new URL('gateway.ts', import.meta.url))

/** ms that one request may take before it is made again */
const REQUEST_WITHIN = 10_000

/** What callers need of a gateway. */
export type Reachable = Pick<TestGateway, 'api' | 'events'>

export interface Revenant extends Reachable {
  /** the process of now */
  readonly now: TestGateway
  /** that one and those before it */
  readonly lives: readonly TestGateway[]
  kill(): Promise<void>
  /** Another process with the same environment, and with more of it where given. Answers it. */
  start(more?: Pick<GatewayOptions, 'args' | 'env'>): Promise<TestGateway>
  stop(): Promise<void>
}

export async function startRevenant(options: GatewayOptions): Promise<Revenant> {
  const [port = 0] = await freePorts(1)
  const first = await startGateway({ ...options, env: { INSTANCE_ID: 'revenant', ...options.env, PORT: `${port}` } })
  const { args } = options
  const lives = [first]
  let now = first
  let starting: Promise<TestGateway> | undefined
  return {
    get now() {
      return now
    },
    lives,
    api: (method, path, request: RequestOptions = {}) => first.api(method, path, { timeout: REQUEST_WITHIN, ...request }),
    events: first.events,
    kill: () => now.kill(),
    start: async (more = {}) => {
      starting = startGateway({ ...(args === undefined ? {} : { args }), ...more, env: { ...first.env, ...more.env } })
      now = await starting
      lives.push(now)
      return now
    },
    async stop() {
      await starting?.catch(() => undefined)
      await now.kill()
    },
  }
}
