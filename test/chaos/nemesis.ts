/** What goes wrong, one thing after the other, as a seed has it. */
import { setTimeout as delay } from 'node:timers/promises'
import type { TcpProxy } from '../support/proxy.ts'
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
  proxy,
  server,
  gateway,
  log,
}: {
  random: Random
  proxy: TcpProxy
  server: XmppServer
  gateway: Revenant
  log: (line: string) => void
}): Nemesis {
  const done = new Map<string, number>()

  const faults: Record<string, (signal: AbortSignal) => Promise<void>> = {
    async cut() {
      proxy.cut()
    },
    async 'cut in a stanza'() {
      proxy.cutAfter(random.between(1, 4_000))
    },
    async slice(signal) {
      proxy.slice(random.between(1, 9))
      await pause(random.between(500, 2_000), signal)
      proxy.slice(0)
    },
    async late(signal) {
      proxy.latency(random.between(20, 400))
      await pause(random.between(500, 2_000), signal)
      proxy.latency(0)
    },
    async 'black hole'(signal) {
      proxy.blackhole(true)
      await pause(random.between(500, 6_000), signal)
      if (random.next() < 0.5) proxy.cut()
      proxy.blackhole(false)
    },
    async 'server away'(signal) {
      await server.kill()
      await pause(random.between(0, 2_000), signal)
      await server.start()
    },
    async 'gateway killed'(signal) {
      await gateway.kill()
      await pause(random.between(0, 1_000), signal)
      await gateway.start()
    },
  }
  /** cuts are more frequent than deaths */
  const lots = ['cut', 'cut', 'cut in a stanza', 'cut in a stanza', 'slice', 'late', 'black hole', 'gateway killed']
  // ejabberd answers for messages that it has not passed on or written yet: when it ends, even in order, they are nowhere
  if (server.kind === 'prosody') lots.push('server away')

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
