/** Several sessions over one WebSocket. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { keys, startApp, type TestAppOptions } from '../http/support.ts'
import { type EventStream, openEventStream } from '../support/event-stream.ts'

const message = (body: string, from = 'romeo@x.example') => ({ type: 'message.received', data: { from, body } })
const presence = (show: string) => ({ type: 'presence.available', volatile: true, data: { from: 'romeo@x.example/1', show } })

const MIB = 1024 * 1024

/** Sessions by the letter of their account. */
async function start(t: TestContext, options: TestAppOptions = {}, count = 3) {
  const made = await startApp(t, options)
  const names = Array.from({ length: count }, (_, n) => String.fromCharCode(97 + n))
  const sessions = new Map<string, { id: string; token: string }>()
  for (const name of names) sessions.set(name, await made.addSession(`${name}@x.example`))
  const id = (name: string) => sessions.get(name)!.id
  const open = (token: string, query: Record<string, string> = {}): EventStream => {
    const stream = openEventStream({ url: made.url, token, session: id('a'), query })
    t.after(() => stream.socket.terminate())
    return stream
  }
  return { ...made, sessions, id, open }
}

const subscribe = (stream: EventStream, params: object) => stream.request('events.subscribe', params)
const told = (stream: EventStream) => stream.events.map(({ source, data }) => [source.slice('/sessions/'.length), data.body])

test('one socket is told of several sessions, each by the source of its events, from where it was asked for', async (t) => {
  const { id, append, open } = await start(t)
  const [cursor] = await append(id('b'), message('b1'))
  await append(id('b'), message('b2'))
  await append(id('c'), message('c1'))
  const stream = open(keys.main)
  const b = await subscribe(stream, { session: id('b'), after: cursor })
  const c = await subscribe(stream, { session: 'c@x.example' })
  assert.match(b.result.subscription, /^sub_[\w-]+$/)
  assert.equal(b.result.cursor, cursor)
  assert.notEqual(b.result.subscription, c.result.subscription)
  await append(id('c'), message('c2'))
  await append(id('a'), message('a1'))
  for (const body of ['b2', 'c2', 'a1']) await stream.next(({ data }) => data.body === body)
  assert.deepEqual(
    told(stream).toSorted(),
    [
      [id('a'), 'a1'],
      [id('b'), 'b2'],
      [id('c'), 'c2'],
    ].toSorted(),
  )
})

test('each has filters, a consumer, a snapshot and a pace of its own; lists are text or arrays', async (t) => {
  const snapshots = { presence: async () => [{ type: 'presence.available', data: { from: 'nurse@x.example/1' } }] }
  const { id, append, open, api } = await start(t, { snapshots })
  const stream = open(keys.main, { types: 'presence.*' })
  const first = await subscribe(stream, {
    session: id('b'),
    types: ['message.received'],
    jids: ['romeo@x.example', 'juliet@x.example'],
    consumer: 'crm',
  })
  const cursors = await append(id('b'), message('b1'), presence('chat'), message('b2', 'nurse@x.example'), message('b3'))
  await subscribe(stream, { session: id('c'), snapshot: 'presence', coalesce: 200, types: 'presence.*,events.*' })
  await stream.next('events.snapshot-end')
  await append(id('c'), presence('away'), presence('dnd'), message('c1'))
  await stream.next(({ data }) => data.show === 'dnd')
  await stream.next(({ data }) => data.body === 'b3')
  const of = (name: string) => stream.events.filter(({ source }) => source.endsWith(id(name)))
  assert.deepEqual(
    of('b').map(({ data }) => data.body),
    ['b1', 'b3'],
  )
  assert.deepEqual(
    of('c').map(({ type, data }) => data.from ?? type),
    ['nurse@x.example/1', 'events.snapshot-end', 'romeo@x.example/1'],
  )
  // the consumer is the session's, whoever reads
  await api('POST', `/events/ack?session=${id('b')}`, { body: { consumer: 'crm', cursor: cursors[0] } })
  const page = await api('GET', `/events?session=${id('b')}&consumer=crm&types=message.*`)
  assert.deepEqual(
    page.body.data.map(({ data }: { data: { body: string } }) => data.body),
    ['b2', 'b3'],
  )
  const again = await subscribe(stream, { session: id('b'), consumer: 'crm' })
  assert.equal(again.result.cursor, cursors[0])
  assert.notEqual(again.result.subscription, first.result.subscription)
})

test('one ends where that is asked for, or with its session; the others and the socket go on', async (t) => {
  const { id, append, end, open } = await start(t)
  const stream = open(keys.main)
  const b = await subscribe(stream, { session: id('b') })
  await subscribe(stream, { session: id('c') })
  await append(id('b'), message('b1'))
  await stream.next(({ data }) => data.body === 'b1')
  assert.equal((await stream.request('events.unsubscribe', { subscription: b.result.subscription })).result, null)
  await append(id('b'), message('b2'))
  const twice = await stream.request('events.unsubscribe', { subscription: b.result.subscription })
  assert.deepEqual([twice.error.code, twice.error.data.code], [-32000, 'subscription-not-found'])
  await end(id('c'))
  await stream.next('session.ended')
  await append(id('a'), message('a1'))
  await stream.next(({ data }) => data.body === 'a1')
  assert.ok(!stream.events.some(({ data }) => data.body === 'b2'))
  await end(id('a'))
  assert.equal((await stream.closed).code, 1000)
})

test('what is asked for wrongly is an error, and the socket stays open', async (t) => {
  const { id, append, open, addSession } = await start(t)
  const [foreign] = await append(id('c'), message('c1'))
  const other = await addSession('d@x.example', 'other')
  const stream = open(keys.main)
  for (const [params, rpc, code, path] of [
    [{ session: id('b'), after: foreign }, -32602, 'cursor-invalid', undefined],
    [{ session: id('b'), types: 'no type' }, -32602, 'invalid-request', 'query.types'],
    [{ session: id('b'), types: [1] }, -32602, 'invalid-request', 'query.types.0'],
    [{ session: id('b'), jids: ['@'] }, -32602, 'jid-malformed', 'query.jids'],
    [{ session: 7 }, -32602, 'invalid-request', 'query.session'],
    [{ limit: 5 }, -32602, 'invalid-request', 'query.limit'],
    [{ __proto__: null, constructor: 1 }, -32602, 'invalid-request', 'query.constructor'],
    [{ consumer: 'no good' }, -32602, 'invalid-request', 'query.consumer'],
    [{ session: other.id }, -32000, 'session-not-found', undefined],
    [{ session: 'ses_none' }, -32000, 'session-not-found', undefined],
  ] as const) {
    const { error } = await subscribe(stream, params)
    assert.deepEqual([error.code, error.data.code, error.data.errors?.[0]?.path], [rpc, code, path], JSON.stringify(params))
  }
  await subscribe(stream, { session: id('b') })
  await append(id('b'), message('b1'))
  await stream.next(({ data }) => data.body === 'b1')
})

test('a session token subscribes to its own session only', async (t) => {
  const { id, sessions, append, open } = await start(t)
  const stream = open(sessions.get('a')!.token, { types: 'presence.*' })
  assert.equal((await subscribe(stream, { session: id('b') })).error.data.code, 'session-not-found')
  assert.ok((await subscribe(stream, { types: 'message.*' })).result)
  await append(id('a'), message('a1'))
  await stream.next(({ data }) => data.body === 'a1')
})

test('one more than a hundred is refused, and there is room again when one ends', async (t) => {
  const { id, append, open } = await start(t)
  const stream = open(keys.main, { types: 'presence.*' })
  const all = await Promise.all(Array.from({ length: 100 }, () => subscribe(stream, { session: id('b') })))
  const refused = await subscribe(stream, { session: id('b') })
  assert.deepEqual([refused.error.code, refused.error.data.code], [-32602, 'limit-exceeded'])
  await append(id('b'), message('to all'))
  const deadline = performance.now() + 5_000
  while (stream.events.length < 100 && performance.now() < deadline) await stream.next(() => true)
  assert.equal(stream.events.length, 100)
  await stream.request('events.unsubscribe', { subscription: all[50].result.subscription })
  assert.ok((await subscribe(stream, { session: id('c') })).result)
})

test('a reader of many sessions that stops is sent away, has little written ahead and read for it, and delays nobody', async (t) => {
  const { id, append, open, app, store } = await start(t, { env: { SLOW_READER_SECONDS: '2' } }, 20)
  const names = Array.from({ length: 19 }, (_, n) => String.fromCharCode(98 + n))
  const text = randomBytes(6_000).toString('base64')
  for (const name of names) for (let n = 0; n < 20; n += 1) await append(id(name), ...Array.from({ length: 15 }, () => message(text)))
  let read = 0
  const { read: readLog } = store.log
  store.log.read = async (...args) => {
    const page = await readLog(...args)
    for (const { size = 0 } of page.events) read += size
    return page
  }
  const stopped = open(keys.main)
  await stopped.opened
  const [served] = app.server.websocketServer.clients as Set<WebSocket & { _socket: Socket }>
  const { _socket: socket } = served!
  for (const name of names) stopped.socket.send(JSON.stringify({ method: 'events.subscribe', params: { session: id(name), after: '0' } }))
  stopped.socket.pause()
  // until it takes nothing more
  for (let before = -1; socket.writableLength === 0 || socket.writableLength !== before; await delay(100)) before = socket.writableLength
  const other = open(keys.main, { types: 'message.*' })
  await other.opened
  for (let n = 0; n < 20; n += 1) {
    const sent = performance.now()
    await append(id('a'), message(`${n}`))
    await other.next(({ data }) => data.body === `${n}`)
    assert.ok(performance.now() - sent < 500)
  }
  assert.ok(socket.writableLength > 500_000 && socket.writableLength <= MIB + text.length + 1_000, `${socket.writableLength}`)
  assert.ok(read - socket.bytesWritten <= MIB, `${read} read, ${socket.bytesWritten} written`)
  while (served!.readyState === served!.OPEN) await delay(20)
  stopped.socket.resume()
  assert.equal((await stopped.closed).code, 4008)
})
