import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createPlaces } from '../../src/fair/places.ts'

const never = new AbortController().signal

test('of one tenant so many at a time, in order; another one finds a place', async () => {
  let waited = 0
  const places = createPlaces({ most: 3, each: 2, onFull: () => waited++ })
  const first = await places.take('a', never)
  await places.take('a', never)
  const order: string[] = []
  const third = places.take('a', never).then(() => order.push('third'))
  void places.take('a', never).then(() => order.push('fourth'))
  await places.take('b', never).then(() => order.push('other'))
  await nextTurn()
  assert.deepEqual([order, waited], [['other'], 2])
  first()
  // once is enough
  first()
  await third
  await nextTurn()
  assert.deepEqual(order, ['other', 'third'])
})

test('where all are taken, those that wait take turns by tenant', async () => {
  const places = createPlaces({ most: 1, each: 1 })
  let leave = await places.take('a', never)
  const order: string[] = []
  for (const tenant of ['a', 'a', 'b', 'c', 'b'])
    void places.take(tenant, never).then((left) => {
      order.push(tenant)
      leave = left
    })
  for (let n = 1; n <= 5; n++) {
    leave()
    await nextTurn()
    assert.equal(order.length, n)
  }
  assert.deepEqual(order, ['a', 'b', 'c', 'a', 'b'])
})

test('who is over leaves the queue, and takes no place', async () => {
  const places = createPlaces({ most: 1, each: 1 })
  const leave = await places.take('a', never)
  const over = new AbortController()
  const gone = places.take('b', over.signal)
  over.abort(new Error('over'))
  await assert.rejects(gone, /over/)
  await assert.rejects(places.take('b', over.signal), /over/)
  leave()
  await places.take('c', never)
})
