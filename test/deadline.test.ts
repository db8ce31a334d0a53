import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settledWithin, withDeadline, within } from '../src/deadline.ts'

const late = () => new Error('late')
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('what comes in time is what one gets, and no timer is left', async () => {
  const before = timers()
  const failure = Promise.reject(new Error('no'))
  assert.equal(await within(60_000, Promise.resolve(1), late), 1)
  await assert.rejects(within(60_000, failure, late), /no/)
  assert.equal(await withDeadline(60_000, late, async (signal) => signal.aborted), false)
  await settledWithin(60_000, Promise.resolve())
  await settledWithin(60_000, failure)
  assert.equal(timers(), before)
})

test('what does not is late', async () => {
  const never = new Promise(() => {})
  await assert.rejects(within(1, never, late), /late/)
  const heeding = (signal: AbortSignal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  await assert.rejects(withDeadline(1, late, heeding), /late/)
  await settledWithin(1, never)
})
