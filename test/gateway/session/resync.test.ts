import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { LiveSession } from '../../../src/gateway/contract/session.ts'
import type { Change } from '../../../src/gateway/ports/change.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'
import { createResync } from '../../../src/gateway/session/resync.ts'
import { CLIENT, type Element, element } from '../../../src/xml/element.ts'

const JULIET = 'juliet@capulet.lit/balcony'
const NURSE = 'nurse@capulet.lit/x'

/** What is told of two contacts that were there before a new stream; time goes by seconds. */
function start(t: TestContext, { ahead = 0, rate = (_: number): number => 0 } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const told: string[] = []
  const state = createMirror(new Map([['presence', new Map([JULIET, NURSE].map((from) => [from, { from }]))]]))
  let seconds = 0
  let received = 0
  const resync = createResync({
    session: {
      state,
      commit: async (change: Change) => {
        state.apply(change)
        for (const { data } of change.events ?? []) told.push((data as { from: string }).from)
        return []
      },
    } as unknown as LiveSession,
    link: () => ({ transit: () => ahead, received: () => received }),
    clock: { now: () => seconds * 1_000, monotonic: () => seconds * 1_000 },
    online: () => true,
    onError: (error) => assert.fail(String(error)),
  })
  return {
    start: () => resync.start(),
    appeared: () => resync.appeared(),
    resumed: () => resync.resumed(),
    seen: (presence: Element) => resync.seen(presence),
    told,
    async pass(until: number) {
      while (seconds < until) {
        received += rate(seconds)
        seconds += 1
        t.mock.timers.tick(1_000)
        await turn()
      }
    },
  }
}

test('who is not seen within 10 s after the own presence was sent on a new stream is gone', async (t) => {
  const { start: begin, appeared, seen, pass, told } = start(t)
  begin()
  await pass(60)
  assert.deepEqual(told, [], 'nobody tells an unavailable client about others')
  appeared()
  seen(element('presence', CLIENT, { from: JULIET }))
  await pass(69)
  assert.deepEqual(told, [])
  await pass(70)
  assert.deepEqual(told, [NURSE])
})

test('nobody is gone whose presence may be on its way still', async (t) => {
  const behind = start(t, { ahead: 30_000 })
  behind.start()
  behind.appeared()
  await behind.pass(39)
  assert.deepEqual(behind.told, [], 'the server has not read the own presence')
  await behind.pass(40)
  assert.deepEqual(behind.told, [JULIET, NURSE])
  t.mock.timers.reset()

  const slow = start(t, { rate: (at) => (at < 35 ? 3_000 : 0) })
  slow.start()
  slow.appeared()
  await slow.pass(39)
  assert.deepEqual(slow.told, [], 'the stream brings more')
  slow.seen(element('presence', CLIENT, { from: NURSE }))
  await slow.pass(40)
  assert.deepEqual(slow.told, [JULIET])
  t.mock.timers.reset()

  const busy = start(t, { rate: () => 3_000 })
  busy.start()
  busy.appeared()
  await busy.pass(310)
  assert.deepEqual(busy.told, [JULIET, NURSE], 'there is an end to it')
})
