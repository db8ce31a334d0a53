/** A Redis of many: a master that fails over by Sentinel, a Cluster that misses a master, and one whose slots move, under a gateway. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openStage, type Stage } from '../chaos/stage.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type RedisCluster, type RedisServer, startRedis, startRedisCluster, startSentinel } from '../support/redis.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until, users } from './account.ts'
import { assertCalm, DEADLINE, observe } from './redis-trouble.ts'

const SLOTS = 16_384
const names = ['juliet', 'romeo', 'mercutio', 'tybalt']

describe('a gateway on a Redis of many', { timeout: 240_000 }, () => {
  let server: XmppServer
  const started: { stop(): Promise<unknown> }[] = []
  const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
    started.unshift(one)
    return one
  }
  before(async () => {
    server = keep(await startProsody({ users: users('nurse', ...names.flatMap((name) => [name, `${name}-peer`])) }))
  })
  after(async () => {
    for (const one of started) await one.stop()
  })

  const open = async (gateway: TestGateway, account: string) =>
    keep(await openStage({ server, gateway, service: server.service, account, peers: [`${account}-peer`], password: PASSWORD }))

  function both({ producers, peers, jid }: Stage, count: number): Promise<unknown> {
    return Promise.all([producers[0]?.post(count), peers[0]?.write(jid, count)])
  }

  async function allWell(stage: Stage): Promise<void> {
    assert.deepEqual(await stage.settled(DEADLINE), [])
    const { violations, accepted, delivered, failed } = await stage.judge()
    assert.deepEqual([violations, accepted - delivered, failed], [[], 0, 0])
  }

  it('Sentinel makes a replica the master: refused until then, and nothing is lost', async (t) => {
    const master = keep(await startRedis())
    const replicaOf = ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0']
    const replica = keep(await startRedis({ extraArgs: replicaOf }))
    const sentinel = keep(await startSentinel({ name: 'main', master }))
    await until(async () => (await sentinel.cli('sentinel', 'replicas', 'main')).includes(String(replica.port)), DEADLINE)
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/main`
    const gateway = keep(await startGateway({ server, redis: { url } }))
    const stage = await open(gateway, 'juliet')
    await both(stage, 3)
    assert.deepEqual(await stage.settled(DEADLINE), [])
    const offset = (text: string) => /master_repl_offset:(\d+)/.exec(text)?.[1]
    const inStep = async () => offset(await master.cli('info', 'replication')) === offset(await replica.cli('info', 'replication'))
    await until(inStep, DEADLINE)

    const observer = observe({ gateway, server, stage })
    await master.kill()
    const began = performance.now()
    const writing = both(stage, 5)
    const longest = await observer.refused()
    await observer.healed()
    t.diagnostic(
      `refused after at most ${longest.toFixed(0)} ms, well again ${(performance.now() - began).toFixed(0)} ms after the master died`,
    )
    await writing
    await allWell(stage)
    assertCalm(gateway)
  })

  describe('a Cluster', () => {
    let cluster: RedisCluster
    let gateway: TestGateway

    before(async () => {
      cluster = keep(await startRedisCluster({ appendonly: true }))
      gateway = keep(await startGateway({ server, redis: cluster }))
    })

    const slotOf = async (key: string) => Number(await cluster.nodes[0]?.cli('cluster', 'keyslot', key))
    /** as the slots are shared out at first */
    const masterOf = async (key: string) => cluster.nodes[Math.floor(((await slotOf(key)) * 3) / SLOTS)] as RedisServer
    const keyOf = ({ session }: Stage) => `sg:{${session}}:session`

    /** A session whose keys are on another master than these. */
    async function openApart(account: string, others: readonly RedisServer[]): Promise<Stage> {
      for (;;) {
        const stage = await open(gateway, account)
        if (!others.includes(await masterOf(keyOf(stage)))) return stage
        await stage.stop()
        await gateway.api('DELETE', `/sessions/${stage.session}`)
      }
    }

    it('one master is away: its sessions alone are refused, until it is back', async (t) => {
      // without the keys of the tenant no session of it is found by its JID
      const tenant = await masterOf('sg:{ten_main}:sessions')
      const lame = await openApart('romeo', [tenant])
      const master = await masterOf(keyOf(lame))
      const well = await openApart('mercutio', [master])
      const post = (stage: Stage) =>
        gateway.api('POST', '/messages', {
          query: { session: stage.session },
          body: { to: stage.peers[0]?.jid, body: 'x' },
          timeout: 8_000,
        })
      await Promise.all([both(lame, 3), both(well, 3)])

      await master.kill()
      const writing = Promise.all([both(lame, 3), both(well, 3)])
      const refused = await post(lame)
      assert.deepEqual([refused.status, refused.body.code], [503, 'store-unavailable'])
      assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]/)
      assert.equal((await post(well)).status, 202)
      for (const path of ['ready', 'live']) assert.equal((await gateway.api('GET', `/health/${path}`, { key: null })).status, 200, path)

      await master.restart()
      const began = performance.now()
      await until(async () => (await post(lame)).status === 202, DEADLINE)
      t.diagnostic(`well again ${(performance.now() - began).toFixed(0)} ms after the master was back`)
      await writing
      await allWell(lame)
      await allWell(well)
      await gateway.api('DELETE', `/sessions/${lame.session}`)
      assertCalm(gateway)
    })

    it('a slot that moves takes its session along, and nothing is lost', async () => {
      const stage = await openApart('tybalt', [cluster.nodes[2] as RedisServer])
      const [source, target] = [await masterOf(keyOf(stage)), cluster.nodes[2] as RedisServer]
      const slot = String(await slotOf(keyOf(stage)))
      const [from, to] = await Promise.all([source, target].map(async (node) => (await node.cli('cluster', 'myid')).trim()))
      const writing = both(stage, 30)
      await target.cli('cluster', 'setslot', slot, 'importing', from as string)
      await source.cli('cluster', 'setslot', slot, 'migrating', to as string)
      // one by one: what is written meanwhile is asked for here and there
      for (;;) {
        const [key] = (await source.cli('cluster', 'getkeysinslot', slot, '1')).trim().split('\n')
        if (!key) break
        await source.cli('migrate', '127.0.0.1', String(target.port), key, '0', '1000')
      }
      for (const node of [target, source]) await node.cli('cluster', 'setslot', slot, 'node', to as string)
      await writing
      assert.equal((await target.cli('exists', keyOf(stage))).trim(), '1')
      await both(stage, 5)
      await allWell(stage)
      assertCalm(gateway)
    })
  })
})
