/** Carries a plan out. */
import { setTimeout as delay } from 'node:timers/promises'
import type { TcpProxy } from '../support/proxy.ts'
import type { RedisServer } from '../support/redis.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Fault, plan, type Step, TAKEN_AFTER } from './plan.ts'
import type { Random } from './random.ts'
import type { Revenant } from './revenant.ts'

/** ms between looks for the owner of a session */
const LOOK = 100

export interface Nemesis {
  /** faults so far, by kind */
  readonly done: ReadonlyMap<Fault, number>
  /** times that an owner was away for so long that others had its sessions when it came back */
  readonly outlived: number
  /** Goes on until the signal; everything is whole when it resolves. */
  rage(signal: AbortSignal): Promise<void>
}

export interface NemesisOptions {
  random: Random
  minutes: number
  /** XMPP servers, and the links of each gateway to them */
  places: readonly { server: XmppServer; links: readonly TcpProxy[] }[]
  /** instances, the first of them `i0`, and their links to Redis */
  gateways: readonly { gateway: Revenant; wire: TcpProxy }[]
  redis: RedisServer
  /** ids */
  sessions: readonly string[]
  log: (line: string) => void
}

export function createNemesis({ random, minutes, places, gateways, redis, sessions, log }: NemesisOptions): Nemesis {
  const done = new Map<Fault, number>()
  let outlived = 0
  let deaths = 0
  /** A server is as far from one gateway as from another. */
  const each = ({ which }: Step, change: (link: TcpProxy) => void) => pick(places, which).links.forEach(change)
  /** each in its turn */
  const mortal = () => (gateways[deaths++ % gateways.length] as (typeof gateways)[number]).gateway
  // ejabberd answers for messages that it has not passed on or written yet: when it ends, even in order, they are nowhere
  const servers = places.map(({ server }) => server).filter(({ kind }) => kind === 'prosody')

  /** One without a session would not notice. */
  async function owner({ which }: Step, signal: AbortSignal): Promise<(typeof gateways)[number]> {
    const session = pick(sessions, which)
    while (!signal.aborted) {
      const lease = await redis.cli('HGET', `sg:{${session}}:session`, 'lease')
      const [, index] = /^\d+ i(\d+):/.exec(lease) ?? []
      if (index !== undefined) return gateways[Number(index)] as (typeof gateways)[number]
      await pause(LOOK, signal)
    }
    return pick(gateways, which)
  }

  async function away(step: Step, signal: AbortSignal): Promise<void> {
    const began = performance.now()
    await pause(step.lasts, signal)
    if (performance.now() - began >= TAKEN_AFTER) outlived += 1
  }

  const faults: Record<Fault, (step: Step, signal: AbortSignal) => Promise<void>> = {
    async cut(step) {
      each(step, (link) => link.cut())
    },
    async 'cut in a stanza'(step) {
      each(step, (link) => link.cutAfter(1 + Math.floor(step.how * 4_000)))
    },
    async slice(step, signal) {
      each(step, (link) => link.slice(1 + Math.floor(step.how * 9)))
      await pause(step.lasts, signal)
      each(step, (link) => link.slice(0))
    },
    async late(step, signal) {
      each(step, (link) => link.latency(20 + step.how * 380))
      await pause(step.lasts, signal)
      each(step, (link) => link.latency(0))
    },
    async 'black hole'(step, signal) {
      each(step, (link) => link.blackhole(true))
      await pause(step.lasts, signal)
      if (step.how < 0.5) each(step, (link) => link.cut())
      each(step, (link) => link.blackhole(false))
    },
    async 'server killed'(step, signal) {
      const server = pick(servers, step.which)
      await server.kill()
      await pause(step.lasts, signal)
      await server.start()
    },
    async 'gateway killed'(step, signal) {
      const gateway = mortal()
      await gateway.kill()
      await pause(step.lasts, signal)
      await gateway.start()
    },
    async 'gateway ended in order'(step, signal) {
      const gateway = mortal()
      await gateway.end()
      await pause(step.lasts, signal)
      await gateway.start()
    },
    async 'gateway frozen'(step, signal) {
      const { gateway } = await owner(step, signal)
      gateway.freeze()
      await away(step, signal)
      gateway.thaw()
    },
    async 'gateway cut from Redis'(step, signal) {
      const { wire } = await owner(step, signal)
      // what was written into the black hole comes out of it, late
      if (step.how < 0.5) wire.blackhole(true)
      else {
        wire.refuse(true)
        wire.cut()
      }
      await away(step, signal)
      wire.refuse(false)
      wire.blackhole(false)
    },
    async 'Redis frozen'(step, signal) {
      redis.signal('SIGSTOP')
      await pause(step.lasts, signal)
      redis.signal('SIGCONT')
    },
    async 'Redis killed'(step, signal) {
      await redis.kill()
      await pause(step.lasts, signal)
      await redis.restart()
    },
  }

  return {
    done,
    get outlived() {
      return outlived
    },
    async rage(signal) {
      for (const step of plan({ random, minutes, mortal: servers.length > 0 })) {
        await pause(step.calm, signal)
        if (signal.aborted) return
        log(step.fault)
        done.set(step.fault, (done.get(step.fault) ?? 0) + 1)
        await faults[step.fault](step, signal)
      }
    },
  }
}

function pick<T>(from: readonly T[], which: number): T {
  return from[Math.floor(which * from.length)] as T
}

/** Ends early, and without an error, when the time is over. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
