import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Problem } from '../../../src/errors/problem.ts'
import type { LiveSession } from '../../../src/gateway/contract/session.ts'
import type { Change } from '../../../src/gateway/ports/change.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'
import { createRepeated } from '../../../src/gateway/session/repeated.ts'
import { CLIENT, element } from '../../../src/xml/element.ts'

const presence = element('presence', CLIENT)
const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected
const offline = () => new Problem('session-offline', 'It was lost.')

/** `kinds`: what an owner before left */
function start(t: TestContext, kinds = new Map<string, Map<string, unknown>>()) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const mirror = createMirror(kinds)
  const session = {
    state: mirror,
    commit: async (change: Change) => {
      mirror.apply(change)
      return []
    },
  } as unknown as Pick<LiveSession, 'state' | 'commit'>
  let position = 0
  const seen = { now: 0, pauses: 0, given: [] as string[] }
  const repeated = createRepeated({
    session,
    wire: {
      write: () => {
        position += 1
        return { position }
      },
    },
    outbox: {
      pause: async () => {
        seen.pauses += 1
        return () => {}
      },
      wake: () => {},
    },
    clock: { now: () => seen.now, monotonic: () => seen.now },
    reports: { givenUp: (key) => seen.given.push(key), error: (error) => assert.fail(String(error)) },
  })
  /** asks what the stream ends over */
  const die = async (company = false) => {
    const wait = Promise.withResolvers<never>()
    wait.promise.catch(() => {})
    const asked = repeated.ask('roster', () => wait.promise)
    asked.catch(() => {})
    await turn()
    repeated.lost(company)
    wait.reject(offline())
    await turn()
    return asked
  }
  return { repeated, seen, die }
}

test('a question that three streams ended over is not asked for an hour, and then once', async (t) => {
  const { repeated, seen, die } = start(t)
  for (let streams = 0; streams < 3; streams += 1) await assert.rejects(die(), code('session-offline'))
  assert.deepEqual(seen.given, ['roster'])
  await assert.rejects(
    repeated.ask('roster', () => assert.fail('it was asked')),
    code('given-up'),
  )
  assert.equal(await repeated.ask('carbons', async () => 'yes'), 'yes')
  seen.now = 3_600_000
  await assert.rejects(die(), code('session-offline'))
  await assert.rejects(die(), code('given-up'))
  seen.now *= 2
  assert.equal(await repeated.ask('roster', async () => 'there'), 'there')
  await assert.rejects(die(), code('session-offline'))
  await assert.rejects(die(), code('session-offline'))
  assert.equal(await repeated.ask('roster', async () => 'still'), 'still')
})

test('an answer, a refusal and the end of the time clear it of suspicion', async (t) => {
  const { repeated, die } = start(t)
  const refusals = [
    new Problem('xmpp-timeout', 'Nothing came.'),
    new Problem('xmpp-forbidden', 'No.', { xmpp: { type: 'auth', condition: 'forbidden' } }),
  ]
  for (const refusal of refusals) {
    for (let streams = 0; streams < 2; streams += 1) await assert.rejects(die(), code('session-offline'))
    await assert.rejects(
      repeated.ask('roster', () => Promise.reject(refusal)),
      code(refusal.code),
    )
  }
})

test('it does not count as alone with messages on their way', async (t) => {
  const { seen, die } = start(t)
  for (let streams = 0; streams < 11; streams += 1) await assert.rejects(die(true), code('session-offline'))
  assert.deepEqual(seen.given, [])
  await assert.rejects(die(true), code('session-offline'))
  assert.deepEqual(seen.given, ['roster'])
})

test('what is written counts as taken when the stream went on with it, not when it was counted', async (t) => {
  const { repeated, seen } = start(t)
  for (let streams = 1; streams <= 3; streams += 1) {
    const { taken } = await repeated.write('presence', presence)
    assert.equal(seen.pauses, streams - 1)
    repeated.acked(streams)
    t.mock.timers.tick(1_000)
    repeated.lost(false)
    await assert.rejects(taken, code('session-offline'))
  }
  await assert.rejects(repeated.write('presence', presence), code('given-up'))
  repeated.forget('presence')
  assert.equal(repeated.isOpen('presence'), false)
  const { taken } = await repeated.write('presence', presence)
  repeated.acked(4)
  t.mock.timers.tick(5_000)
  await taken
  assert.equal(repeated.isOpen('presence'), false)
})

test('a stream that is resumed goes on with what it counted; what it did not is written by whoever wrote it', async (t) => {
  const { repeated } = start(t)
  const first = await repeated.write('presence', presence)
  repeated.broke()
  repeated.resumed(1, false)
  t.mock.timers.tick(5_000)
  await first.taken
  const second = await repeated.write('presence', presence)
  assert.deepEqual([...repeated.positions()], [2])
  repeated.broke()
  repeated.resumed(1, false)
  await assert.rejects(second.taken, code('session-offline'))
  assert.equal(repeated.isOnItsWay('presence'), false)
  assert.equal(repeated.isOpen('presence'), true)
})

test('streams are processed in order: what was written first is what they ended over', async (t) => {
  const { repeated, seen } = start(t)
  for (let streams = 0; streams < 3; streams += 1) {
    await repeated.write('presence', presence)
    const wait = Promise.withResolvers<never>()
    const asked = repeated.ask('archive', () => wait.promise)
    await turn()
    repeated.lost(false)
    wait.reject(offline())
    await assert.rejects(asked)
  }
  assert.deepEqual(seen.given, ['presence'])
})

test('a question without an answer when the stream broke counts, though its wait ended before the stream was given up', async (t) => {
  const { repeated, seen } = start(t)
  for (let streams = 0; streams < 3; streams += 1) {
    const wait = Promise.withResolvers<never>()
    const asked = repeated.ask('archive', () => wait.promise)
    await turn()
    repeated.broke()
    wait.reject(offline())
    await assert.rejects(asked)
    repeated.lost(false)
  }
  assert.deepEqual(seen.given, ['archive'])
})

test('the next owner goes on counting', async (t) => {
  const kinds = new Map<string, Map<string, unknown>>()
  const { die } = start(t, kinds)
  for (let streams = 0; streams < 2; streams += 1) await assert.rejects(die())
  t.mock.timers.reset()
  const next = start(t, kinds)
  await assert.rejects(next.die(), code('session-offline'))
  await assert.rejects(next.die(), code('given-up'))
})
