/** Redis has the time of what is over. It is set, and instances have another: nobody is given up wrongly, and nothing is forgotten early. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Store } from '../../src/gateway/ports/store.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { createWallClock } from '../support/wall-clock.ts'
import { createOpener } from './open-redis.ts'
import { acceptance, came, createClock, limits, messageRecord, newId, ownedSession } from './sample.ts'

const HOUR = 3_600_000

describe('a Redis whose clock is set', { timeout: 60_000 }, () => {
  const wallClock = createWallClock()
  const opener = createOpener()
  let server: RedisServer
  let store: Store
  before(async () => {
    server = await startRedis({ clock: wallClock })
    store = await opener.open(server.url)
  })
  after(async () => {
    await opener.close()
    await server?.stop()
  })

  /** ms that an instance is there unheard */
  const TTL = 15_000
  const said = { ttl: TTL, load: 1 }
  const there = async () => new Set((await store.instances.list()).keys())
  /** Two that live and one that has died just now. */
  async function instances() {
    await server.cli('flushall')
    const [one, two, dead] = [newId('one'), newId('two'), newId('dead')]
    for (const name of [one, two, dead]) await store.instances.beat(name, { ...said, anew: true })
    return { one, two, dead }
  }
  const heard = async (name: string) => (await store.instances.beat(name, said)).has(name)

  // 11 s: more than is left to one that was heard 5 s ago
  for (const ahead of [11_000, HOUR]) {
    const firsts: Record<string, (one: string) => Promise<unknown>> = {
      'one of them is heard first': (one) => store.instances.beat(one, said),
      'a new one is heard first': () => store.instances.beat(newId('new'), { ...said, anew: true }),
      'somebody only looks first': () => store.instances.list(),
    }
    for (const [what, first] of Object.entries(firsts)) {
      test(`put forward by ${ahead / 1000} s: all that live are there still, where ${what}`, async () => {
        const { one, two } = await instances()
        // each was heard 5 s ago
        wallClock.advance(5_000)
        wallClock.advance(ahead)
        await first(one)
        const seen = await there()
        assert.deepEqual([seen.has(one), seen.has(two)], [true, true])
        assert.deepEqual([await heard(two), await heard(one)], [true, true])
      })
    }
  }

  test('put forward: one that has died is missed as soon as one that lives would have stopped', async () => {
    const { one, dead } = await instances()
    wallClock.advance(HOUR)
    assert.equal((await store.instances.beat(one, said)).get(dead)?.left, 10_000)
    wallClock.advance(5_000)
    assert.ok((await store.instances.beat(one, said)).has(dead))
    wallClock.advance(5_000)
    const seen = await store.instances.beat(one, said)
    assert.deepEqual([seen.has(one), seen.has(dead)], [true, false])
    assert.equal(await heard(dead), false)
  })

  test('put back: all are there, and one that has died is missed no later than ever', async () => {
    const { one, dead } = await instances()
    wallClock.advance(-HOUR)
    const seen = await store.instances.beat(one, said)
    assert.deepEqual([seen.has(one), seen.get(dead)?.left], [true, TTL])
    for (let beats = 0; beats < 2; beats += 1) {
      wallClock.advance(5_000)
      assert.ok((await store.instances.beat(one, said)).has(dead))
    }
    wallClock.advance(5_000)
    assert.equal((await store.instances.beat(one, said)).has(dead), false)
  })

  test('all were away: whoever comes first finds them gone after the time in which they would have been heard', async () => {
    const names = Object.values(await instances())
    wallClock.advance(24 * HOUR)
    const [first, others] = [newId('first'), async () => [...(await there())].filter((name) => names.includes(name)).length]
    await store.instances.beat(first, { ...said, anew: true })
    assert.equal(await others(), 3)
    wallClock.advance(5_000)
    await store.instances.beat(first, said)
    wallClock.advance(5_000)
    await store.instances.beat(first, said)
    assert.equal(await others(), 0)
    assert.deepEqual(await there(), new Set([first]))
  })

  test('an instance with a wrong clock makes nobody forget', async () => {
    const ahead = createClock()
    ahead.advance(8760 * HOUR)
    const wrong = await opener.open(server.url, { clock: ahead })
    const { id, fence } = await ownedSession(store)
    const answer = { status: 202 }
    const idempotency = { key: 'k', fingerprint: 'f', answer }
    await store.outbox.accept(id, acceptance(['m1'], idempotency))
    await store.commit(id, fence, { settled: ['m1'], records: [messageRecord('m1', { status: 'acked' })] })
    await store.commit(id, fence, { events: [{ type: 'a', data: 1, copy: came('/live/', 'x') }] })
    await store.commit(id, fence, { iqs: [{ id: 'q', session: id, status: 'pending' }] })
    assert.equal((await wrong.outbox.accept(id, acceptance(['m2'], idempotency))).kind, 'replayed')
    assert.equal((await wrong.outbox.accept(id, acceptance(['m1']))).kind, 'id-in-use')
    await wrong.commit(id, fence, { events: [{ type: 'a', data: 2, copy: came('/late/', 'x') }] })
    assert.equal((await wrong.log.read(id, undefined, 10)).events.length, 2)
    await wrong.outbox.accept(id, acceptance(['m3']))
    assert.deepEqual(await wrong.idempotency.begin(id, 'k', 'f', 'one', 1000), { kind: 'replayed', answer })
    assert.equal((await store.log.read(id, undefined, 10)).events.length, 3)
    assert.equal((await store.records.get(id, 'm1'))?.status, 'acked')
    assert.equal((await wrong.records.get(id, 'm1'))?.status, 'acked')
    assert.equal((await wrong.iqs.get(id, 'q'))?.status, 'pending')
  })

  test('a quiet session is tidied of what has become too old, and keeps what still waits', async () => {
    const { id, fence } = await ownedSession(store)
    const count = 1200
    const ids = Array.from({ length: count }, (_, number) => `m${number}`)
    for (let from = 0; from < count; from += 400) await store.outbox.accept(id, acceptance(ids.slice(from, from + 400)))
    const outbox = await store.outbox.read(id, undefined, 1000)
    const [waiting, ...settled] = outbox.map((entry) => entry.id) as [string, ...string[]]
    await store.commit(id, fence, { settled, events: [{ type: 'p', data: 1, volatile: true, copy: came('/live/', 'x') }] })
    const sizes = async () => {
      const [kept, due, ...lanes] = await Promise.all([
        ...[server.cli('hlen', `sg:{${id}}:kept`), server.cli('zcard', `sg:{${id}}:due`)],
        ...['durable', 'volatile'].map((lane) => server.cli('xlen', `sg:{${id}}:log:${lane}`)),
      ])
      return [kept, due, ...lanes].map(Number)
    }
    wallClock.advance(limits.eventLogAge / 2)
    await store.sessions.tidy(id)
    const last = await store.log.end(id)
    wallClock.advance(limits.eventLogAge)
    await store.sessions.tidy(id)
    assert.deepEqual(await sizes(), [1, 1, 0, 0])
    assert.deepEqual(await store.records.get(id, waiting), messageRecord(waiting))
    assert.deepEqual(await store.log.place(id, last), { kind: 'known' })
    assert.equal((await store.log.read(id, last.replace(/-.*$/, '-1'), 10)).gap?.reason, 'expired')
  })
})
