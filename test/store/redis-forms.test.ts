/** Each form of REDIS_URL, with TLS, a user of the ACL, and a password of the Sentinels. */
import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { authority } from '../support/authority.ts'
import { temporaryFolder } from '../support/processes.ts'
import { type RedisTls, startRedis, startRedisCluster, startSentinel } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { acceptance, eventually, ownedSession, problem } from './sample.ts'

/** All that a gateway needs: its own keys and channels, and no command that is dangerous to others but these two questions. */
const rights = ['--user', 'gate', 'on', '>right', '~sg:*', '&sg:*', '+@all', '-@admin', '-@dangerous', '+info', '+role']

interface Served {
  /** `user` goes where user and password go */
  url(user: string): string
  stop(): Promise<unknown>
}

describe('a form of REDIS_URL', { timeout: 60_000 }, () => {
  const trusted = getCACertificates('default')
  const folder = temporaryFolder('redis-forms')
  const opener = createOpener()
  let tls: RedisTls
  before(async () => {
    const { caFile, certify } = await authority()
    tls = { caFile, ...(await certify(folder, ['localhost'])) }
    setDefaultCACertificates([...trusted, await readFile(caFile, 'utf8')])
  })
  after(async () => {
    setDefaultCACertificates(trusted)
    await opener.close()
    await rm(folder, { recursive: true, force: true })
  })

  const forms: Record<string, () => Promise<Served>> = {
    async rediss() {
      const server = await startRedis({ tls, extraArgs: rights })
      return { url: (user) => `rediss://${user}@localhost:${server.tlsPort}/2`, stop: server.stop }
    },
    async 'rediss+sentinel'() {
      const master = await startRedis({ tls, extraArgs: rights })
      const sentinel = await startSentinel({ name: 'main', master, tls, password: 'watch' })
      return {
        url: (user) => `rediss+sentinel://${user}@localhost:${sentinel.tlsPort}/main?db=2&sentinelPassword=watch`,
        stop: () => Promise.all([sentinel.stop(), master.stop()]),
      }
    },
    async 'rediss+cluster'() {
      const { nodes, stop } = await startRedisCluster({ tls, extraArgs: rights })
      return { url: (user) => `rediss+cluster://${user}@${nodes.map(({ tlsPort }) => `localhost:${tlsPort}`).join(',')}`, stop }
    },
  }
  for (const [form, start] of Object.entries(forms)) {
    test(`${form}:// with a user of the ACL is all that a gateway needs, and a wrong password is not let in`, async () => {
      const served = await start()
      try {
        const store = await opener.open(served.url('gate:right'))
        await store.ping()
        const { id, fence } = await ownedSession(store)
        const heard: unknown[] = []
        const stop = store.bus.subscribe('channel', (message) => heard.push(message))
        assert.equal((await store.outbox.accept(id, acceptance(['m1']))).kind, 'accepted')
        await store.commit(id, fence, { events: [{ type: 'a', data: 1 }], settled: ['m1'] })
        assert.equal((await store.log.read(id, undefined, 10)).events.length, 2)
        await eventually(async () => (await store.bus.publish('channel', 'hello')) === 1)
        await eventually(() => heard.length > 0)
        stop()
        await store.sessions.remove(id)
        await assert.rejects(opener.open(served.url('gate:canary'), { startDeadline: 500 }), (error) => {
          assert.ok(problem('store-unavailable')(error))
          assert.doesNotMatch((error as Error).message, /canary/)
          return true
        })
      } finally {
        await opener.close()
        await served.stop()
      }
    })
  }
})
