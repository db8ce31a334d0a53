/**
 * The gateway is killed (SIGKILL) at one named step after the other, while messages go both ways, and started again. Whatever
 * the step was: nothing is lost, what comes twice has the same id, and each conversation keeps its order.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { PASSWORD, until, users } from '../behaviour/account.ts'
import { temporaryFolder } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { gatewayFile, type Revenant, startRevenant } from './revenant.ts'
import { openStage, type Stage } from './stage.ts'

/** ms for anything that a slow machine may be slow at */
const DEADLINE = 60_000
/** tests at once: each of them mostly waits */
const AT_ONCE = 4
/** ms that the network of a catch-up is late, so that messages come in its middle */
const LATE = 50

const steps = (...names: string[]) => names.flatMap((name) => [`before ${name}`, `after ${name}`])

/** while a stream is up */
const running = steps('accept', 'send', 'commit sent', 'told of acks', 'commit acked', 'commit received', 'stored')
/** in a process that resumes the stream of one that was killed with messages under way */
const resuming = ['before resumed', 'before told of acks', ...steps('commit unwritten', 'send'), 'after resumed']
/** in a process that finds the stream gone */
const catchingUp = [...steps('bound', 'query', 'commit restored', 'commit held', 'commit released', 'commit caught-up'), 'before online']

const points = [...running, ...resuming, ...catchingUp]

describe('killed with SIGKILL and started again, nothing is lost, doubled or out of order', { concurrency: AT_ONCE }, () => {
  let server: XmppServer
  let redis: RedisServer
  let cache: string

  before(async () => {
    cache = temporaryFolder('cache')
    const names = points.flatMap((_, index) => [`romeo${index}`, `juliet${index}`])
    server = await startProsody({ users: users(...names) })
    redis = await startRedis({ extraArgs: ['--databases', `${points.length}`] })
  })
  after(async () => {
    await redis?.stop()
    await server?.stop()
    rmSync(cache, { recursive: true, force: true })
  })

  /** A gateway with a trap, a session on it, and messages that went both ways. */
  async function play(index: number, story: (scene: { gateway: Revenant; proxy: TcpProxy; stage: Stage }) => Promise<void>): Promise<void> {
    const started: { stop(): Promise<unknown> }[] = []
    const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
      started.unshift(one)
      return one
    }
    try {
      const proxy = keep(await startProxy({ to: server }))
      const url = `${redis.url}/${index}`
      const gateway = keep(
        await startRevenant({ server, redis: { url }, args: [gatewayFile], env: { FAILPOINT: points[index] as string } }),
      )
      const service = `xmpp://127.0.0.1:${proxy.port}`
      const [account, peers] = [`romeo${index}`, [`juliet${index}`]]
      const stage = keep(await openStage({ server, gateway, service, account, peers, password: PASSWORD }))
      await both(stage, 2)
      assert.deepEqual(await stage.settled(DEADLINE), [], 'messages went both ways')

      await story({ gateway, proxy, stage })

      await both(stage, 2)
      await stage.settled(DEADLINE)
      const { violations, failed, accepted, delivered } = await stage.judge()
      assert.deepEqual(violations, [])
      assert.deepEqual([failed, accepted - delivered], [0, 0])
    } finally {
      for (const one of started) await one.stop()
    }
  }

  async function both({ producers, peers, jid }: Stage, count: number): Promise<void> {
    await Promise.all([...producers.map((producer) => producer.post(count)), ...peers.map((peer) => peer.write(jid, count))])
  }

  /** The lease of a killed process is ended by hand: that it ends by itself is another test's matter. */
  async function restart(gateway: Revenant, { session }: Stage, index: number, env: Record<string, string>) {
    await redis.cli('-n', `${index}`, 'HDEL', `sg:{${session}}:session`, 'lease')
    return await gateway.start({ env })
  }

  /** It may be dead before it says where it listens. */
  async function restartedAndKilled(...[gateway, stage, index, env]: Parameters<typeof restart>): Promise<void> {
    const started = await restart(gateway, stage, index, { ...env, FAILPOINT_ARMED: 'yes' }).catch(() => undefined)
    if (started) await dead(started)
  }

  async function dead({ ended, logs }: Revenant['now']): Promise<void> {
    let late: NodeJS.Timeout | undefined
    const reached = await Promise.race([
      ended.then(() => true),
      new Promise<false>((resolve) => {
        late = setTimeout(resolve, DEADLINE, false)
      }),
    ])
    clearTimeout(late)
    assert.ok(
      reached,
      `the point was never reached:\n${logs
        .slice(-20)
        .map(({ line }) => line)
        .join('\n')}`,
    )
  }

  for (const [index, point] of points.entries()) {
    const [where, kind] =
      index < running.length
        ? ['with a stream that is up', 'up']
        : index < running.length + resuming.length
          ? ['at a resume', 'resume']
          : ['at a catch-up', 'anew']

    it(`${where}, ${point}`, () =>
      play(index, async ({ gateway, proxy, stage }) => {
        if (kind === 'up') {
          process.kill(gateway.now.pid, 'SIGUSR2')
          const { now } = gateway
          await until(async () => now.logs.some(({ entry }) => entry?.event === 'armed'), DEADLINE)
          const writing = both(stage, 5)
          await dead(now)
          await restart(gateway, stage, index, { FAILPOINT: '' })
          await writing
          return
        }
        const { history, producers, peers, jid, bound } = stage
        proxy.blackhole(true)
        await producers[0]?.post(3)
        const posted = history.accepted.slice(-3).map(({ id }) => id)
        const isSent = (id: string) => history.told.some((event) => event.type === 'message.sent' && event.id === id)
        assert.ok(await stage.until(() => posted.every(isSent), DEADLINE), 'written to the socket')
        await gateway.kill()
        proxy.cut()
        proxy.blackhole(false)
        await peers[0]?.write(jid, 3)
        if (kind === 'anew') proxy.latency(LATE)
        let killed = false
        const killing = restartedAndKilled(gateway, stage, index, kind === 'anew' ? { RESUME: 'never' } : {}).finally(() => {
          killed = true
        })
        killing.catch(() => {}) // it is awaited below
        // a message to the full JID comes before own presence is sent
        while (!killed && kind === 'anew') {
          await peers[0]?.write(bound, 1)
          await stage.until(() => killed, LATE)
        }
        await killing
        proxy.latency(0)
        await restart(gateway, stage, index, { FAILPOINT: '' })
      }))
  }
})
