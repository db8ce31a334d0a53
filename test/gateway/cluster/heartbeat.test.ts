import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createHeartbeat, LEASE } from '../../../src/gateway/cluster/heartbeat.ts'
import type { Store } from '../../../src/gateway/ports/store.ts'
import { createMemoryStore } from '../../../src/store/memory/store.ts'
import { limits } from '../../store/sample.ts'
import { quiet } from '../../support/quiet-log.ts'

/** An instance whose time passes when the test says so. */
function world(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  let away = false
  const clock = { now: () => now, monotonic: () => now }
  const { instances } = createMemoryStore({ limits, clock })
  const asked: number[] = []
  const store: Pick<Store, 'instances'> = {
    instances: {
      ...instances,
      async beat(...args) {
        asked.push(now)
        if (away) throw new Error('away')
        return await instances.beat(...args)
      },
    },
  }
  const lost: string[] = []
  const gone: string[] = []
  const heartbeat = createHeartbeat({
    store,
    clock,
    instance: 'one',
    load: () => 3,
    log: quiet,
    onLost: (reason) => {
      assert.equal(heartbeat.holdsLease(), false)
      lost.push(reason)
    },
    onBeat: (names) => gone.push(...names),
  })
  t.after(() => heartbeat.stop())
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      now += Math.min(left, 100)
      t.mock.timers.tick(Math.min(left, 100))
      for (let turns = 0; turns < 5; turns += 1) await turn()
    }
  }
  return {
    heartbeat,
    instances,
    asked,
    lost,
    gone,
    pass,
    /** no timer runs meanwhile, as in a process that was stopped */
    freeze: (ms: number) => {
      now += ms
    },
    setAway: (is: boolean) => {
      away = is
    },
  }
}

test('an instance says each 5 s that it is there, once for all its sessions, with how many it has', async (t) => {
  const { heartbeat, instances, asked, pass } = world(t)
  assert.equal(heartbeat.holdsLease(), false)
  await heartbeat.start()
  assert.equal(heartbeat.holdsLease(), true)
  await pass(20_000)
  assert.deepEqual(asked, [0, 5_000, 10_000, 15_000, 20_000])
  assert.equal((await instances.list()).get(heartbeat.self)?.load, 3)
})

test('one that the store does not hear stops by itself after 10 s, and goes on under its name when it is heard in time', async (t) => {
  const { heartbeat, lost, pass, setAway } = world(t)
  await heartbeat.start()
  const { self } = heartbeat
  setAway(true)
  await pass(9_900)
  assert.deepEqual([heartbeat.holdsLease(), lost], [true, []])
  await pass(100)
  assert.deepEqual([heartbeat.holdsLease(), lost], [false, ['store-unavailable']])
  await pass(2_000)
  setAway(false)
  await pass(1_000)
  assert.deepEqual([heartbeat.holdsLease(), heartbeat.self, lost.length], [true, self, 1])
})

test('one that was given up by all takes another name', async (t) => {
  const { heartbeat, instances, lost, pass, setAway } = world(t)
  await heartbeat.start()
  const { self } = heartbeat
  setAway(true)
  await pass(LEASE + 1_000)
  setAway(false)
  await pass(1_000)
  assert.deepEqual([heartbeat.holdsLease(), lost], [true, ['store-unavailable']])
  assert.notEqual(heartbeat.self, self)
  assert.deepEqual([...(await instances.list()).keys()], [heartbeat.self])
})

test('one that was frozen holds nothing from the first moment on', async (t) => {
  const { heartbeat, asked, lost, pass, freeze } = world(t)
  await heartbeat.start()
  const { self } = heartbeat
  freeze(20_000)
  assert.equal(heartbeat.holdsLease(), false)
  const before = asked.length
  await pass(5_000)
  assert.deepEqual(lost, ['late'])
  assert.ok(asked.length > before && heartbeat.holdsLease())
  assert.notEqual(heartbeat.self, self)
})

test('one that stood still for less than its time is another one too, at once, so that what it was at counts', async (t) => {
  const { heartbeat, instances, lost, pass, freeze } = world(t)
  await heartbeat.start()
  const { self } = heartbeat
  freeze(12_000)
  await pass(5_000)
  assert.deepEqual([heartbeat.holdsLease(), lost], [true, ['late']])
  assert.notEqual(heartbeat.self, self)
  assert.deepEqual([...(await instances.list()).keys()], [heartbeat.self])
})

test('those that say nothing more are told as gone when their time is over, not at the next beat', async (t) => {
  const { heartbeat, instances, gone, pass } = world(t)
  await instances.beat('other', { ttl: 12_000, load: 1, anew: true })
  await heartbeat.start()
  await pass(11_900)
  assert.deepEqual([heartbeat.members.has('other'), gone], [true, []])
  await pass(200)
  assert.deepEqual([heartbeat.members.has('other'), gone], [false, ['other']])
})
