/** Several instances on a Redis of many: sessions move, any instance answers, and a failover loses nothing that was accepted. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../support/fleet.ts'
import type { HttpAnswer, TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type RedisCluster, type RedisSentinel, startRedisCluster, startRedisSentinel } from '../support/redis.ts'
import type { Client } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Account, openAccount, openClient, until, users, withBody } from './account.ts'
import { assertCalm, DEADLINE } from './redis-trouble.ts'

/** ms until a session is up elsewhere after its instance was killed, and after it was asked to stop */
const AFTER_DEATH = 20_000
const AFTER_STOP = 3_000
/** ms between two posts through one instance */
const POST_EACH = 20

describe('instances on a Redis of many', { concurrency: true, timeout: 180_000 }, () => {
  let server: XmppServer
  before(async () => {
    server = await startProsody({ users: users('romeo', 'juliet', 'mercutio', 'rosaline') })
  })
  after(async () => {
    await server?.stop()
  })

  /** Online on another instance than that one. */
  const moved = (fleet: Pick<Fleet, 'instanceOf'>, asked: TestGateway, session: string, from: string, ms: number) =>
    until(async () => {
      const { instance, state } = await fleet.instanceOf(session, asked)
      return state === 'online' && instance !== from && instance
    }, ms)

  describe('a Cluster', { concurrency: false }, () => {
    let fleet: Fleet<RedisCluster>
    let romeo: Account
    let juliet: Client
    before(async () => {
      fleet = await startFleet(2, { server, redis: await startRedisCluster() })
      const cell = { server, gateway: fleet.instances[0]!, store: 'redis' as const }
      romeo = await openAccount(cell, 'romeo')
      juliet = await openClient(cell, 'juliet', { autoAnswer: true })
    })
    after(async () => {
      await juliet?.stop()
      await fleet?.stop()
    })

    const through = (one: TestGateway, method: string, path: string, body?: object): Promise<HttpAnswer> =>
      one.api(method, path, { query: { session: romeo.id }, body })

    /** All that one asks of a session, and what comes of it. */
    async function isServed(one: TestGateway, word: string): Promise<void> {
      const ask = (type: string) => through(one, 'POST', '/iq', { type, to: juliet.jid, payload: { ping: {} } })
      assert.equal((await ask('get')).status, 200)
      // her client has nothing to set
      assert.equal((await ask('set')).body.code, 'xmpp-feature-not-implemented')
      assert.equal((await through(one, 'PUT', '/roster/nurse@localhost', { name: word })).status, 200)
      const roster = await through(one, 'GET', '/roster')
      assert.deepEqual([roster.status, roster.body.data.map(({ name }: { name: string }) => name)], [200, [word]])
      assert.equal((await through(one, 'POST', '/messages', { to: juliet.jid, body: word })).status, 202)
      await juliet.next(withBody(word), 10_000)
    }

    it('any of them serves a session', async () => {
      const [owner, other] = fleet.instances as [TestGateway, TestGateway]
      assert.equal((await fleet.instanceOf(romeo.id, other)).instance, 'i0')
      await isServed(other, 'by the other')
      await isServed(owner, 'by its own')
    })

    it('one that is asked to stop hands its sessions over', async () => {
      const [stopping, other] = fleet.instances as [TestGateway, TestGateway]
      const last = romeo.events.events.at(-1)!.id
      const ended = stopping.stop()
      assert.equal((await romeo.events.closed).code, 1012)
      assert.equal(await moved(fleet, other, romeo.id, 'i0', AFTER_STOP), 'i1')
      const events = other.events({ session: romeo.id, query: { after: last } })
      await events.next('session.resumed')
      await events.close()
      assert.equal(await ended, 0)
      await isServed(other, 'handed over')
    })

    it('one that is killed is replaced', async () => {
      const next = await fleet.join()
      const { instance } = await fleet.instanceOf(romeo.id, next)
      assert.equal(instance, 'i1')
      await fleet.instances[1]!.kill()
      assert.equal((await through(next, 'POST', '/messages', { to: juliet.jid, body: 'meanwhile' })).status, 202)
      assert.equal(await moved(fleet, next, romeo.id, 'i1', AFTER_DEATH), 'i2')
      await juliet.next(withBody('meanwhile'), 10_000)
      await isServed(next, 'taken over')
      assertCalm(next)
    })
  })

  describe('a Sentinel', { concurrency: false }, () => {
    let fleet: Fleet<RedisSentinel>
    let mercutio: Account
    let rosaline: Client
    before(async () => {
      fleet = await startFleet(2, { server, redis: await startRedisSentinel(), env: { REDIS_WAIT_REPLICAS: '1' } })
      const cell = { server, gateway: fleet.instances[0]!, store: 'redis' as const }
      mercutio = await openAccount(cell, 'mercutio')
      rosaline = await openClient(cell, 'rosaline')
    })
    after(async () => {
      await rosaline?.stop()
      await fleet?.stop()
    })

    it('a replica becomes the master: what was accepted arrives, fences grow, and it heals by itself', async (t) => {
      const { instances, redis } = fleet
      const [owner, other] = instances as [TestGateway, TestGateway]
      const serving = async () => {
        const port = await redis.masterPort()
        return [redis.master, ...redis.replicas].find((one) => one.port === port)!
      }
      const fence = async () => Number(await (await serving()).cli('hget', `sg:{${mercutio.id}}:session`, 'fence'))
      const post = (one: TestGateway, body: string) =>
        one.api('POST', '/messages', { query: { session: mercutio.id }, body: { to: rosaline.jid, body } })
      const before = await fence()

      // of each instance
      const answers: HttpAnswer[][] = [[], []]
      const all = () => answers.flat()
      let stopped = false
      const posting = instances.map(async (one, number) => {
        for (let count = 0; !stopped; count += 1) {
          answers[number]!.push(await post(one, `${number}.${count}`))
          await new Promise((resolve) => setTimeout(resolve, POST_EACH))
        }
      })
      const { element: first } = await rosaline.next(withBody('0.5'))
      await redis.master.kill()
      const began = performance.now()
      await until(async () => answers.every((some) => some.at(-1)?.status === 503), DEADLINE)
      await until(async () => answers.every((some) => some.slice(-10).every(({ status }) => status === 202)), DEADLINE)
      t.diagnostic(`accepted again ${(performance.now() - began).toFixed(0)} ms after the master died`)
      stopped = true
      await Promise.all(posting)

      const wrong = all().filter(({ status, headers }) => status !== 202 && (status !== 503 || !headers.get('retry-after')))
      assert.deepEqual(
        wrong.map(({ status, text }) => [status, text]),
        [],
      )
      const accepted = all()
        .filter(({ status }) => status === 202)
        .map(({ body }) => body.id)
      const missing = () => {
        const arrived = new Set([first, ...rosaline.stanzas.map(({ element }) => element)].map(({ attributes }) => attributes.id))
        return accepted.filter((id) => !arrived.has(id))
      }
      await until(async () => missing().length === 0, DEADLINE).catch(() => assert.deepEqual(missing(), []))

      const { instance } = await until(async () => {
        const [one, two] = await Promise.all(instances.map((asked) => fleet.instanceOf(mercutio.id, asked)))
        return one?.state === 'online' && two?.state === 'online' && one.instance === two.instance && one
      }, DEADLINE)
      const at = await fence()
      assert.ok(at >= before)
      const [leaving, staying] = instance === 'i0' ? [owner, other] : [other, owner]
      assert.equal(await leaving.stop(), 0)
      await moved(fleet, staying, mercutio.id, instance, DEADLINE)
      assert.ok((await fence()) > at)
      assert.equal((await post(staying, 'healed')).status, 202)
      await rosaline.next(withBody('healed'), 10_000)
      assertCalm(staying)
    })
  })
})
