import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createTurns } from '../../src/fair/turns.ts'
import { createPressure } from '../../src/http/pressure.ts'

/** ms that a piece of work here keeps the event loop busy: longer than all requests of one turn may take */
const WORK = 60

function work(): void {
  for (const until = performance.now() + WORK; performance.now() < until; );
}

test('short requests are begun at once, however many come in one turn', () => {
  const { take, waited } = createTurns()
  let begun = 0
  for (let n = 0; n < 1000; n++) take('a', () => begun++)
  assert.deepEqual([begun, waited()], [1000, 0])
})

test('long ones take a turn each, in their order, and others come between', async () => {
  const { take, waited } = createTurns()
  const done: number[] = []
  for (let n = 0; n < 4; n++)
    take('a', () => {
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
  take('a', () => done.push(4))
  assert.deepEqual(done.at(-1), 4, 'and then it is as before')
})

test('tenants take turns: one who comes does not wait behind all of another', async () => {
  const { take, waited } = createTurns()
  const done: string[] = []
  const busy = (tenant: string, name: string) =>
    take(tenant, () => {
      work()
      done.push(name)
    })
  for (let n = 0; n < 6; n++) busy('a', `a${n}`)
  await nextTurn()
  busy('b', 'b')
  assert.ok(waited('a') > waited('b'))
  assert.ok(waited() <= waited('b'), 'of nobody in particular: as one who comes now would wait')
  while (!done.includes('b')) await nextTurn()
  assert.ok(!done.includes('a5'), done.join())
})

test('while requests wait too long for their turn new ones are refused, and no longer', (t) => {
  let waited = 0
  const { refusal, strains, stop } = createPressure({ oldSpace: null, turns: { waited: () => waited }, changed() {} })
  t.after(stop)
  assert.equal(refusal(), undefined)
  waited = 501
  const { status, code, retryable, options } = refusal() ?? {}
  assert.deepEqual([status, code, retryable, strains()], [503, 'too-busy', true, ['loop']])
  assert.ok((options?.retryAfter ?? 0) >= 1)
  assert.equal(refusal('a')?.code, 'too-busy')
  waited = 0
  assert.equal(refusal(), undefined)
  assert.equal(refusal('a'), undefined)
})

test('a tenant whose own requests wait too long is refused alone', (t) => {
  const { refusal, strains, stop } = createPressure({
    oldSpace: null,
    turns: { waited: (tenant) => (tenant === 'a' ? 501 : 0) },
    changed() {},
  })
  t.after(stop)
  assert.deepEqual([refusal('a')?.code, refusal('b'), refusal(), strains()], ['too-busy', undefined, undefined, []])
})
