import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Problem } from '../../../src/errors/problem.ts'
import { createInstances, type Question } from '../../../src/gateway/cluster/calls.ts'
import type { Store } from '../../../src/gateway/ports/store.ts'
import { createBus } from '../../../src/store/memory/channels.ts'

const question: Question = { session: 'ses_1', command: 'iq', args: { to: 'juliet@capulet.lit' } }
const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected

/** Two instances on one bus, `asking` and `owning`. */
function pair(t: TestContext, run: Parameters<typeof createInstances>[0]['run'] = async () => 'done') {
  const bus = createBus()
  const notes: string[] = []
  const asking = createInstances({ bus, run: async () => assert.fail('it was not asked'), hear: () => {} })
  const owning = createInstances({ bus, run, hear: (session, note) => notes.push(`${note} ${session}`) })
  asking.listen('asking')
  owning.listen('owning')
  t.after(() => {
    asking.stop()
    owning.stop()
  })
  return { bus, asking, owning, notes }
}

test('a command is run by the owner, and its result comes back', async (t) => {
  const asked: Question[] = []
  const { asking } = pair(t, async (given) => {
    asked.push(given)
    return { answer: 1 }
  })
  // a build before this one does not tell the version
  for (const one of [question, { ...question, version: 2 }])
    assert.deepEqual(await asking.ask('owning', one, { timeout: 5_000 }), { answer: 1 })
  assert.deepEqual(asked, [
    { ...question, version: 1 },
    { ...question, version: 2 },
  ])
})

test('a problem of the owner is that of the asker, a fault tells nothing of itself', async (t) => {
  let thrown: Error = new Problem('session-offline', 'not now', { retryAfter: 7 })
  const { asking } = pair(t, async () => {
    throw thrown
  })
  await assert.rejects(asking.ask('owning', question, { timeout: 5_000 }), (error) => {
    assert.ok(error instanceof Problem)
    assert.deepEqual([error.code, error.message, error.options.retryAfter], ['session-offline', 'not now', 7])
    return true
  })
  thrown = new Error('a secret')
  await assert.rejects(asking.ask('owning', question, { timeout: 5_000 }), (error) => {
    assert.ok(error instanceof Problem && error.code === 'internal-error')
    assert.doesNotMatch(JSON.stringify([error.message, error.options]), /secret/)
    return true
  })
})

test('when the time is over it is the owner who says so, in its words', async (t) => {
  const { asking } = pair(t, (_, { timeout, signal }) => {
    const { promise, reject } = Promise.withResolvers<never>()
    signal?.addEventListener('abort', () => reject(new Problem('xmpp-timeout', 'Nobody waits.')))
    setTimeout(() => reject(new Problem('xmpp-timeout', 'No answer within 20 ms.')), timeout)
    return promise
  })
  await assert.rejects(asking.ask('owning', question, { timeout: 20 }), { message: 'No answer within 20 ms.' })
})

test('nobody who hears it is told at once: nothing was done', async (t) => {
  const { asking } = pair(t)
  await assert.rejects(asking.ask('nobody', question, { timeout: 60_000 }), code('session-offline'))
  assert.equal(await asking.hears('nobody'), false)
  assert.equal(await asking.hears('owning'), true)
})

test('an owner that goes over it leaves the outcome open, unless twice does no harm', async (t) => {
  const { asking } = pair(t, () => new Promise(() => {}))
  const set = asking.ask('owning', question, { timeout: 60_000 })
  const get = asking.ask('owning', question, { timeout: 60_000, repeatable: true })
  const other = asking.ask('owning', question, { timeout: 60_000 })
  await turn()
  asking.lost('somebody else')
  asking.lost('owning')
  await assert.rejects(set, code('outcome-unknown'))
  await assert.rejects(get, code('session-offline'))
  await assert.rejects(other, code('outcome-unknown'))
})

test('one that does not hear any more is noticed before the time is over', async (t) => {
  const { asking, owning } = pair(t, () => new Promise(() => {}))
  // at the end of its time this would be xmpp-timeout
  const asked = asking.ask('owning', question, { timeout: 60_000, repeatable: true })
  await turn()
  owning.stop()
  await assert.rejects(asked, code('session-offline'))
})

/** An asker whose store answers nothing in time: what it says is heard all the same, when `arrive` is called. */
function lateAsker(t: TestContext, bus: Store['bus']) {
  const said: (() => unknown)[] = []
  const publish: Store['bus']['publish'] = async (channel, message) => {
    said.push(() => bus.publish(channel, message))
    throw new Problem('store-unavailable', 'no answer in time', { retryAfter: 2 })
  }
  const late = createInstances({ bus: { ...bus, publish }, run: async () => assert.fail('it was not asked'), hear: () => {} })
  late.listen('late')
  t.after(late.stop)
  return { late, arrive: () => Promise.all(said.map((say) => say())) }
}

test('where the store is lost over a question it may be carried out: only what may be done twice is to be tried again', async (t) => {
  const ran: unknown[] = []
  const { bus } = pair(t, async ({ args }) => ran.push(args))
  const { late, arrive } = lateAsker(t, bus)
  await assert.rejects(late.ask('owning', { ...question, args: 'set' }, { timeout: 60_000 }), code('outcome-unknown'))
  await assert.rejects(late.ask('owning', { ...question, args: 'get' }, { timeout: 60_000, repeatable: true }), code('store-unavailable'))
  await arrive()
  while (ran.length < 2) await turn()
  assert.deepEqual(ran, ['set', 'get'])
})

test('what must not be done twice does not begin when nobody waits for it any more', async (t) => {
  const ran: unknown[] = []
  const { bus, asking } = pair(t, async ({ args }) => ran.push(args))
  const { now } = bus
  const { late, arrive } = lateAsker(t, bus)
  await assert.rejects(late.ask('owning', { ...question, args: 'late' }, { timeout: 60_000 }), code('outcome-unknown'))
  bus.now = async (session) => (await now(session)) + 60_000
  await arrive()
  await asking.ask('owning', { ...question, args: 'in time' }, { timeout: 60_000 })
  assert.deepEqual(ran, ['in time'])
})

test('nothing was begun where the store is away before anything is said', async (t) => {
  const { bus, asking } = pair(t)
  bus.now = async () => {
    throw new Problem('store-unavailable', 'away', { retryAfter: 2 })
  }
  await assert.rejects(asking.ask('owning', question, { timeout: 60_000 }), code('store-unavailable'))
})

test('a question and a problem of the next version are answered at once', async (t) => {
  const { bus, asking } = pair(t, async () => {
    await bus.publish('instance:asking', { kind: 'problem', id, code: 'of-the-next-version', detail: 'new', options: {} })
    return new Promise(() => {})
  })
  let id = ''
  const { publish } = bus
  bus.publish = (channel, message) => {
    const said = message as { kind: string; id: string }
    if (said.kind === 'ask') id = said.id
    return publish(channel, message)
  }
  await assert.rejects(asking.ask('owning', question, { timeout: 60_000 }), code('internal-error'))
  bus.publish = (channel, message) => {
    const { kind, id, from } = message as Record<string, string>
    return publish(channel, kind === 'ask' ? { kind, id, from, wanted: 'something new' } : message)
  }
  await assert.rejects(asking.ask('owning', question, { timeout: 60_000 }), code('session-offline'))
})

test('the end of the time, and a caller that goes, end the wait', async (t) => {
  const { asking } = pair(t, () => new Promise(() => {}))
  await assert.rejects(asking.ask('owning', question, { timeout: 1, repeatable: true }), code('xmpp-timeout'))
  await assert.rejects(asking.ask('owning', question, { timeout: 200 }), code('outcome-unknown'))
  const caller = new AbortController()
  const asked = asking.ask('owning', question, { timeout: 60_000, signal: caller.signal })
  await turn()
  caller.abort()
  await assert.rejects(asked, code('xmpp-timeout'))
})

test('a caller that goes while its question is on the way is no fault', async (t) => {
  const { bus, asking } = pair(t)
  const { publish } = bus
  const caller = new AbortController()
  bus.publish = async (channel, message) => {
    caller.abort()
    await turn() // an unhandled rejection would be told by now
    return await publish(channel, message)
  }
  await assert.rejects(asking.ask('owning', question, { timeout: 60_000, signal: caller.signal }), code('xmpp-timeout'))
})

test('notes are heard under the name of now, and by nobody under the one before', async (t) => {
  const { asking, owning, notes } = pair(t)
  assert.equal(await asking.note('owning', 'ses_1', 'accepted'), true)
  await turn()
  owning.listen('renamed')
  assert.equal(await asking.note('owning', 'ses_2', 'accepted'), false)
  assert.equal(await asking.note('renamed', 'ses_3', 'free'), true)
  await turn()
  assert.deepEqual(notes, ['accepted ses_1', 'free ses_3'])
})

test('who lost its own name waits for nothing', async (t) => {
  const { asking } = pair(t, () => new Promise(() => {}))
  const asked = asking.ask('owning', question, { timeout: 60_000 })
  await turn()
  asking.forget()
  await assert.rejects(asked, code('outcome-unknown'))
})

test('what is no message of ours is left out', async (t) => {
  const { bus, asking, notes } = pair(t)
  for (const other of [
    null,
    1,
    'ask',
    {},
    { kind: 'ask' },
    { kind: 'note', session: 'ses_1', note: 'delete' },
    { kind: 'result', id: 'unknown' },
  ])
    await bus.publish('instance:owning', other)
  assert.equal(await asking.ask('owning', question, { timeout: 5_000 }), 'done')
  assert.deepEqual(notes, [])
})
