import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../src/errors/problem.ts'
import { type Change, Fenced } from '../../../src/gateway/ports/change.ts'
import type { Store } from '../../../src/gateway/ports/store.ts'
import { createJournal } from '../../../src/gateway/session/journal.ts'

type Commit = Store['commit']

function journal(commit: (change: Change) => ReturnType<Commit>, onFenced = () => {}) {
  const store = { commit: (_id: string, _fence: string, change: Change) => commit(change) } as unknown as Store
  const made = createJournal({ id: 'ses_1', fence: '1', store, onFenced })
  return {
    write: (change: Change) => made.write(change),
    writeSoon: (change: Change) => made.writeSoon(change),
    unlessAway: <Result>(work: () => Promise<Result>) => made.unlessAway(work),
    flush: () => made.flush(),
  }
}
const event = (subject: string) => ({ type: 'message.received', subject, data: {} })

test('changes that wait go into one commit, in order, and each writer gets its own cursors', async () => {
  const commits: Change[] = []
  const { write } = journal(async (change) => {
    commits.push(change)
    return (change.events ?? []).map(({ subject }) => `c${subject}`)
  })
  const cursors = await Promise.all([
    write({ events: [event('1'), event('2')] }),
    write({ settled: ['m'] }),
    write({ events: [event('3')] }),
  ])
  assert.deepEqual(cursors, [['c1', 'c2'], [], ['c3']])
  assert.equal(commits.length, 1)
  assert.deepEqual(commits[0]?.settled, ['m'])
})

test('what is in no hurry goes with what is written next, before it, or by itself', async () => {
  const commits: Change[] = []
  const written = journal(async (change) => {
    commits.push(change)
    return []
  })
  const soon = written.writeSoon({ settled: ['a'] })
  await written.write({ settled: ['b'] })
  await soon
  assert.deepEqual(commits, [{ settled: ['a', 'b'] }])
  await written.writeSoon({ settled: ['c'] })
  assert.deepEqual(commits[1], { settled: ['c'] })
  void written.writeSoon({ settled: ['d'] })
  await written.flush()
  assert.deepEqual(commits[2], { settled: ['d'] })
})

test('a kind that is emptied is emptied before what is written after, and not before what was written earlier', async () => {
  const commits: Change[] = []
  const { write } = journal(async (change) => {
    commits.push(change)
    return []
  })
  await Promise.all([
    write({ state: [{ kind: 'roster', key: 'a', value: 1 }] }),
    write({ clear: ['roster'], state: [{ kind: 'roster', key: 'b', value: 1 }] }),
    write({ state: [{ kind: 'roster', key: 'c', value: 1 }] }),
  ])
  assert.deepEqual(
    commits.map(({ clear }) => clear),
    [undefined, ['roster']],
  )
  assert.deepEqual(
    commits[1]?.state?.map(({ key }) => key),
    ['b', 'c'],
  )
})

test('while the store is away a change waits and is written when it is back', async () => {
  let tries = 0
  const { write } = journal(async () => {
    tries += 1
    if (tries < 3) throw new Problem('store-unavailable', 'away')
    return ['c1']
  })
  assert.deepEqual(await write({ events: [event('1')] }), ['c1'])
  assert.equal(tries, 3)
})

test('a writer that was fenced writes nothing more', async () => {
  let fenced = 0
  let commits = 0
  const { write } = journal(
    async () => {
      commits += 1
      throw new Fenced()
    },
    () => {
      fenced += 1
    },
  )
  const first = write({ settled: ['a'] })
  const second = write({ settled: ['b'] })
  const isOffline = (error: unknown) => error instanceof Problem && error.code === 'session-offline'
  for (const waiting of [first, second, write({ settled: ['c'] })]) await assert.rejects(waiting, isOffline)
  assert.deepEqual([commits, fenced], [1, 1])
})

test('a change that cannot be stored is refused, and none that was waiting with it', async () => {
  const { write } = journal(async ({ events = [] }) => {
    if (events.some(({ subject }) => subject === '2')) throw new RangeError('Invalid string length')
    return events.map(({ subject }) => `c${subject}`)
  })
  const all = await Promise.allSettled(['1', '2', '3'].map((subject) => write({ events: [event(subject)] })))
  assert.deepEqual(
    all.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.name)),
    [['c1'], 'RangeError', ['c3']],
  )
  assert.deepEqual(await write({ events: [event('4')] }), ['c4'])
})

test('who waits for a store that takes nothing is told so, and may try again when it does', { timeout: 10_000 }, async () => {
  let isAway = true
  const { write, unlessAway, flush } = journal(async () => {
    if (isAway) throw new Problem('store-unavailable', 'away')
    return []
  })
  const isUnavailable = (error: unknown) => error instanceof Problem && error.code === 'store-unavailable'
  let begun = 0
  const work = () => {
    begun += 1
    return write({ settled: ['m'] })
  }
  await assert.rejects(unlessAway(work), isUnavailable)
  await assert.rejects(unlessAway(work), isUnavailable)
  assert.equal(begun, 1, 'what would only wait is not begun')
  isAway = false
  await flush()
  await unlessAway(work)
  assert.equal(begun, 2)
})

test('the outcome of an iq, which may be large, goes into a commit of its own, in its place', async () => {
  const commits: Change[] = []
  const { write } = journal(async (change) => {
    commits.push(change)
    return (change.events ?? []).map(({ subject }) => `c${subject}`)
  })
  const outcome = (id: string) => ({ events: [event(id)], iqs: [{ id, session: 'ses_1', status: 'result' as const, iq: {} }] })
  const cursors = await Promise.all([
    write({ events: [event('1')] }),
    write({ settled: ['m'] }),
    ...['q1', 'q2'].map((id) => write(outcome(id))),
    write({ events: [event('2')] }),
    write({ iqs: [{ id: 'q3', session: 'ses_1', status: 'pending' }] }),
  ])
  assert.deepEqual(cursors, [['c1'], [], ['cq1'], ['cq2'], ['c2'], []])
  assert.deepEqual(
    commits.map(({ events = [], iqs = [] }) => [events.length, iqs.length]),
    [
      [1, 0],
      [1, 1],
      [1, 1],
      [1, 1],
    ],
  )
})
