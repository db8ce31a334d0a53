import assert from 'node:assert/strict'
import { it } from 'node:test'
import { traceOf } from '../../src/api/trace.ts'

const ids = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331'
const valid = `00-${ids}-01`

it('takes a traceparent as the specification has it', () => {
  assert.deepEqual(traceOf({ traceparent: valid }), { traceparent: valid })
  assert.deepEqual(traceOf({ traceparent: ` ${valid} ` }), { traceparent: valid })
  assert.deepEqual(traceOf({ traceparent: `00-${ids}-00` }), { traceparent: `00-${ids}-00` })
  assert.deepEqual(traceOf({ traceparent: `cc-${ids}-01-what-the-future-will-be-like` }), { traceparent: valid })
})

it('ignores one that is not valid', () => {
  const invalid = [
    '',
    'garbage',
    valid.toUpperCase(),
    `${valid}-more`,
    `${valid}, ${valid}`,
    `ff-${ids}-01`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
    `00-${ids}`,
    `0-${ids}-01`,
    `00-${ids}-1`,
    7,
    null,
    [valid],
  ]
  for (const traceparent of invalid) assert.equal(traceOf({ traceparent, tracestate: 'a=b' }), undefined, String(traceparent))
  assert.equal(traceOf({}), undefined)
  assert.equal(traceOf({ tracestate: 'a=b' }), undefined)
})

it('takes a tracestate with it, and leaves out one that is not valid', () => {
  const taken = (tracestate: unknown) => traceOf({ traceparent: valid, tracestate })?.tracestate
  assert.equal(taken('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'), 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')
  assert.equal(taken('fw529a3039@dt=a b, ,b=2'), 'fw529a3039@dt=a b,b=2')
  for (const bad of ['', ',', 'a', 'A=1', 'a=1=2', 'a=ü', 'a=\nb', `a=${'x'.repeat(600)}`, Array(33).fill('a=b').join(), 7])
    assert.equal(taken(bad), undefined, String(bad))
})
