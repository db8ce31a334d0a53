/** Redis away, slow, full, read-only, loading and emptied under a gateway: what callers see, and that nothing is lost. */
import assert from 'node:assert/strict'
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openStage, type Stage } from '../chaos/stage.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { openAccount, openClient, PASSWORD, until, users } from './account.ts'
import { assertCalm, DEADLINE, type Observer, observe } from './redis-trouble.ts'

/** half of the time that a slow Redis takes to answer */
const LATENCY = 1_000
/** µs that each key takes to be loaded, and bytes between two looks at the clients */
const SLOW_LOADING = ['--key-load-delay', '500000', '--loading-process-events-interval-bytes', '1024']

describe('a gateway whose Redis is in trouble', { timeout: 240_000 }, () => {
  let server: XmppServer
  let redis: RedisServer
  let proxy: TcpProxy
  let gateway: TestGateway
  let stage: Stage
  let observer: Observer
  const started: { stop(): Promise<unknown> }[] = []

  before(async () => {
    const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
      started.unshift(one)
      return one
    }
    server = keep(await startProsody({ users: users('romeo', 'juliet', 'nurse', 'mercutio', 'tybalt', 'benvolio') }))
    redis = keep(await startRedis({ appendonly: true, extraArgs: ['--maxmemory-policy', 'noeviction'] }))
    proxy = keep(await startProxy({ to: redis }))
    gateway = keep(await startGateway({ server, redis: { url: `redis://127.0.0.1:${proxy.port}` } }))
    stage = keep(await openStage({ server, gateway, service: server.service, account: 'romeo', peers: ['juliet'], password: PASSWORD }))
    observer = observe({ gateway, server, stage })
  })
  after(async () => {
    for (const one of started) await one.stop()
  })

  const snapshot = async () => join((await redis.cli('config', 'get', 'dir')).trim().split('\n')[1] as string, 'dump.rdb')
  const troubles: Record<string, { begin: () => Promise<unknown>; end: () => Promise<unknown> }> = {
    down: { begin: () => redis.kill(), end: () => redis.restart() },
    'slow by 2 s': { begin: async () => proxy.latency(LATENCY), end: async () => proxy.latency(0) },
    full: { begin: () => redis.cli('config', 'set', 'maxmemory', '1mb'), end: () => redis.cli('config', 'set', 'maxmemory', '0') },
    'without a disk to write to': {
      async begin() {
        // a folder in its place cannot be replaced by a snapshot
        await mkdir(await snapshot())
        await redis.cli('config', 'set', 'save', '3600 1')
        await redis.cli('bgsave')
        await until(async () => /rdb_last_bgsave_status:err/.test(await redis.cli('info', 'persistence')), DEADLINE)
      },
      async end() {
        await rmdir(await snapshot())
        await redis.cli('bgsave')
        await until(async () => /rdb_last_bgsave_status:ok/.test(await redis.cli('info', 'persistence')), DEADLINE)
      },
    },
    'on a full disk': {
      async begin() {
        await redis.cli('config', 'set', 'appendfsync', 'everysec')
        await redis.fillDisk(true)
      },
      async end() {
        await redis.fillDisk(false)
        await redis.cli('config', 'set', 'appendfsync', 'always')
      },
    },
    // it cannot go on then
    'on a full disk where each write has to be on it': { begin: () => redis.fillDisk(true), end: () => redis.restart() },
    'a replica without its master': {
      begin: () => redis.cli('replicaof', '127.0.0.1', '1'),
      end: () => redis.cli('replicaof', 'no', 'one'),
    },
    loading: {
      async begin() {
        // of a snapshot the keys are loaded one by one, of commands a thousand at once
        await redis.cli('bgrewriteaof')
        await until(async () => /aof_rewrite_in_progress:0.*aof_base_size:\d{4,}/s.test(await redis.cli('info', 'persistence')), DEADLINE)
        await redis.kill()
        await redis.restart(SLOW_LOADING)
        assert.match(await redis.cli('info', 'persistence'), /loading:1/)
      },
      async end() {
        await redis.kill()
        await redis.restart()
      },
    },
  }
  for (const [what, { begin, end }] of Object.entries(troubles)) {
    it(`${what}: writes are refused at once, the process lives, and afterwards nothing is lost`, async (t) => {
      const { producers, peers, jid } = stage
      await begin()
      const writing = Promise.all([producers[0]?.post(3), peers[0]?.write(jid, 3)])
      await until(async () => !(await observer.isReady()), DEADLINE)
      const longest = await observer.refused()
      await end()
      const healing = await observer.healed()
      await writing
      assert.deepEqual(await stage.settled(DEADLINE), [])
      t.diagnostic(`refused after at most ${longest.toFixed(0)} ms, well again after ${healing.toFixed(0)} ms`)
    })
  }

  it('restarted in order: what was written before and while is all there', async (t) => {
    const { producers, peers, jid } = stage
    const writing = Promise.all([producers[0]?.post(20), peers[0]?.write(jid, 20)])
    await redis.kill('SIGTERM')
    await redis.restart()
    t.diagnostic(`well again after ${(await observer.healed()).toFixed(0)} ms`)
    await writing
    assert.deepEqual(await stage.settled(DEADLINE), [])
  })

  it('through all of it every message arrived once, in order, and was told', async () => {
    const { violations, accepted, delivered, failed } = await stage.judge()
    assert.deepEqual([violations, accepted - delivered, failed], [[], 0, 0])
    assertCalm(gateway)
  })

  const losses: Record<string, { name: string; lose: () => Promise<unknown> }> = {
    emptied: { name: 'mercutio', lose: () => redis.cli('flushall') },
    'back without its data': {
      name: 'tybalt',
      async lose() {
        await redis.cli('flushall')
        await redis.kill()
        await redis.restart()
      },
    },
  }
  for (const [what, { name, lose }] of Object.entries(losses)) {
    it(`${what}: its owner writes the session anew, readers are told of a gap, and it goes on`, async (t) => {
      const cell = { server, gateway, store: 'redis' as const }
      const account = await openAccount(cell, name)
      const { id, jid, token, events } = account
      const friend = await openClient(cell, 'benvolio')
      try {
        await until(async () => {
          const kept = await account.api('PUT', `/roster/benvolio@${server.domain}`, { body: { name: 'Ben' } })
          assert.ok(kept.status === 200 || kept.body.retryable, kept.text)
          return kept.status === 200
        }, DEADLINE)
        const { id: cursor } = await events.next('roster.updated')
        await lose()
        const began = performance.now()
        const gap = await events.next('events.gap', DEADLINE)
        assert.deepEqual([gap.data.reason, gap.data.from], ['store-lost', cursor])
        // by its id, its JID and its token
        const named = [{ query: { session: id } }, { query: { session: jid } }, { key: token }]
        for (const who of named) {
          const sent = await gateway.api('POST', '/messages', { ...who, body: { to: friend.jid, body: `after ${JSON.stringify(who)}` } })
          assert.equal(sent.status, 202, sent.text)
        }
        await until(async () => (await gateway.api('GET', `/sessions/${id}`)).body.state === 'online', DEADLINE)
        t.diagnostic(`online again after ${(performance.now() - began).toFixed(0)} ms`)
        for (const who of named) {
          const body = `after ${JSON.stringify(who)}`
          await friend.next(
            (stanza) => stanza.name === 'message' && JSON.stringify(stanza).includes(JSON.stringify(body).slice(1, -1)),
            DEADLINE,
          )
        }
        friend.send(`<message to='${jid}' type='chat' id='reply'><body>What news?</body></message>`)
        const received = await events.next('message.received', DEADLINE)
        assert.equal(received.data.body, 'What news?')
        const roster = await account.api('GET', '/roster')
        assert.deepEqual(
          roster.body.data.map((contact: { name?: string }) => contact.name),
          ['Ben'],
        )
        const listed = (await gateway.api('GET', '/sessions')).body.data.map((session: { id: string }) => session.id)
        assert.ok(listed.includes(id))
        const lost = await account.api('GET', '/events', { query: { after: cursor } })
        assert.deepEqual([lost.status, lost.body.code], [410, 'cursor-expired'])
        const again = await gateway.api('POST', '/sessions', { body: { jid, password: PASSWORD, service: server.service } })
        assert.deepEqual([again.status, again.body.id], [200, id])
      } finally {
        await friend.stop()
        await account.close()
      }
      assert.equal((await gateway.api('GET', `/sessions/${id}`)).status, 404, 'what is deleted stays so')
      assertCalm(gateway)
    })
  }
})
