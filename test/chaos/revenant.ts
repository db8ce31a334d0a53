/** A gateway that can be killed and comes back as the same instance at the same address. */

import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type GatewayOptions, type RequestOptions, startGateway, type TestGateway } from '../support/gateway.ts'
import { freePorts } from '../support/processes.ts'

/** the gateway with traps */
export const gatewayFile = fileURLToPath(new URL('gateway.ts', import.meta.url))

/** ms that one request may take before it is made again */
const REQUEST_WITHIN = 10_000
/** ms in which the end of a process is seen after its sockets have ended */
const END_SEEN = 250

/** ms in which a process that wakes sees what it has missed */
const WAKING = 500

/** What callers need of a gateway. */
export type Reachable = Pick<TestGateway, 'api' | 'events'>

export interface Revenant extends Reachable {
  /** the process of now */
  readonly now: TestGateway
  /** that one and those before it */
  readonly lives: readonly TestGateway[]
  kill(): Promise<void>
  /** in order */
  end(): Promise<void>
  freeze(): void
  thaw(): void
  /** at a time in monotonic ms, or just waking */
  wasFrozen(at: number): boolean
  /** Another process with the same environment, and with more of it where given. Answers it. */
  start(more?: Pick<GatewayOptions, 'args' | 'env'>): Promise<TestGateway>
  stop(): Promise<void>
}

export const AWAY = 'The gateway was killed, ended or frozen meanwhile.'

/** Had a request no answer because its gateway could not give one? */
export const wasAway = (error: unknown) => error instanceof Error && error.message === AWAY

export async function startRevenant(options: GatewayOptions): Promise<Revenant> {
  const [port = 0] = await freePorts(1)
  const first = await startGateway({ ...options, env: { INSTANCE_ID: 'revenant', ...options.env, PORT: `${port}` } })
  const { args } = options
  const lives = [first]
  let now = first
  let starting: Promise<TestGateway> | undefined
  let away = false
  /** monotonic ms */
  let backAt = 0
  const freezes: { from: number; till: number }[] = []

  function leave(): void {
    away = true
  }
  function comeBack(): void {
    away = false
    backAt = performance.now()
  }
  const watch = (life: TestGateway) => void life.ended.then(() => life === now && leave())
  watch(first)

  return {
    get now() {
      return now
    },
    lives,
    async api(method, path, request: RequestOptions = {}) {
      const began = performance.now()
      try {
        return await first.api(method, path, { timeout: REQUEST_WITHIN, ...request })
      } catch (error) {
        await delay(END_SEEN)
        throw away || backAt > began ? new Error(AWAY, { cause: error }) : error
      }
    },
    events: first.events,
    async kill() {
      leave()
      await now.kill()
    },
    async end() {
      leave()
      await now.stop()
    },
    freeze() {
      leave()
      process.kill(now.pid, 'SIGSTOP')
      freezes.push({ from: performance.now(), till: Number.POSITIVE_INFINITY })
    },
    thaw() {
      for (const freeze of freezes.slice(-1)) freeze.till = performance.now()
      process.kill(now.pid, 'SIGCONT')
      comeBack()
    },
    wasFrozen: (at) => freezes.some(({ from, till }) => from <= at && at <= till + WAKING),
    start: async (more = {}) => {
      starting = startGateway({ ...(args === undefined ? {} : { args }), ...more, env: { ...first.env, ...more.env } })
      now = await starting
      lives.push(now)
      watch(now)
      comeBack()
      return now
    },
    async stop() {
      await starting?.catch(() => undefined)
      await now.kill()
    },
  }
}
