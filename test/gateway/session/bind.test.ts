import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Problem, stanzaProblem } from '../../../src/errors/problem.ts'
import type { Feature } from '../../../src/gateway/contract/feature.ts'
import type { LiveSession } from '../../../src/gateway/contract/session.ts'
import type { CatchUp } from '../../../src/gateway/inbound/catch-up.ts'
import { createBind } from '../../../src/gateway/session/bind.ts'

/** A bind over a catch-up that is told when its reading is done; `steps` is what was done, in order. */
function start({ owing = false, answer = async () => {} }: { owing?: boolean; answer?: () => Promise<void> } = {}) {
  const steps: string[] = []
  const refused: string[] = []
  const read: string[] = []
  const reading: PromiseWithResolvers<void>[] = []
  const catchUp: CatchUp = {
    begin: async () => undefined,
    markDue: async () => {
      owing = true
    },
    isDue: () => owing,
    async run() {
      steps.push('read')
      const done = Promise.withResolvers<void>()
      reading.push(done)
      await done.promise
      return async () => {
        steps.push('let in')
        owing = false
      }
    },
    doubts: async () => {},
  }
  const feature: Feature = {
    name: 'presence',
    async appear() {
      steps.push('appear')
    },
  }
  const bind = createBind({
    session: {} as LiveSession,
    features: [{ name: 'carbons', bind: answer }, feature],
    catchUp,
    online: () => true,
    unread: {
      all: () => ({}),
      refused: async (step, { code }) => void refused.push(`${step} ${code}`),
      read: async (step) => void read.push(step),
    },
    repeated: { ask: (_, work) => work() },
    resync: { appeared: () => {} },
    reports: { bindStep: () => {}, error: (error) => assert.fail(String(error)) },
  })
  return {
    bind,
    steps,
    refused,
    known: read,
    /** lets the oldest reading end */
    async read() {
      reading.shift()?.resolve()
      await turn()
    },
  }
}

test('what a doubtful resume may have cost is read from the archive, and own presence stays as it is', async () => {
  const { bind, steps, read } = start()
  await bind.bound()
  await read()
  bind.resumed({ doubtful: false })
  assert.deepEqual(steps.splice(0), ['read', 'appear', 'let in'])
  bind.resumed({ doubtful: true })
  await read()
  assert.deepEqual(steps, ['read', 'let in'])
})

test('a doubtful resume while the archive is read has it read once more', async () => {
  const { bind, steps, read } = start()
  await bind.bound()
  bind.resumed({ doubtful: true })
  await read()
  await read()
  assert.deepEqual(steps, ['read', 'appear', 'let in', 'read', 'let in'])
})

test('a stream of another process keeps its presence too, unless that process did not come to send it', async () => {
  const moved = start()
  moved.bind.resumed({ doubtful: true })
  await moved.read()
  assert.deepEqual(moved.steps, ['read', 'let in'])
  const { bind, steps, read } = start({ owing: true })
  bind.resumed({ doubtful: false })
  await read()
  assert.deepEqual(steps, ['read', 'appear', 'let in'])
})

test('a step that is refused, or gets no answer, is told and does not keep the session from the others', async () => {
  for (const problem of [
    stanzaProblem({ type: 'cancel', condition: 'service-unavailable' }),
    new Problem('xmpp-timeout', 'No answer.'),
    new Problem('stanza-too-large', 'It is too large.'),
  ]) {
    const { bind, refused, known } = start({ answer: async () => Promise.reject(problem) })
    await bind.bound()
    assert.deepEqual([refused, known], [[`carbons ${problem.code}`], []])
  }
  const { bind, refused, known } = start()
  await bind.bound()
  assert.deepEqual([refused, known], [[], ['carbons']])
})

test('a link that is lost over a step ends the bind', async () => {
  const { bind, refused } = start({ answer: async () => Promise.reject(new Problem('session-offline', 'It is lost.')) })
  await assert.rejects(bind.bound(), { code: 'session-offline' })
  assert.deepEqual(refused, [])
})

test('what the server may let through another time is tried again, and what it refused for good is not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const [problem, tries] of [
    [new Problem('xmpp-timeout', 'No answer.'), 3],
    [stanzaProblem({ type: 'cancel', condition: 'service-unavailable' }), 1],
  ] as const) {
    let asked = 0
    const { bind, known } = start({
      answer: async () => {
        asked += 1
        if (asked < 3) throw problem
      },
    })
    await bind.bound()
    for (const pause of [60_000, 120_000, 240_000]) {
      t.mock.timers.tick(pause)
      for (let turns = 0; turns < 5; turns += 1) await turn()
    }
    assert.deepEqual([asked, known], [tries, tries === 3 ? ['carbons'] : []])
  }
})
