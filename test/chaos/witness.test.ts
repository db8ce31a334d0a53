import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCursor, newLog } from '../../src/store/cursor.ts'
import type { Link } from '../support/proxy.ts'
import { overlaps, ownedTwice, readWrites, staleWrites, type Write } from './witness.ts'

/** seconds of a story */
const link = (opened: number, spoke: number): Link => ({ opened: opened * 1000, spoke: spoke * 1000 })

test('streams that follow one another are one live stream at a time, however close', () => {
  assert.deepEqual(overlaps([]), [])
  assert.deepEqual(overlaps([link(0, 5), link(5, 6), link(6, 20), link(21, 22)]), [])
  assert.deepEqual(overlaps([link(0, 5.1), link(5, 6)]), [], 'what happened at once may be seen in another order')
})

test('one that is frozen over the take-over and says nothing more is no second stream', () => {
  assert.deepEqual(overlaps([link(0, 10), link(25, 60)]), [])
})

test('one that speaks after another was made is a second live stream', () => {
  assert.deepEqual(overlaps([link(0, 27), link(25, 60)]), ['I5, two live streams of one session: of 0.0 s until 27.0 s, and of 25.0 s'])
  assert.equal(overlaps([link(0, 60), link(10, 20), link(30, 40)]).length, 2, 'each that it overlaps')
})

test('two owners that throw each other out in turn are seen', () => {
  assert.equal(overlaps([link(0, 2), link(1, 4), link(3, 6), link(5, 8)]).length, 3)
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
