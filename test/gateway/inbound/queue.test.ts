import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, StreamState } from '../../../src/gateway/ports/change.ts'
import { parseStanza } from '../../../src/xml/parse.ts'
import { unwatched } from '../unwatched.ts'
import { createReceivingInbound } from './receiving-inbound.ts'

const state: StreamState = { id: 'sm-1', jid: 'romeo@montague.lit/orchard', inbound: 3, outbound: 0, acked: 0, max: 600, savedAt: 0 }
const stanza = parseStanza('<message/>')

function start() {
  const writes: Change[] = []
  const stored: [connection: number, position: number][] = []
  const gate = Promise.withResolvers<void>()
  let stream = 1
  const inbound = createReceivingInbound({
    turn: () => undefined,
    watch: unwatched,
    receive: async () => ({ change: { events: [{ type: 'message.received', data: {} }] }, after: [] }),
    write: async (change) => {
      writes.push(change)
      await gate.promise
    },
    stream: () => String(stream),
    stored: (connection, position) => stored.push([connection, position]),
    snapshot: () => state,
    clock: { now: () => 0, monotonic: () => 0 },
    onError: (error) => assert.fail(String(error)),
  })
  return { inbound, writes, stored, open: gate.resolve, next: () => (stream += 1) }
}

test('the position of the last stanza is stored with what the stanzas did, and told after', async () => {
  const { inbound, writes, stored, open } = start()
  inbound.push(0, stanza, 4)
  inbound.push(0, stanza, 5)
  open()
  await inbound.settled()
  assert.deepEqual(writes[0]?.streams, { 0: { ...state, inbound: 5 } })
  assert.deepEqual(stored, [[0, 5]])
})

test('positions on a stream that is gone count for nothing on the one that followed', async () => {
  const { inbound, writes, stored, open, next } = start()
  inbound.push(0, stanza, 40)
  next()
  await Promise.resolve()
  inbound.push(0, stanza, 1)
  open()
  await inbound.settled()
  assert.equal(writes[0]?.streams?.[0]?.inbound ?? 1, 1)
  assert.deepEqual(stored, [[0, 1]])
  assert.equal(writes.flatMap(({ events = [] }) => events).length, 2)
})

test('a stanza that cannot be stored is told as a gap, and costs none that came with it', async () => {
  const told: (string | undefined)[] = []
  const errors: unknown[] = []
  const stored: number[] = []
  const inbound = createReceivingInbound({
    turn: () => undefined,
    watch: unwatched,
    receive: async (_, { attributes: { id = '' } }) => ({
      change: { events: [{ type: 'message.received', subject: id, data: {} }] },
      after: [],
    }),
    async write({ events = [] }) {
      if (events.some(({ subject }) => subject === 'poison')) throw new RangeError('Invalid string length')
      told.push(...events.map(({ type, subject }) => subject ?? type))
    },
    stream: () => 'one',
    stored: (_, position) => stored.push(position),
    snapshot: () => state,
    clock: { now: () => 0, monotonic: () => 0 },
    onError: (error) => errors.push(error),
  })
  for (const [index, id] of ['before', 'poison', 'after'].entries()) inbound.push(0, parseStanza(`<message id="${id}"/>`), index + 1)
  await inbound.settled()
  inbound.push(0, parseStanza('<message id="later"/>'), 4)
  await inbound.settled()
  assert.deepEqual(told, ['before', 'events.gap', 'after', 'later'])
  assert.deepEqual(stored, [3, 4])
  assert.match(String(errors), /^RangeError/)
})

test('what a resume needs is kept even where nothing came in', async () => {
  const { inbound, writes, open } = start()
  inbound.mark(0)
  open()
  await inbound.settled()
  assert.deepEqual(writes, [{ streams: { 0: state } }])
})
