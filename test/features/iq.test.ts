/** Requests whose outcome is kept, over owners that die. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Translator } from '../../src/codec/translate.ts'
import { Problem } from '../../src/errors/problem.ts'
import { iqCommands, resultJson, takeUp } from '../../src/features/outgoing-iq.ts'
import type { LiveSession } from '../../src/gateway/contract/session.ts'
import type { Change } from '../../src/gateway/ports/change.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { createMirror } from '../../src/gateway/session/mirror.ts'
import { createMemoryStore } from '../../src/store/memory/store.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { createClock, limits, ownedSession, stateOf } from '../store/sample.ts'

const request = { id: 'q1', type: 'set', to: 'juliet@capulet.lit/b', xml: '<ping xmlns="urn:xmpp:ping"/>', timeout: 60_000 }
const answer = parseStanza('<iq xmlns="jabber:client" type="result" id="q1" from="juliet@capulet.lit/b"/>')
const lost = new Problem('outcome-unknown', 'The connection was lost before the answer came.')

/** The session on an owner that dies after so many writes. */
async function owner(
  store: Store,
  id: string,
  fence: string,
  { writes = Number.POSITIVE_INFINITY, hears }: { writes?: number; hears: boolean },
) {
  const mirror = createMirror(await stateOf(store, id))
  const heard = async () => {
    await turn()
    if (hears) return answer
    throw lost
  }
  return {
    record: { id, jid: 'romeo@montague.lit' },
    jid: 'romeo@montague.lit/a',
    state: mirror,
    vocabulary: { read: ({ attributes }: typeof answer) => ({ json: { ...attributes } }) },
    iq: heard,
    awaitAnswer: heard,
    async commit(change: Change) {
      if (writes === 0) throw new Problem('session-offline', 'dead')
      writes -= 1
      mirror.apply(change)
      return await store.commit(id, fence, change)
    },
  } as unknown as LiveSession
}

test('whenever its owner dies, a request that was taken over is told as completed once, as it is kept', async () => {
  const store = createMemoryStore({ limits, clock: createClock() })
  const statuses = new Set<string>()
  for (const writes of [1, 2, 3, 4]) {
    const { id, fence } = await ownedSession(store)
    const first = await owner(store, id, fence, { writes, hears: true })
    await iqCommands[0]!.run(first, request as never, { timeout: 5_000 })
    for (let turns = 0; turns < 20; turns += 1) await turn()
    takeUp(await owner(store, id, fence, { hears: false }))
    for (let turns = 0; turns < 20; turns += 1) await turn()
    const { events } = await store.log.read(id, undefined, 10)
    const { session, ...kept } = (await store.iqs.get(id, 'q1'))!
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [['iq.completed', kept]],
      `after ${writes} writes`,
    )
    assert.equal(session, id)
    statuses.add(kept.status)
  }
  assert.deepEqual([...statuses], ['error', 'result'])
})

test('an answer without a sender is of the own account, whatever its name is', () => {
  const result = parseStanza('<iq xmlns="jabber:client" type="result" id="q1"/>')
  const vocabulary = { read: ({ attributes }: typeof result) => ({ json: { ...attributes } }) } as unknown as Translator
  assert.equal(resultJson(result, '\u263a@montague.lit', vocabulary).from, '\u263a@montague.lit')
})
