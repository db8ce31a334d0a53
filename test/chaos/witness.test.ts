import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCursor, newLog } from '../../src/store/cursor.ts'
import { overlaps, ownedTwice, readWrites, type Stream, staleWrites, type Write } from './witness.ts'

/** in seconds of a story */
function stream(gateway: number, opened: number, closed: number, spoke = closed): Stream {
  return { gateway, opened: opened * 1000, spoke: spoke * 1000, closed: closed * 1000 }
}
const nobody = () => false

test('streams that follow one another are one live stream at a time, however close', () => {
  assert.deepEqual(overlaps([], nobody), [])
  assert.deepEqual(overlaps([stream(0, 0, 5), stream(0, 5, 6), stream(1, 6, 20), stream(0, 21, 22)], nobody), [])
  assert.deepEqual(overlaps([stream(0, 0, 5.02), stream(1, 5, 6)], nobody), [], 'what happened at once may be seen in another order')
})

test('one that is still there when the next one is made is a second live stream, also of the same gateway', () => {
  const split = 'I5, two live streams of one session: i0 from 0.0 s on, i1 from 25.0 s on'
  assert.deepEqual(overlaps([stream(0, 0, 27), stream(1, 25, 60)], nobody), [split])
  assert.deepEqual(overlaps([stream(0, 0, 25.2, 24), stream(1, 25, 60)], nobody), [split], 'thrown out by the server without a word')
  assert.equal(overlaps([stream(0, 0, 60), stream(0, 10, 20), stream(1, 30, 40)], nobody).length, 2)
})

test('who is frozen over the take-over keeps its stream, and must not speak on it again', () => {
  const frozen = (gateway: number, at: number) => gateway === 0 && at >= 11_000 && at <= 28_000
  assert.deepEqual(overlaps([stream(0, 0, 28.1, 10), stream(1, 25, 60)], frozen), [])
  assert.equal(overlaps([stream(0, 0, 29, 28.5), stream(1, 25, 60)], frozen).length, 1)
  assert.equal(overlaps([stream(2, 0, 28.1, 10), stream(1, 25, 60)], frozen).length, 1, 'another one has no excuse')
  assert.equal(overlaps([stream(0, 0, 40, 10), stream(1, 29, 60)], frozen).length, 1, 'nor one that is awake again')
})

test('two owners that throw each other out in turn are seen', () => {
  assert.equal(overlaps([stream(0, 0, 1.2), stream(1, 1, 3.2), stream(0, 3, 5.2), stream(1, 5, 8)], nobody).length, 3)
})

test('more sessions than there are, at two looks in a row, are owned twice', () => {
  const looks = (...owned: number[]) => owned.map((one, at) => ({ at: at * 1000, owned: one }))
  assert.deepEqual(ownedTwice(looks(2, 2, 0, 1, 2), 2), [])
  assert.deepEqual(ownedTwice(looks(2, 3, 2, 3, 2), 2), [], 'one that moves is counted twice at one look')
  assert.deepEqual(ownedTwice(looks(2, 3, 3, 2), 2), ['I5, 3 sessions are owned, of 2 (2.0 s)'])
})

test('a write behind one of a later owner is stale', () => {
  const write = (sequence: number, fence: number, log = 'one'): Write => ({ log, sequence, fence })
  assert.deepEqual(staleWrites([write(1, 10), write(2, 10), write(3, 20), write(4, 20)]), [])
  assert.deepEqual(staleWrites([write(3, 20), write(1, 10), write(2, 10)]), [], 'noted in any order')
  assert.deepEqual(staleWrites([write(1, 20, 'one'), write(2, 10, 'other')]), [], 'each log has owners of its own')
  assert.deepEqual(staleWrites([write(1, 10), write(2, 20), write(3, 10), write(4, 20)]), ['I6, written under the old fence 10: one 3'])
})

test('what gateways note of their writes is read', () => {
  const log = newLog('ses_1')
  const text = `20 ${formatCursor(log, 36)}\n30 ${formatCursor(log, 37)}\n30 hal`
  assert.deepEqual(readWrites(text), [
    { fence: 20, log, sequence: 36 },
    { fence: 30, log, sequence: 37 },
  ])
})
