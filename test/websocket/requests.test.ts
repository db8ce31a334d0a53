/** What a client asks for over its WebSocket: the operations, as methods of JSON-RPC. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WebSocket } from 'ws'
import { z } from 'zod'
import { Problem } from '../../src/errors/problem.ts'
import type { Operation } from '../../src/gateway/contract/operation.ts'
import { noTracing } from '../../src/gateway/ports/tracing.ts'
import { createOperationMethods } from '../../src/websocket/operation-methods.ts'
import { keys, operation, startApp } from '../http/support.ts'
import { openEventStream } from '../support/event-stream.ts'

type Frame = Record<string, unknown>

/** Asks over a socket; what comes with an id that was asked is its answer. */
function asking(socket: WebSocket) {
  let id = 0
  const waiting = new Map<unknown, (answer: Frame) => void>()
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data))
    waiting.get(frame.id)?.(frame)
  })
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it
  return (method: string, params: Frame = {}): Promise<any> => {
    id += 1
    const asked = id
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: asked, method, params }))
    return new Promise((resolve) => waiting.set(asked, resolve))
  }
}

async function start(t: Parameters<typeof startApp>[0], operations: readonly Operation[], { token = false } = {}) {
  const app = await startApp(t, { operations })
  const { id, token: own } = await app.addSession('a@x.example')
  const stream = openEventStream({ url: app.url, token: token ? own : keys.main, session: id })
  t.after(() => stream.socket.terminate())
  await stream.opened
  return { ...app, id, stream, ask: asking(stream.socket) }
}

const echo = operation({
  id: 'things.put',
  method: 'PUT',
  path: '/things/{name}',
  session: 'named',
  params: z.object({ name: z.string() }),
  query: z.object({ limit: z.coerce.number().int().optional(), types: z.string().optional(), full: z.enum(['true', 'false']).optional() }),
  body: z.strictObject({ text: z.string(), xml: z.string().optional() }),
  xmlBody: true,
  run: async ({ session, params, query, body, prefer }) => ({
    status: 200,
    body: { session: session?.record.id, params, query, body, prefer },
  }),
})

test('params are the members of path, query and body in one object', async (t) => {
  const { ask, id } = await start(t, [echo])
  const { result } = await ask('things.put', {
    name: 'a/b',
    limit: 5,
    types: ['x.y', 'z'],
    full: true,
    text: 't',
    wait: 3,
    respondAsync: true,
  })
  assert.deepEqual(result, {
    session: id,
    params: { name: 'a/b' },
    query: { limit: 5, types: 'x.y,z', full: 'true' },
    body: { text: 't' },
    prefer: { wait: 3, respondAsync: true },
  })
  const xml = await ask('things.put', { name: 'a', xml: '<a/>', limit: '7' })
  assert.deepEqual([xml.result.body, xml.result.query], ['<a/>', { limit: 7 }])
  // beside others it is a member like them
  assert.deepEqual((await ask('things.put', { name: 'a', text: 't', xml: '<a/>' })).result.body, { text: 't', xml: '<a/>' })
})

test('what is wrong with them is told as HTTP tells it', async (t) => {
  const { ask, api, id } = await start(t, [echo])
  const paths = async (params: Frame) => {
    const { error } = await ask('things.put', params)
    assert.deepEqual([error.code, error.data.code, error.message], [-32602, 'invalid-request', error.data.detail])
    assert.match(error.data.requestId, /^req_/)
    return error.data.errors.map(({ path }: { path: string }) => path)
  }
  assert.deepEqual(await paths({ name: 'a' }), ['body.text'])
  assert.deepEqual(await paths({ text: 'a' }), ['params.name'])
  assert.deepEqual(await paths({ name: 'a', text: 'a', colour: 'red' }), ['body.colour'])
  assert.deepEqual(await paths({ name: 'a', text: 'a', limit: 'many' }), ['query.limit'])
  assert.deepEqual(await paths({ name: 'a', text: 'a', limit: { a: 1 } }), ['query.limit'])
  assert.deepEqual(await paths({ name: 'a', text: 'a', wait: -1 }), ['wait'])
  assert.deepEqual(await paths({ name: 'a', text: 'a', respondAsync: 'yes' }), ['respondAsync'])
  assert.deepEqual(await paths({ name: 'a', text: 'a', idempotencyKey: 1 }), ['idempotencyKey'])
  const byHttp = await api('PUT', `/things/a?session=${id}`, { body: {} })
  const { error } = await ask('things.put', { name: 'a' })
  assert.deepEqual({ ...error.data, requestId: '' }, { ...byHttp.body, requestId: '' })
})

test('the session is that of the socket, unless another one is named; a session token has no other', async (t) => {
  const { ask, addSession } = await start(t, [echo])
  const other = await addSession('b@x.example')
  const foreign = await addSession('c@x.example', 'other')
  assert.equal((await ask('things.put', { name: 'a', text: 't', session: other.id })).result.session, other.id)
  const gone = await ask('things.put', { name: 'a', text: 't', session: foreign.id })
  assert.deepEqual([gone.error.code, gone.error.data.code], [-32000, 'session-not-found'])
  const bound = await start(t, [echo], { token: true })
  const second = await bound.addSession('b@x.example')
  assert.equal((await bound.ask('things.put', { name: 'a', text: 't' })).result.session, bound.id)
  assert.equal((await bound.ask('things.put', { name: 'a', text: 't', session: second.id })).error.data.code, 'session-not-found')
})

test('a repeat with the same key gets the first result or problem, by whichever way it comes', async (t) => {
  let runs = 0
  const make = operation({
    id: 'things.make',
    method: 'POST',
    path: '/things',
    session: 'named',
    idempotency: 'generic',
    body: z.strictObject({ text: z.string() }),
    async run({ body }) {
      runs += 1
      if ((body as { text: string }).text === 'gone') throw new Problem('xmpp-gone', 'As asked.')
      return { status: 202, body: { run: runs } }
    },
  })
  const { ask, api, id } = await start(t, [make])
  const first = await ask('things.make', { text: 'a', idempotencyKey: 'k1' })
  assert.deepEqual((await ask('things.make', { text: 'a', idempotencyKey: 'k1' })).result, first.result)
  const byHttp = await api('POST', `/things?session=${id}`, { body: { text: 'a' }, headers: { 'idempotency-key': 'k1' } })
  assert.deepEqual([byHttp.body, byHttp.headers.get('idempotency-replayed')], [first.result, 'true'])
  assert.equal((await ask('things.make', { text: 'b', idempotencyKey: 'k1' })).error.data.code, 'idempotency-key-reused')
  const problem = await ask('things.make', { text: 'gone', idempotencyKey: 'k2' })
  const again = await ask('things.make', { text: 'gone', idempotencyKey: 'k2' })
  assert.deepEqual([again.error.code, again.error.message, again.error.data.code], [-32000, 'As asked.', 'xmpp-gone'])
  assert.deepEqual([problem.error.data.code, runs], ['xmpp-gone', 2])
})

test('events are read over it too; nothing is nothing, JSON that is written already is not written again', async (t) => {
  const none = operation({ id: 'things.remove', method: 'DELETE', path: '/things', run: async () => ({ status: 204 }) })
  const { ask, append, id } = await start(t, [none])
  assert.deepEqual((await ask('things.remove')).result, null)
  const data = { from: 'b@x.example', to: 'a@x.example', body: 'hello' }
  await append(id, { type: 'message.received', data })
  const { result } = await ask('events.list', { types: ['message.*', 'session.ended'], limit: 10, wait: 1 })
  assert.deepEqual(
    result.data.map((event: { data: unknown }) => event.data),
    [data],
  )
  const { ticket } = (await ask('tickets.create')).result
  assert.match(ticket, /^sgt_/)
})

test('a fault of the gateway tells nothing of itself, and the log all', async (t) => {
  const boom = operation({
    id: 'boom',
    method: 'POST',
    path: '/boom',
    run: async () => {
      throw new TypeError('inside')
    },
  })
  const { ask, lines } = await start(t, [boom])
  const { error } = await ask('boom')
  assert.deepEqual([error.code, error.data.code], [-32000, 'internal-error'])
  assert.ok(!JSON.stringify(error).includes('inside'))
  assert.ok(lines().some((line) => line.includes('rpc.error') && line.includes('inside') && line.includes(error.data.requestId)))
})

test('32 requests are worked on at one time, and no more is read until one is answered', async (t) => {
  let running = 0
  let most = 0
  let letGo = () => {}
  const gate = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const wait = operation({
    id: 'things.wait',
    method: 'POST',
    path: '/wait',
    async run() {
      running += 1
      most = Math.max(most, running)
      await gate
      running -= 1
      return { status: 200, body: {} }
    },
  })
  const { ask, app } = await start(t, [wait])
  const answers = Array.from({ length: 100 }, () => ask('things.wait'))
  const [server] = app.server.websocketServer.clients
  while (running < 32) await new Promise(setImmediate)
  assert.deepEqual([running, server?.isPaused], [32, true])
  letGo()
  await Promise.all(answers)
  assert.ok(most <= 32, `${most}`)
})

test('the calls of a client that has gone are told so', async (t) => {
  const gone = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const wait = operation({
    id: 'things.wait',
    method: 'POST',
    path: '/wait',
    async run({ signal }) {
      signal.addEventListener('abort', () => gone.resolve())
      started.resolve()
      await gone.promise
      return { status: 200 }
    },
  })
  const { ask, stream } = await start(t, [wait])
  void ask('things.wait')
  await started.promise
  stream.socket.terminate()
  await gone.promise
})

test('whoever ends the session over its own socket is answered before the socket is closed', async (t) => {
  let end = async () => {}
  const close = operation({
    id: 'things.end',
    method: 'POST',
    path: '/end',
    async run() {
      await end()
      return { status: 200, body: { done: true } }
    },
  })
  const app = await start(t, [close])
  end = () => app.end(app.id)
  assert.deepEqual((await app.ask('things.end')).result, { done: true })
  assert.equal((await app.stream.closed).code, 1000)
})

test('an operation with one name in two places is a fault of the program', () => {
  const parts = { invoke: async () => ({ status: 200 }), admit: async () => {}, tracing: noTracing }
  const made = (given: Partial<Operation>) => () =>
    createOperationMethods({ ...parts, operations: [operation({ id: 'x', method: 'PUT', path: '/x/{id}', ...given })] })
  const id = z.object({ id: z.string() })
  assert.throws(made({ params: id, query: id }), /x has a member id in two places/)
  assert.throws(made({ params: id, body: id }), /id in two places/)
  assert.throws(made({ session: 'named', body: z.object({ session: z.string() }) }), /session in two places/)
  assert.throws(made({ query: z.object({ idempotencyKey: z.string() }) }), /idempotencyKey in two places/)
  assert.doesNotThrow(made({ params: id, query: z.object({ wait: z.string() }), body: z.object({ session: z.string() }) }))
})
