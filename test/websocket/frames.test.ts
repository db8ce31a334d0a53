/** What else may come over a WebSocket: it is answered or closed as it should be, and nobody else notices. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { WebSocket } from 'ws'
import { keys, operation, startApp } from '../http/support.ts'
import { openEventStream } from '../support/event-stream.ts'

const echo = operation({ id: 'echo', method: 'GET', path: '/echo' })

async function start(t: TestContext) {
  const made = await startApp(t, { operations: [echo] })
  const session = await made.addSession('a@x.example')
  const open = (token = keys.main) => {
    const stream = openEventStream({ url: made.url, token, session: session.id })
    t.after(() => stream.socket.terminate())
    return stream
  }
  const bystander = open()
  await bystander.opened
  let told = 0
  return {
    ...made,
    ...session,
    open,
    /** somebody else is told what happens as ever */
    async othersGoOn() {
      told += 1
      const body = `${told}`
      await made.append(session.id, { type: 'message.received', data: { body } })
      await bystander.next(({ data }) => data.body === body)
      assert.ok((await bystander.request('echo')).result)
    },
  }
}

/** the TCP socket under it */
const under = (socket: WebSocket) => (socket as unknown as { _socket: Socket })._socket

/** A client's frame: masked, by the mask of nothing. */
function frame(first: number, payload: Buffer, { isMasked = true } = {}): Buffer {
  assert.ok(payload.length < 126)
  const mask = isMasked ? Buffer.alloc(4) : Buffer.alloc(0)
  return Buffer.concat([Buffer.from([first, payload.length | (isMasked ? 0x80 : 0)]), mask, payload])
}

const ping = Buffer.from('{"id":1,"method":"echo"}')

for (const [name, bytes, code] of [
  ['without a mask', frame(0x81, ping, { isMasked: false }), 1002],
  ['of no known kind', frame(0x83, ping), 1002],
  ['with bits that mean nothing', frame(0xf1, ping), 1002],
  ['that goes on with nothing', frame(0x80, ping), 1002],
  ['that is no UTF-8', frame(0x81, Buffer.from([0xc0, 0x80])), 1007],
  ['that says it has a gigabyte', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]), 1009],
] as const) {
  test(`a frame ${name} is closed with ${code}`, async (t) => {
    const { open, othersGoOn } = await start(t)
    const stream = open()
    await stream.opened
    under(stream.socket).write(bytes)
    assert.equal((await stream.closed).code, code)
    await othersGoOn()
  })
}

test('half a frame is waited for, and goes with its client', async (t) => {
  const { open, othersGoOn, app } = await start(t)
  const whole = frame(0x81, ping)
  const stream = open()
  await stream.opened
  under(stream.socket).write(whole.subarray(0, 9))
  await othersGoOn()
  const answer = once(stream.socket, 'message')
  under(stream.socket).write(whole.subarray(9))
  assert.equal(JSON.parse(String((await answer)[0])).id, 1)
  const served = [...app.server.websocketServer.clients].at(-1)!
  under(stream.socket).write(whole.subarray(0, 9))
  stream.socket.terminate()
  await once(served, 'close')
  await othersGoOn()
})

test('binary frames, batches and deep nesting are errors, and the socket stays open', async (t) => {
  const { open, othersGoOn } = await start(t)
  const stream = open()
  await stream.opened
  for (const [sent, code] of [
    [randomBytes(1_000), -32700],
    [Buffer.from('{"id":1,"method":"echo"}'), -32700],
    ['[{"jsonrpc":"2.0","id":1,"method":"echo"}]', -32600],
    ['['.repeat(60_000), -32700],
    [`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, -32700],
    [`{"id":1,"method":"echo","params":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, -32700],
  ] as const) {
    const answer = once(stream.socket, 'message')
    stream.socket.send(sent)
    const { id, error } = JSON.parse(String((await answer)[0]))
    assert.deepEqual([id, error.code], [null, code], String(sent).slice(0, 40))
  }
  await othersGoOn()
  stream.socket.send('['.repeat(1024 * 1024))
  assert.equal((await stream.closed).code, 1009)
  await othersGoOn()
})

test('names that every object has are no methods, no members and no sessions', async (t) => {
  const { open, othersGoOn } = await start(t)
  const stream = open()
  await stream.opened
  for (const method of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'events.__proto__'])
    assert.equal((await stream.request(method)).error.code, -32601, method)
  for (const text of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"toString":1}']) {
    for (const method of ['echo', 'events.subscribe', 'events.ack']) {
      const answer = once(stream.socket, 'message')
      stream.socket.send(`{"jsonrpc":"2.0","id":"x","method":"${method}","params":${text}}`)
      const { error } = JSON.parse(String((await answer)[0]))
      assert.equal(error?.code === -32602 || error?.code === -32700, true, `${method} ${text} ${JSON.stringify(error)}`)
    }
  }
  assert.equal((await stream.request('events.subscribe', { session: '__proto__' })).error.data.code, 'session-not-found')
  assert.equal((await stream.request('events.unsubscribe', { subscription: '__proto__' })).error.data.code, 'subscription-not-found')
  assert.equal(({} as { polluted?: number }).polluted, undefined)
  await othersGoOn()
})

test('a flood of requests is answered one by one, and others wait for none of it', { timeout: 30_000 }, async (t) => {
  const { open, othersGoOn } = await start(t)
  const stream = open()
  await stream.opened
  const total = 5_000
  const ids = new Set<number>()
  const all = new Promise<void>((resolve) => {
    stream.socket.on('message', (data) => ids.add(JSON.parse(String(data)).id).size === total && resolve())
  })
  for (let id = 0; id < total; id += 1) stream.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'echo' }))
  const began = performance.now()
  await othersGoOn()
  assert.ok(performance.now() - began < 5_000)
  await all
  assert.equal(stream.socket.readyState, stream.socket.OPEN)
})

test('a client that asks and takes no answer is read no further, and is sent away', { timeout: 30_000 }, async (t) => {
  const large = operation({ id: 'large', method: 'GET', path: '/large', run: async () => ({ status: 200, body: 'x'.repeat(300_000) }) })
  const { url, addSession, app } = await startApp(t, { operations: [large], env: { SLOW_READER_SECONDS: '1' } })
  const { id } = await addSession('a@x.example')
  const stream = openEventStream({ url, token: keys.main, session: id })
  t.after(() => stream.socket.terminate())
  await stream.opened
  const [served] = app.server.websocketServer.clients
  stream.socket.pause()
  for (let n = 0; n < 500; n += 1) stream.socket.send(JSON.stringify({ jsonrpc: '2.0', id: n, method: 'large' }))
  let most = 0
  while (served!.readyState === served!.OPEN) {
    most = Math.max(most, served!.bufferedAmount)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  // what is worked on already comes after what is to wait
  assert.ok(most > 1024 * 1024 && most < 40 * 300_000, `${most}`)
  stream.socket.resume()
  assert.equal((await stream.closed).code, 4008)
})
