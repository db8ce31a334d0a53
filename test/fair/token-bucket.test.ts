import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTokenBucket } from '../../src/fair/token-bucket.ts'

test('a burst goes at once, then as many as come in, and no more than a burst is ever kept', () => {
  let now = 0
  const bucket = createTokenBucket({ rate: 8, burst: 3, monotonic: () => now })
  const takeAll = () => {
    let taken = 0
    while (bucket.take()) taken += 1
    return taken
  }
  assert.deepEqual([bucket.isFull(), takeAll(), bucket.isFull(), bucket.wait()], [true, 3, false, 125])
  now = 62.5
  assert.deepEqual([takeAll(), bucket.wait()], [0, 63])
  now = 125
  assert.deepEqual([bucket.wait(), takeAll()], [0, 1])
  now = 60_000
  assert.deepEqual([bucket.isFull(), takeAll()], [true, 3])
})
