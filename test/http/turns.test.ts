import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createPressure } from '../../src/http/pressure.ts'
import { createTurns } from '../../src/http/turns.ts'

/** ms that a piece of work here keeps the event loop busy: longer than all requests of one turn may take */
const WORK = 60

function work(): void {
  for (const until = performance.now() + WORK; performance.now() < until; );
}

test('short requests are begun at once, however many come in one turn', () => {
  const { take, waited } = createTurns()
  let begun = 0
  for (let n = 0; n < 1000; n++) take(() => begun++)
  assert.deepEqual([begun, waited()], [1000, 0])
})

test('long ones take a turn each, in their order, and others come between', async () => {
  const { take, waited } = createTurns()
  const done: number[] = []
  for (let n = 0; n < 4; n++)
    take(() => {
      work()
      done.push(n)
    })
  assert.deepEqual(done, [0])
  for (let before = 1; done.length < 4; before = done.length) {
    await nextTurn()
    assert.ok(done.length <= before + 1, 'no two in one turn')
  }
  assert.deepEqual([done, waited()], [[0, 1, 2, 3], 0])
  await nextTurn()
  take(() => done.push(4))
  assert.deepEqual(done.at(-1), 4, 'and then it is as before')
})

test('while requests wait too long for their turn new ones are refused, and no longer', (t) => {
  let waited = 0
  const { refusal, strains, stop } = createPressure({ turns: { waited: () => waited }, changed() {} })
  t.after(stop)
  assert.equal(refusal(), undefined)
  waited = 501
  const { status, code, retryable, options } = refusal() ?? {}
  assert.deepEqual([status, code, retryable, strains()], [503, 'too-busy', true, ['loop']])
  assert.ok((options?.retryAfter ?? 0) >= 1)
  waited = 0
  assert.equal(refusal(), undefined)
})
