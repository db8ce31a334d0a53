import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Translator } from '../../src/codec/translate.ts'
import type { LiveSession } from '../../src/gateway/contract/session.ts'
import { createReceiver } from '../../src/gateway/inbound/dispatch.ts'
import { heldMessages } from '../../src/gateway/inbound/held-messages.ts'
import { createMirror } from '../../src/gateway/session/mirror.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { unwatched } from './unwatched.ts'

test('messages that waited are let in in parts, in their order, each with what takes it from the list', async () => {
  const state = createMirror(new Map())
  let turns = 0
  const receiver = createReceiver({
    session: { record: { jid: 'romeo@montague.lit' }, state, isOwn: () => false, message: async () => undefined } as unknown as LiveSession,
    watch: unwatched,
    turn: () => {
      turns += 1
      return undefined
    },
    features: [{ name: 'telling', message: ({ stanza }) => ({ events: [{ type: 'message.received', data: stanza.attributes.id }] }) }],
    answers: new Map(),
    vocabulary: {} as Translator,
    archive: { take: () => false },
    remember(change) {
      state.apply(change)
      return change
    },
    outbox: { confirm: () => undefined },
    wire: { reply: () => undefined },
    correlator: { answer: () => true },
    raised: { raise: () => undefined },
    resync: { seen: () => undefined },
    clock: { now: Date.now, monotonic: () => performance.now() },
    reports: { forged: () => undefined, rejected: () => undefined, error: (error) => assert.fail(String(error)) },
  })
  const names = Array.from({ length: 120 }, (_, index) => `m${index}`)
  const arrival = (index: number) => ({ connection: 0, stream: 's', at: `@${index}`, time: 0 })
  receiver.held.begin()
  for (const [index, id] of names.entries())
    await receiver.stanza(arrival(index), parseStanza(`<message id="${id}" from="a@b.example/c"/>`))
  assert.equal(state.all(heldMessages).size, 120)

  const told: unknown[] = []
  const left: number[] = []
  for (let more = true; more; ) {
    const handled = await receiver.held.release()
    told.push(...(handled.change.events ?? []).map(({ data }) => data))
    left.push(state.all(heldMessages).size)
    more = handled.more === true
  }
  assert.deepEqual([told, left, turns], [names, [70, 20, 0], 120])
  const { change } = await receiver.stanza(arrival(120), parseStanza('<message id="later" from="a@b.example/c"/>'))
  assert.equal(change.events?.[0]?.data, 'later')
})
