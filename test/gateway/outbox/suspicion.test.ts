/** What streams end over is written again three times at most, alone and behind the others; what only was on its way gets through. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Translator } from '../../../src/codec/translate.ts'
import { Problem } from '../../../src/errors/problem.ts'
import type { SessionHandle } from '../../../src/gateway/contract/session.ts'
import { createGateway } from '../../../src/gateway/gateway.ts'
import type { Queued } from '../../../src/gateway/outbox/message-queue.ts'
import { recordJson } from '../../../src/gateway/outbox/message-record.ts'
import { accepted } from '../../../src/gateway/outbox/recent-records.ts'
import { nextSuspects } from '../../../src/gateway/outbox/suspects.ts'
import type { Clock } from '../../../src/gateway/ports/clock.ts'
import type { Ended, OutboxEntry } from '../../../src/gateway/ports/message.ts'
import type { Store } from '../../../src/gateway/ports/store.ts'
import { noTracing } from '../../../src/gateway/ports/tracing.ts'
import { createSeal } from '../../../src/gateway/seal.ts'
import { sendIq } from '../../../src/gateway/session/commands.ts'
import { ENDS, ended, isGivenUp } from '../../../src/gateway/session/strikes.ts'
import { createMemoryStore } from '../../../src/store/memory/store.ts'
import { element } from '../../../src/xml/element.ts'
import { serialize } from '../../../src/xml/serialize.ts'
import { quiet } from '../../support/quiet-log.ts'
import { chat, createScriptedConnector, type ScriptedConnection } from '../../support/scripted-connector.ts'

const clock: Clock = { now: Date.now, monotonic: () => performance.now() }
const limits = {
  ...{
    eventLogMax: 1_000,
    eventLogAge: 3_600_000,
    eventLogBytes: 1_000_000,
    volatileMax: 100,
    volatileBytes: 1_000_000,
    outboxMax: 1_000,
    outboxBytes: 1_000_000,
    keptMax: 10_000,
    keptBytes: 1_000_000,
  },
  ...{ dedupAge: 3_600_000, recordAge: 3_600_000, idempotencyAge: 3_600_000 },
}

async function begin(t: TestContext, store: Store, seal = createSeal([randomBytes(32)])) {
  const connector = createScriptedConnector()
  const gateway = createGateway({
    ...{ store, connector, seal, clock, vocabulary: {} as Translator, features: [], instance: 'one' },
    ...{ log: quiet, metrics: { count() {}, set() {}, observe() {} }, tracing: noTracing },
  })
  await gateway.start()
  t.after(() => gateway.stop())
  return { connector, ...gateway }
}

async function online(t: TestContext) {
  const memory = createMemoryStore({ limits, clock })
  const store: Store = { ...memory, durable: true }
  const seal = createSeal([randomBytes(32)])
  const world = await begin(t, store, seal)
  const opening = world.sessions.open(
    { tenant: 'main', jid: 'romeo@montague.lit', password: 'secret', connections: 1 },
    { wait: 5_000, background: false, signal: new AbortController().signal },
  )
  const connection = await until(() => world.connector.connections[0])
  await connection.bind()
  await settle()
  connection.ack()
  return { ...world, store, seal, connection, handle: (await opening).handle }
}

async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 10_000; tries += 1) {
    const found = await look()
    if (found) return found
    await turn()
  }
  throw new Error('It did not happen.')
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) await turn()
}

async function post(handle: SessionHandle, id: string, to = `${id}@capulet.lit`, type = 'chat'): Promise<void> {
  const stanza = { ...chat(to, id), attributes: { to, id, type } }
  const entry: OutboxEntry = { id, xml: serialize(stanza), to, kind: 'message', type, acceptedAt: Date.now(), expiresAt: null }
  const record = accepted(entry)
  const events = [{ type: 'message.accepted', subject: id, data: recordJson(record) }]
  await handle.accept({ entries: [{ entry, record }], events })
}

const status = async (handle: SessionHandle, id: string) => (await handle.message(id))?.status
const messages = ({ sent }: ScriptedConnection) => sent.filter(({ name }) => name === 'message').map(({ attributes }) => attributes.id)

test('a message that ends each stream goes four times at most, after the others, which arrive; then it failed, of unknown outcome', async (t) => {
  const { connection, handle } = await online(t)
  for (const id of ['m1', 'bad', 'm2']) await post(handle, id)
  await until(() => messages(connection).length === 3)
  let copies = 1
  let bound = 0
  const order: string[][] = []
  while ((await status(handle, 'bad')) !== 'failed') {
    bound += 1
    assert.ok(bound < 10)
    connection.drop()
    await post(handle, `fresh${bound}`)
    await connection.bind()
    for (;;) {
      await settle()
      const last = messages(connection).at(-1)
      if (last === 'bad' || (await status(handle, 'bad')) === 'failed') break
      connection.ack()
    }
    order.push(messages(connection) as string[])
    if (messages(connection).includes('bad')) copies += 1
  }
  assert.ok(copies <= 4, `${copies} copies`)
  assert.equal((await handle.message('bad'))?.error?.code, 'outcome-unknown')
  await until(async () => (await status(handle, 'm2')) === 'acked' && (await status(handle, 'm1')) === 'acked')
  // on the second stream what had never been on its way went first
  assert.equal(order[1]?.[0], 'fresh2')
})

test('only what the server itself ended each stream for was refused', async (t) => {
  const { connection, handle } = await online(t)
  for (const [id, said] of [
    ['refused', ['policy-violation', 'bad-format', 'policy-violation']],
    ['unknown', ['policy-violation', undefined, 'policy-violation']],
  ] as const) {
    await post(handle, id)
    for (const word of said) {
      await until(() => messages(connection).at(-1) === id)
      connection.drop('backoff', word)
      await connection.bind()
      await settle()
    }
    connection.ack()
    await until(async () => (await status(handle, id)) === 'failed')
    assert.equal((await handle.message(id))?.error?.code, id === 'refused' ? 'refused' : 'outcome-unknown')
  }
})

test('ten lost links with many messages on their way cost none of them, and order is kept', async (t) => {
  const { connection, handle } = await online(t)
  const ids = Array.from({ length: 60 }, (_, n) => `m${String(n).padStart(2, '0')}`)
  for (const id of ids) await post(handle, id, `to${Number(id.slice(1)) % 6}@capulet.lit`)
  const arrived: string[] = []
  for (let round = 0; round < 10; round += 1) {
    await settle()
    connection.drop()
    await connection.bind()
    await settle()
    // the server comes to some before the next one
    arrived.push(...(messages(connection) as string[]))
    connection.ack()
    await settle()
  }
  const open = () => Promise.all(ids.map((id) => status(handle, id))).then((all) => all.filter((one) => one !== 'acked'))
  for (let left = 200; left > 0 && (await open()).length > 0; left -= 1) {
    arrived.push(...(messages(connection) as string[]))
    connection.ack()
    await settle()
  }
  assert.deepEqual(await open(), [])
  for (let to = 0; to < 6; to += 1) {
    const first = [...new Set(arrived)].filter((id) => Number(id.slice(1)) % 6 === to)
    assert.deepEqual(first, first.toSorted(), `in order to ${to}`)
  }
})

test('what is always on its way with others is not written without end either', () => {
  let count: Ended | undefined
  let streams = 0
  for (; !isGivenUp(count); streams += 1) count = ended(count, { alone: false, refused: false })
  assert.equal(streams, ENDS)
})

test('the next owner goes on counting', async (t) => {
  const { connection, handle, store, seal, stop } = await online(t)
  await post(handle, 'bad')
  await until(() => messages(connection).includes('bad'))
  connection.drop()
  await until(async () => (await handle.message('bad'))?.ended?.alone === 1)
  await stop()
  const next = await begin(t, store, seal)
  const heir = await until(() => next.connector.connections[0])
  let copies = 1
  for (; copies < 10 && (await status(handle, 'bad')) !== 'failed'; copies += 1) {
    await heir.bind()
    await until(async () => messages(heir).includes('bad') || (await status(handle, 'bad')) === 'failed')
    if ((await status(handle, 'bad')) === 'failed') break
    heir.drop()
    await settle()
  }
  assert.equal(copies, 3)
})

test('after a resume what did not arrive goes again, groupchat too: others first, then one after the other', async (t) => {
  const { connection, handle } = await online(t)
  const before = connection.sent.length
  for (const id of ['m1', 'bad']) await post(handle, id)
  await post(handle, 'g1', 'room@muc.lit', 'groupchat')
  await until(() => messages(connection).length === 3)
  connection.drop('resuming')
  await post(handle, 'fresh')
  connection.resume(before + 1)
  await until(async () => (await status(handle, 'm1')) === 'acked')
  await until(() => messages(connection).length === 4)
  assert.equal(messages(connection).at(-1), 'fresh')
  connection.ack(before + 2)
  await until(() => messages(connection).length === 5)
  assert.equal(messages(connection).at(-1), 'bad')
  let h = before + 2
  for (let resumes = 0; resumes < 10 && (await status(handle, 'bad')) !== 'failed'; resumes += 1) {
    connection.drop('resuming')
    connection.resume(h)
    await settle()
    if (messages(connection).at(-1) !== 'g1') continue
    h += 1
    connection.ack(h)
    await settle()
  }
  const copies = (id: string) => messages(connection).filter((one) => one === id).length
  assert.deepEqual([copies('bad'), copies('g1'), copies('fresh')], [4, 2, 1])
  assert.deepEqual([await status(handle, 'g1'), (await handle.message('bad'))?.error?.code], ['acked', 'outcome-unknown'])
})

test('an iq that a resume did not bring is written three times at most, and its asker is told', async (t) => {
  const { connection, handle } = await online(t)
  const before = connection.sent.length
  const xml = serialize(element('query', 'urn:example'))
  const answer = handle.perform(sendIq, { type: 'set', to: 'bot@capulet.lit', id: 'q1', xml }, { timeout: 60_000 })
  answer.catch(() => {})
  const copies = () => connection.sent.filter(({ attributes }) => attributes.id === 'q1').length
  await until(() => copies() === 1)
  for (const expected of [2, 3]) {
    connection.drop('resuming')
    connection.resume(before)
    await until(() => copies() === expected)
  }
  connection.drop('resuming')
  connection.resume(before)
  await assert.rejects(answer, (error) => error instanceof Problem && error.code === 'outcome-unknown')
  assert.equal(copies(), 3)
})

test('of many that were lost together an eighth goes at a time; who was lost again goes alone', () => {
  const item = (n: number, ended?: Queued['ended']): Queued => ({
    ...{ entry: { id: `m${n}` } as OutboxEntry, recipient: `to${n % 5}`, order: n },
    ...(ended && { ended }),
  })
  const once = { streams: 1, alone: 0, refused: 0 }
  const all = Array.from({ length: 80 }, (_, n) => item(n, once))
  const ids = (items: readonly Queued[]) => items.map(({ entry }) => entry.id)
  assert.deepEqual(ids(nextSuspects(all, () => true, new Set())), ids(all.slice(0, 10)))
  assert.deepEqual(ids(nextSuspects(all.slice(0, 8), () => true, new Set())), ['m0'])
  const more = [item(0, { ...once, streams: 3 }), item(1, { ...once, streams: 2 }), item(5, once), item(2)]
  // m5 stands behind m0
  assert.deepEqual(ids(nextSuspects(more, () => true, new Set())), ['m1'])
  assert.deepEqual(ids(nextSuspects(more, () => true, new Set(['to1']))), ['m0'])
})
