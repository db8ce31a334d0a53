/** Clocks that are set, of Redis and of an instance: no session moves that need not, and one whose instance is killed does. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { startRedis } from '../support/redis.ts'
import { createWallClock } from '../support/wall-clock.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until, users } from './account.ts'

const HOUR = 3_600_000
/** ms for two signs of life of each instance, one each 5 s, and as much again */
const TWO_BEATS = 20_000
/** ms until a session is up elsewhere after its instance was killed */
const AFTER_DEATH = 20_000
const names = ['romeo', 'juliet', 'mercutio', 'benvolio']

describe('clocks that are set', { timeout: 240_000 }, () => {
  const redisClock = createWallClock()
  const ownClock = createWallClock()
  const sessions: string[] = []
  let server: XmppServer
  let fleet: Fleet
  let steady: TestGateway
  let other: TestGateway
  before(async () => {
    server = await startProsody({ users: users(...names) })
    fleet = await startFleet(1, { server, redis: await startRedis({ clock: redisClock }) })
    steady = fleet.instances[0] as TestGateway
    other = await fleet.join(ownClock.env)
    for (const [index, name] of names.entries()) {
      const gateway = index % 2 === 0 ? steady : other
      const { id } = await gateway.login({ jid: `${name}@${server.domain}`, password: PASSWORD })
      sessions.push(id)
    }
  })
  after(async () => {
    await fleet?.stop()
    await server?.stop()
  })

  const where = () => Promise.all(sessions.map(async (id) => `${(await fleet.instanceOf(id, steady)).instance}`))
  const given = () => [steady, other].flatMap(({ logs }) => logs.filter(({ entry }) => entry?.event === 'lease.lost'))
  /** ms by which Redis and the instance show another time than they were given */
  async function off(): Promise<number[]> {
    const [seconds] = (await fleet.redis.cli('time')).split('\n')
    const logged = other.logs.findLast(({ entry }) => entry?.event === 'http.request')?.entry?.time
    return [Number(seconds) * 1_000 - redisClock.now(), new Date(String(logged)).getTime() - ownClock.now()].map(Math.abs)
  }
  /** what each instance said when it last was heard, by its name */
  async function heard(): Promise<Map<string, string>> {
    const told = (await fleet.redis.cli('hgetall', 'sg:instances:{qm}')).split('\n')
    const pairs = told.flatMap((name, index) => (/^i\d:/.test(name) ? [[name, told[index + 1] as string] as const] : []))
    return new Map(pairs)
  }
  /** Each of two instances was heard anew. */
  async function beaten(): Promise<void> {
    const before = await heard()
    await until(async () => {
      const now = [...(await heard())]
      return now.length === 2 && now.every(([name, said]) => said !== before.get(name))
    }, TWO_BEATS)
  }

  const jumps: Record<string, () => void> = {
    'that of Redis is put forward': () => redisClock.advance(HOUR),
    'that of Redis is put back': () => redisClock.advance(-HOUR),
    'that of an instance is put forward': () => ownClock.advance(HOUR),
    'that of an instance is put back': () => ownClock.advance(-HOUR),
  }
  for (const [what, jump] of Object.entries(jumps)) {
    it(`${what} by an hour: all sessions stay where they are, and are written to`, async () => {
      const before = await where()
      assert.deepEqual(new Set(before), new Set(['i0', 'i1']))
      jump()
      await beaten()
      await beaten()
      assert.deepEqual([await where(), given()], [before, []])
      for (const id of sessions) {
        const sent = await other.api('POST', '/messages', {
          query: { session: id },
          body: { to: `romeo@${server.domain}`, body: what },
          headers: { prefer: 'wait=10' },
        })
        assert.deepEqual([sent.status, sent.body.status], [200, 'acked'], sent.text)
      }
      for (const ms of await off()) assert.ok(ms < HOUR / 60, `set wrong by ${ms} ms`)
    })
  }

  it('one that is killed while the clock of Redis is put back is missed in time', async (t) => {
    redisClock.advance(-HOUR)
    await other.kill()
    const began = performance.now()
    await until(async () => {
      const all = await Promise.all(sessions.map((id) => fleet.instanceOf(id, steady)))
      return all.every(({ instance, state }) => instance === 'i0' && state === 'online')
    }, AFTER_DEATH)
    t.diagnostic(`all on the other one after ${(performance.now() - began).toFixed(0)} ms`)
  })
})
