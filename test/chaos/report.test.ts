import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Verdict } from './checker.ts'
import { complaints, figures, head, type Run, row } from './report.ts'

const verdict: Verdict = {
  accepted: 100,
  delivered: 100,
  duplicates: 1,
  failed: 0,
  hooked: 0,
  hookedAgain: 0,
  wrong: 0,
  lostByServer: 0,
  longestGap: 15_360,
  violations: [],
}
const well: Run = {
  seed: 1,
  minutes: 1,
  gateways: 3,
  verdicts: [verdict, { ...verdict, longestGap: 2_000 }],
  splits: [],
  stale: [],
  outlived: 2,
  fenced: 5,
}

test('a run in which all is well has no complaints, and its row fits the table of docs/measurements.md', () => {
  assert.deepEqual(complaints(well), [])
  assert.equal(row(well), '| 3 | 1 | 200 | 200 | 0 | 0 | 0 | 2 | 0 | 0 | 0 | 5 | 15.4 |')
  assert.ok(readFileSync(new URL('../../docs/measurements.md', import.meta.url), 'utf8').includes(head))
})

test('violations, a split brain and a stale write are complained of and counted', () => {
  const violations = ['I1, accepted and lost: out juliet 1', 'I3, at the server: in juliet 1', 'I4, told out of order: in juliet 2']
  const ill: Run = { ...well, verdicts: [{ ...verdict, failed: 3, wrong: 4, violations }], splits: ['I5, two'], stale: ['I6, old'] }
  assert.deepEqual(complaints(ill), [...violations, 'I5, two', 'I6, old'])
  const { lost, failed, 'out of order': disorder, 'wrong answers': wrong, 'split brain': splits } = figures(ill)
  assert.deepEqual([lost, failed, disorder, wrong, splits], [2, 3, 1, 4, 1])
})

test('a run of a minute that puts no fence to the test is not well, nor one in which no fence held', () => {
  assert.deepEqual(complaints({ ...well, outlived: 0, fenced: 0 }), ['no owner was away for longer than its lease'])
  assert.deepEqual(complaints({ ...well, minutes: 0.5, outlived: 0, fenced: 0 }), [])
  assert.deepEqual(complaints({ ...well, fenced: 0 }), ['no write was refused, though an owner outlived its lease 2 times'])
})
