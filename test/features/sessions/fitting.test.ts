import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitting, PAGE_SIZE } from '../../../src/features/sessions/fitting.ts'

test('a page of sessions ends for its size, and has one whatever its size', () => {
  const of = (size: number) => ({ jid: 'x'.repeat(size) })
  const small = Array.from({ length: 1000 }, () => of(500))
  assert.deepEqual(fitting(small), small)
  const large = Array.from({ length: 10 }, () => of(1_000_000))
  assert.equal(fitting(large).length, 4)
  assert.ok(JSON.stringify(fitting(large)).length <= PAGE_SIZE)
  assert.equal(fitting([of(2 * PAGE_SIZE), of(1)]).length, 1)
  assert.deepEqual(fitting([]), [])
})
