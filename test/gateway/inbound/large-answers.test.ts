import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLargeAnswers } from '../../../src/gateway/inbound/large-answers.ts'

function start(total: number) {
  const counted: string[] = []
  const metrics = { count: (_: string, labels = {}) => counted.push(Object.values(labels).join()), set() {}, observe() {} }
  return { counted, large: createLargeAnswers({ metrics, total }) }
}

test('an answer grows in steps, up to its bound', async () => {
  const { large, counted } = start(10_000)
  await large.use(1_000, async (room) => {
    assert.deepEqual([room.grow(100), room.grow(400), room.grow(1_000)], [400, 1_000, undefined])
    assert.equal(room.refusal().code, 'stanza-too-large')
  })
  assert.deepEqual(counted, ['large-answer'])
})

test('all of them share one room, which is free again when the work with them is done, however it ends', async () => {
  const { large, counted } = start(1_000)
  const first = Promise.withResolvers<void>()
  const using = large.use(800, async (room) => {
    assert.equal(room.grow(200), 800)
    await first.promise
  })
  await large.use(800, async (room) => {
    assert.equal(room.grow(200), undefined)
    assert.deepEqual([room.refusal().code, room.refusal().retryable], ['too-busy', true])
  })
  first.reject(new Error('over'))
  await assert.rejects(using)
  assert.equal(await large.use(800, async (room) => room.grow(200)), 800)
  assert.deepEqual(counted, ['large-answers'])
})
