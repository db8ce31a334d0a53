/** What a session knew is read by its next owner in pieces, each within the bounds of what sessions remember. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTakeUp } from '../../../src/gateway/cluster/take-up.ts'
import { byName, defineKind, type StateKind } from '../../../src/gateway/contract/state-kind.ts'
import type { StateChange } from '../../../src/gateway/ports/change.ts'
import type { Store } from '../../../src/gateway/ports/store.ts'
import { createShares } from '../../../src/gateway/session/memory-share.ts'
import { createMemoryStore } from '../../../src/store/memory/store.ts'
import { countedBounds, createClock, limits, ownedSession, stateOf } from '../../store/sample.ts'

const MIB = 1024 * 1024
const b: StateKind = defineKind({ name: 'b', bound: 'roster', entries: 100_000, size: 8 * MIB })
const a: StateKind = defineKind({
  name: 'a',
  bound: 'presences',
  entries: 100_000,
  size: 8 * MIB,
  spares: (key, _, get) => get(b, key) !== undefined,
  unread: { others: 'presences' },
})
const many = (kind: string, count: number, length: number): StateChange[] =>
  Array.from({ length: count }, (_, index) => ({ kind, key: `${index}`, value: 'x'.repeat(length) }))

async function start(state: StateChange[], room = 64 * MIB) {
  const store = createMemoryStore({ limits, clock: createClock() })
  const { id, fence } = await ownedSession(store)
  await store.commit(id, fence, { state })
  const { metrics, counted } = countedBounds()
  let most = 0
  let reading = 0
  const pieces: Store['state']['pieces'] = async function* (...asked) {
    reading += 1
    most = Math.max(most, reading)
    yield* store.state.pieces(...asked)
    reading -= 1
  }
  let waited = 0
  const takeUp = createTakeUp({
    store: { commit: store.commit, state: { ...store.state, pieces } },
    kinds: byName([a, b]),
    share: createShares({ total: room, metrics }),
    turns: {
      async wait() {
        waited += 1
      },
    },
  })
  const left = async (kind: string) => (await stateOf(store, id)).get(kind)?.size ?? 0
  return { take: () => takeUp({ id, tenant: 'one' }, fence), left, counted, most: () => most, waited: () => waited }
}

test('all that was known is known, and others have turns between', async () => {
  const { take, waited } = await start([...many('a', 1_000, 100), ...many('b', 10, 100)])
  const { mirror, isEmpty } = await take()
  assert.deepEqual([mirror.all(a).size, mirror.all(b).size, isEmpty], [1_000, 10, false])
  assert.ok(waited() > 20, `${waited()}`)
  assert.equal((await (await start([])).take()).isEmpty, true)
})

test('what there is no room for goes, from the store too, and it is told; who is spared stays', async () => {
  const { take, left, counted } = await start([...many('a', 2_000, 1_000), ...many('b', 100, 10)], MIB / 2)
  const { mirror, heed } = await take()
  const kept = mirror.all(a).size
  assert.ok(kept > 500 && kept < 1_000, `${kept}`)
  assert.equal(mirror.all(b).size, 100)
  assert.ok(Array.from({ length: 100 }, (_, index) => `${index}`).every((key) => mirror.get(a, key) !== undefined))
  assert.equal(await left('a'), kept)
  const told = new Map<string, number>()
  heed(({ bound }, spared) => told.set(`${bound} ${spared}`, (told.get(`${bound} ${spared}`) ?? 0) + 1))
  assert.deepEqual([...told], [['presences false', 2_000 - kept]])
  assert.ok((counted['state-room'] ?? 0) > 0)
  // from now on it is told at once
  mirror.apply({ state: many('a', 2_000, 1_000) })
  assert.ok([...told.values()].reduce((sum, one) => sum + one) > 2_000 - kept)
})

test('a few are read at one time, however many are taken up', async () => {
  const { take, most } = await start(many('a', 200, 10))
  assert.equal((await Promise.all(Array.from({ length: 50 }, take))).length, 50)
  assert.equal(most(), 8)
})
