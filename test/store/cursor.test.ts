import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatCursor, isOfSession, newLog, parseCursor } from '../../src/store/cursor.ts'
import { countSettled, retryAfter } from '../../src/store/drain.ts'
import { nextFence } from '../../src/store/fence.ts'

test('a cursor is read as it was written, and belongs to its session', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat({ max: 36 ** 10 - 1 }), (session, sequence) => {
      const log = newLog(session)
      const cursor = formatCursor(log, sequence)
      assert.match(cursor, /^[A-Za-z0-9_-]+$/)
      const parsed = parseCursor(cursor)
      assert.deepEqual(parsed, { log, sequence })
      assert.ok(isOfSession(parsed!, session) && !isOfSession(parsed!, `${session}x`))
    }),
  )
})

test('any other text is no cursor', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(parseCursor(text), undefined)
    }),
  )
  const log = newLog('ses_1')
  for (const text of [
    `${log}-`,
    `${log}-01`,
    `${log}-A`,
    `${log}-1.5`,
    `${log}-zzzzzzzzzzz`,
    `${log.slice(1)}-1`,
    `${log}1-1`,
    `${log}-1\n`,
  ]) {
    assert.equal(parseCursor(text), undefined, text)
  }
})

test('each life of a log has its own name', () => {
  assert.equal(new Set(Array.from({ length: 1000 }, () => newLog('ses_1'))).size, 1000)
})

test('a full outbox is told how long it needs, between a second and a minute', () => {
  const now = 1_000_000
  assert.equal(retryAfter(1, { since: 0, settled: 0 }, now), 5)
  assert.equal(retryAfter(30, { since: now - 5000, settled: 10 }, now), 15)
  assert.equal(retryAfter(1, { since: now - 5000, settled: 5000 }, now), 1)
  assert.equal(retryAfter(10_000, { since: now - 5000, settled: 1 }, now), 60)
  // what was counted long ago says nothing
  assert.equal(retryAfter(30, { since: now - 600_000, settled: 10_000 }, now), 5)
  assert.deepEqual(countSettled({ since: now - 1000, settled: 3 }, 2, now), { since: now - 1000, settled: 5 })
  assert.deepEqual(countSettled({ since: now - 20_000, settled: 3 }, 2, now), { since: now, settled: 2 })
})

test('a fence is greater than the last one, and led by the time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 52 }), fc.integer({ min: 0, max: 4e12 }), (last, now) => {
      const fence = nextFence(last, now)
      assert.ok(fence > last && fence >= now && Number.isSafeInteger(fence))
    }),
  )
})
