import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createBind } from '../../src/gateway/bind.ts'
import type { CatchUp } from '../../src/gateway/catch-up.ts'
import type { Feature, LiveSession } from '../../src/gateway/feature.ts'

/** A bind over a catch-up that is told when its reading is done; `steps` is what was done, in order. */
function start({ owing = false } = {}) {
  const steps: string[] = []
  const reading: PromiseWithResolvers<void>[] = []
  const catchUp: CatchUp = {
    begin: async () => undefined,
    owe: async () => {
      owing = true
    },
    isOwing: () => owing,
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
    session: { iq: async () => {} } as unknown as LiveSession,
    features: [feature],
    catchUp,
    online: () => true,
    onRefused: () => {},
    onError: (error) => assert.fail(String(error)),
  })
  return {
    bind,
    steps,
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
