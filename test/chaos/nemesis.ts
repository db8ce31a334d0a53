/** What goes wrong, one thing after the other, as a seed has it. */
import { setTimeout as delay } from 'node:timers/promises'
import type { TcpProxy } from '../support/proxy.ts'
import type { RedisServer } from '../support/redis.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import type { Random } from './random.ts'
import type { Revenant } from './revenant.ts'

/** ms of calm between two faults */
const CALM = [500, 3_000] as const

export interface Nemesis {
  /** faults so far, by kind */
  readonly done: ReadonlyMap<string, number>
  /** Goes on until the signal; everything is whole when it resolves. */
  rage(signal: AbortSignal): Promise<void>
}

export function createNemesis({
  random,
  places,
  gateways,
  redis,
  log,
}: {
  random: Random
  /** XMPP servers, and the links to them */
  places: readonly { server: XmppServer; proxy: TcpProxy }[]
  gateways: readonly Revenant[]
  redis: RedisServer
  log: (line: string) => void
}): Nemesis {
  const done = new Map<string, number>()
  const link = () => random.pick(places).proxy
  // ejabberd answers for messages that it has not passed on or written yet: when it ends, even in order, they are nowhere
  const mortal = places.map(({ server }) => server).filter(({ kind }) => kind === 'prosody')

  const faults: Record<string, (signal: AbortSignal) => Promise<void>> = {
    async cut() {
      link().cut()
    },
    async 'cut in a stanza'() {
      link().cutAfter(random.between(1, 4_000))
    },
    async slice(signal) {
      const proxy = link()
      proxy.slice(random.between(1, 9))
      await pause(random.between(500, 2_000), signal)
      proxy.slice(0)
    },
    async late(signal) {
      const proxy = link()
      proxy.latency(random.between(20, 400))
      await pause(random.between(500, 2_000), signal)
      proxy.latency(0)
    },
    async 'black hole'(signal) {
      const proxy = link()
      proxy.blackhole(true)
      await pause(random.between(500, 6_000), signal)
      if (random.next() < 0.5) proxy.cut()
      proxy.blackhole(false)
    },
    async 'server killed'(signal) {
      const server = random.pick(mortal)
      await server.kill()
      await pause(random.between(0, 2_000), signal)
      await server.start()
    },
    async 'gateway killed'(signal) {
      const gateway = random.pick(gateways)
      await gateway.now.kill()
      await pause(random.between(0, 1_000), signal)
      await gateway.start()
    },
    async 'gateway ended in order'(signal) {
      const gateway = random.pick(gateways)
      await gateway.now.stop()
      await pause(random.between(0, 1_000), signal)
      await gateway.start()
    },
    async 'gateway frozen'(signal) {
      const { pid } = random.pick(gateways).now
      process.kill(pid, 'SIGSTOP')
      await pause(random.between(1_000, 25_000), signal)
      process.kill(pid, 'SIGCONT')
    },
    async 'Redis frozen'(signal) {
      redis.signal('SIGSTOP')
      await pause(random.between(200, 4_000), signal)
      redis.signal('SIGCONT')
    },
    async 'Redis killed'(signal) {
      await redis.kill()
      await pause(random.between(0, 2_000), signal)
      await redis.restart()
    },
  }
  /** what links do happens more often than a death */
  const often = ['cut', 'cut', 'cut in a stanza', 'cut in a stanza', 'slice', 'late', 'black hole']
  const lots = [...often, ...Object.keys(faults).slice(5)].filter((fault) => fault !== 'server killed' || mortal.length > 0)

  async function rage(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(random.between(...CALM), signal)
      if (signal.aborted) return
      const fault = random.pick(lots)
      log(fault)
      done.set(fault, (done.get(fault) ?? 0) + 1)
      await faults[fault]?.(signal)
    }
  }

  return { done, rage }
}

/** Ends early, and without an error, when the time is over. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
