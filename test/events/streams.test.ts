import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { WebSocket } from 'ws'
import { keys, startApp, type TestAppOptions } from '../http/support.ts'
import { openEventStream } from '../support/event-stream.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'

const message = (body: string) => ({ type: 'message.received', data: { from: 'romeo@x.example/orchard', to: 'a@x.example', body } })
const presence = (from: string, show?: string) => ({ type: 'presence.available', volatile: true, data: { from, ...(show && { show }) } })

async function start(t: Parameters<typeof startApp>[0], options: TestAppOptions = {}) {
  const made = await startApp(t, options)
  const { id, token } = await made.addSession('a@x.example')
  const open = (query: Record<string, string | number> = {}, headers: Record<string, string> = {}) => {
    const stream = openEventStream({ url: made.url, token: keys.main, session: id, query, headers })
    t.after(() => stream.socket.terminate())
    return stream
  }
  return { ...made, id, token, open }
}

const bodiesOf = (events: readonly { data: { body?: string } }[]) => events.map(({ data }) => data.body)

test('a WebSocket gives what happens from now on, in order', async (t) => {
  const { id, append, open } = await start(t)
  await append(id, message('before'))
  const stream = open()
  await stream.opened
  const cursors = await append(id, message('1'), message('2'))
  await append(id, message('3'))
  const last = await stream.next((event) => event.data.body === '3')
  assert.deepEqual(bodiesOf(stream.events), ['1', '2', '3'])
  assert.equal(stream.events[0]?.id, cursors[0])
  assert.equal(last.source, `/sessions/${id}`)
})

test('after a cursor it gives what was missed and then goes on live, nothing twice, nothing lost', async (t) => {
  const { id, append, open } = await start(t)
  const [cursor = ''] = await append(id, message('0'))
  for (let index = 1; index <= 1000; index += 1) await append(id, message(String(index)))
  const stream = open({ after: cursor })
  for (let index = 1001; index <= 1500; index += 1) await append(id, message(String(index)))
  await stream.next((event) => event.data.body === '1500')
  assert.deepEqual(
    bodiesOf(stream.events),
    Array.from({ length: 1500 }, (_, index) => String(index + 1)),
  )
})

test('many readers of one session, at different places and with different filters, all get theirs', async (t) => {
  const { id, append, open } = await start(t)
  const cursors = await append(
    id,
    ...Array.from({ length: 300 }, (_, index) => (index % 3 ? message(`${index}`) : presence(`x@y.example/${index}`))),
  )
  const readers = [0, 50, 100, 150, 200, 250].map((place) => ({ place, stream: open({ after: cursors[place] ?? '', types: 'message.*' }) }))
  await append(id, message('end'))
  for (const { place, stream } of readers) {
    await stream.next((event) => event.data.body === 'end')
    const expected = Array.from({ length: 300 }, (_, index) => index).filter((index) => index > place && index % 3)
    assert.deepEqual(bodiesOf(stream.events), [...expected.map(String), 'end'])
  }
})

test('the subprotocol cloudevents.json is taken when offered', async (t) => {
  const { url, id } = await start(t)
  const offered = openEventStream({ url, token: keys.main, session: id, protocols: ['x', 'cloudevents.json'] })
  await offered.opened
  assert.equal(offered.socket.protocol, 'cloudevents.json')
  await offered.close()
})

test('an upgrade that may not be is refused as any request is', async (t) => {
  const { url, id, open, addSession } = await start(t)
  const other = await addSession('b@x.example', 'other')
  const refused = async (options: Parameters<typeof openEventStream>[0]) => {
    const error: Error = await openEventStream(options).opened.then(
      () => assert.fail('opened'),
      (thrown) => thrown,
    )
    const [, status, body = '{}'] = /^HTTP (\d+): (.*)$/s.exec(error.message) ?? []
    return [Number(status), JSON.parse(body).code]
  }
  assert.deepEqual(await refused({ url, session: id }), [401, 'unauthorized'])
  assert.deepEqual(await refused({ url, token: keys.main }), [400, 'session-required'])
  assert.deepEqual(await refused({ url, token: keys.main, session: other.id }), [404, 'session-not-found'])
  assert.deepEqual(await refused({ url, token: keys.main, session: id, query: { after: 'nonsense' } }), [400, 'cursor-invalid'])
  assert.deepEqual(await refused({ url, token: keys.main, session: id, query: { colour: 'red' } }), [400, 'invalid-request'])
  assert.deepEqual(await refused({ url, query: { ticket: 'sgt_no' } }), [401, 'ticket-invalid'])
  const stream = open()
  await stream.opened
})

test('a foreign Origin is 403 and spends no ticket; the own one and those of ALLOWED_ORIGINS may', async (t) => {
  const { url, api, id } = await start(t, { env: { ALLOWED_ORIGINS: 'https://app.example' } })
  const { ticket } = (await api('POST', `/tickets?session=${id}`)).body
  const open = (origin: string) => openEventStream({ url, query: { ticket }, headers: { origin } })
  for (const origin of ['https://evil.example', 'null', `${url}0`, 'https://app.example.evil.example']) {
    await assert.rejects(open(origin).opened, /HTTP 403: .*origin-not-allowed/)
  }
  const allowed = open('https://app.example')
  await allowed.opened
  await allowed.close()
  const own = openEventStream({ url, token: keys.main, session: id, headers: { origin: url } })
  await own.opened
  await own.close()
})

test('a gap is told before what is still there', async (t) => {
  const { id, append, open } = await start(t, { env: { EVENT_LOG_MAX: '3' } })
  const [first = ''] = await append(id, ...Array.from({ length: 6 }, (_, index) => message(String(index))))
  const stream = open({ after: first, types: 'presence.*,message.*' })
  const gap = await stream.next('events.gap')
  assert.deepEqual(Object.keys(gap.data).sort(), ['from', 'reason', 'to'])
  assert.deepEqual([gap.data.from, gap.data.reason], [first, 'expired'])
  await stream.next((event) => event.data.body === '5')
  assert.deepEqual(
    stream.events.map(({ type }) => type),
    ['events.gap', ...Array(3).fill('message.received')],
  )
  const again = open({ after: gap.id })
  await again.next((event) => event.data.body === '5')
  assert.deepEqual(bodiesOf(again.events), ['3', '4', '5'])
})

test('a snapshot tells what is true now, then its end, then live; its ids are cursors', async (t) => {
  const snapshot = async () => [presence('romeo@x.example/orchard', 'away'), presence('nurse@x.example/x')]
  const { id, append, open } = await start(t, { snapshots: { presence: snapshot } })
  await append(id, message('before'))
  const stream = open({ snapshot: 'presence' })
  const end = await stream.next('events.snapshot-end')
  assert.deepEqual(end.data, { snapshot: 'presence', events: 2 })
  await append(id, message('after'))
  await stream.next('message.received')
  assert.deepEqual(
    stream.events.map(({ type }) => type),
    ['presence.available', 'presence.available', 'events.snapshot-end', 'message.received'],
  )
  assert.equal(new Set(stream.events.map(({ id }) => id)).size, 4)
  const resumed = open({ after: stream.events[0]?.id ?? '' })
  await resumed.next('message.received')
  assert.deepEqual(bodiesOf(resumed.events), ['after'])
  await assert.rejects(open({ snapshot: 'weather' }).opened, /HTTP 400/)
})

test('with both, what was missed comes first and the snapshot when the reader has caught up', async (t) => {
  const { id, append, open } = await start(t, { snapshots: { presence: async () => [presence('romeo@x.example/orchard')] } })
  await append(id, message('1'), message('2'))
  const stream = open({ after: 0, snapshot: 'presence' })
  await stream.next('events.snapshot-end')
  assert.deepEqual(
    stream.events.map(({ type }) => type),
    ['message.received', 'message.received', 'presence.available', 'events.snapshot-end'],
  )
})

test('coalesce keeps the last presence of each resource and the order of all else', async (t) => {
  const { id, append, open } = await start(t)
  const shows = ['away', 'xa', 'dnd', 'chat']
  await append(id, ...shows.map((show) => presence('romeo@x.example/orchard', show)), presence('nurse@x.example/x', 'xa'), message('1'))
  await append(id, ...shows.map((show) => presence('romeo@x.example/orchard', show)))
  const stream = open({ after: 0, coalesce: 50 })
  const seen = () => stream.events.map(({ data }) => data.body ?? data.show)
  await stream.next((event) => event.data.body === '1')
  assert.deepEqual(seen(), ['chat', 'xa', '1'])
  await stream.next((event) => event.data.show === 'chat' && event.id !== stream.events[0]?.id)
  assert.deepEqual(seen(), ['chat', 'xa', '1', 'chat'])
  const ids = stream.events.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
})

test('when the session ends its streams get session.ended, whatever their filter, and close with 1000', async (t) => {
  const { id, append, end, open, url } = await start(t)
  const streams = [open(), open({ types: 'presence.*' }), open({ coalesce: 5000 })]
  await Promise.all(streams.map(({ opened }) => opened))
  const sse = await readSse(`${url}/events?session=${id}`)
  await append(id, presence('romeo@x.example/orchard'))
  await end(id)
  for (const stream of streams) {
    assert.equal((await stream.closed).code, 1000)
    assert.equal(stream.events.at(-1)?.type, 'session.ended')
  }
  await sse.ended
  assert.equal(JSON.parse(sse.messages.at(-1)?.data ?? '').type, 'session.ended')
  await assert.rejects(open().opened, /HTTP 404/)
})

test('a stop of the process closes WebSockets with 1012 and ends server-sent events', async (t) => {
  const { id, app, open, url } = await start(t)
  const stream = open()
  await stream.opened
  const sse = await readSse(`${url}/events?session=${id}`)
  await app.stop()
  assert.equal((await stream.closed).code, 1012)
  await sse.ended
})

test('a stop does not wait for readers that take nothing', async (t) => {
  const { id, app, url, append } = await start(t, { finishWithin: 200 })
  const paused = await pausedReader(url, `/events?session=${id}`)
  const socket = await rawGet(t, url, `/events?session=${id}`, 'Accept: text/event-stream\r\n')
  await once(socket, 'readable')
  for (let index = 0; index < 200; index += 1) await append(id, message('x'.repeat(50_000)))
  await app.stop()
  assert.ok([1006, 1012].includes((await paused.resume()).code))
})

test('the answer to an upgrade has its X-Request-Id too', async (t) => {
  const { id, url } = await start(t)
  const headers = { authorization: `Bearer ${keys.main}`, 'x-request-id': 'mine' }
  const socket = new WebSocket(`${url.replace('http', 'ws')}/events?session=${id}`, { headers })
  t.after(() => socket.terminate())
  const [response] = await once(socket, 'upgrade')
  assert.equal(response.headers['x-request-id'], 'mine')
  assert.equal(response.headers['cache-control'], 'no-store')
})

test('server-sent events carry the cursor as id and the CloudEvent as data, and resume by Last-Event-ID', async (t) => {
  const { id, append, url } = await start(t)
  const cursors = await append(id, message('1'), message('two\nlines'), message('3'))
  const first = await readSse(`${url}/events?session=${id}&after=0`, {}, 3)
  assert.match(first.contentType, /^text\/event-stream/)
  assert.deepEqual(
    first.messages.map(({ id }) => id),
    cursors,
  )
  assert.deepEqual(
    first.messages.map(({ event }) => event),
    [undefined, undefined, undefined],
  )
  assert.equal(JSON.parse(first.messages[1]?.data ?? '').data.body, 'two\nlines')
  assert.ok(first.retry > 0)
  const resumed = await readSse(`${url}/events?session=${id}&after=0`, { 'last-event-id': cursors[0] ?? '' }, 2)
  assert.deepEqual(
    resumed.messages.map(({ id }) => id),
    cursors.slice(1),
  )
  const refused = await fetch(`${url}/events?session=${id}`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${keys.main}`, 'last-event-id': 'nonsense' },
  })
  assert.equal(refused.status, 400)
  assert.match(refused.headers.get('content-type') ?? '', /problem\+json/)
})

test('HEAD /events does not stream', async (t) => {
  const { id, api } = await start(t)
  for (const accept of ['text/event-stream', 'text/event-stream, */*']) {
    const head = await api('HEAD', `/events?session=${id}`, { headers: { accept } })
    assert.deepEqual([head.status, head.headers.get('content-type'), head.text], [200, 'text/event-stream; charset=utf-8', ''], accept)
    assert.equal((await api('HEAD', `/events?session=${id}&after=nonsense`, { headers: { accept } })).status, 400)
  }
  const { text } = await api('GET', '/metrics')
  assert.ok(!/stanzagate_streams\{kind="sse"\} [1-9]/.test(text))
})

test('frames of a client are answered as JSON-RPC; one that is too big closes with 1009', async (t) => {
  const { open } = await start(t)
  const stream = open()
  await stream.opened
  const answers: unknown[] = []
  const five = Promise.withResolvers<void>()
  stream.socket.on('message', (data) => {
    answers.push(JSON.parse(String(data)))
    if (answers.length === 5) five.resolve()
  })
  for (const frame of ['{', '[]', '{"jsonrpc":"2.0","id":1,"method":"no.such"}', '{"jsonrpc":"2.0","id":2}', Buffer.from('x')])
    stream.socket.send(frame)
  await five.promise
  const codes = answers.map((answer) => (answer as { id: unknown; error: { code: number } }).error.code)
  assert.deepEqual(codes.sort(), [-32700, -32700, -32601, -32600, -32600].sort())
  assert.equal(stream.socket.readyState, WebSocket.OPEN)
  stream.socket.send('x'.repeat(64 * 1024 + 1))
  assert.equal((await stream.closed).code, 1009)
})

test('a flood of frames that are no requests is closed with 4029, at once', { timeout: 20_000 }, async (t) => {
  const { open } = await start(t)
  const stream = open()
  await stream.opened
  for (let count = 0; count < 1000; count += 1) stream.socket.send('{}')
  assert.equal((await stream.closed).code, 4029)
})

test('closed streams are counted by code, those that only a client knows as one', async (t) => {
  const { open, api } = await start(t)
  for (const code of [1000, 4321, 4322]) {
    const stream = open()
    await stream.opened
    stream.socket.close(code)
    await stream.closed
  }
  const counted = async (code: string) => sumOf(samplesOf((await api('GET', '/metrics')).text), 'streams_closed_total', { code })
  await until(async () => (await counted('other')) === 2 && (await counted('1000')) === 1)
})

test('a reader whose socket takes nothing is closed with 4008; it comes back by cursor and misses nothing; others do not notice', async (t) => {
  const { id, append, open, url, app } = await start(t, { env: { SLOW_READER_SECONDS: '0.4' } })
  const healthy = open()
  await healthy.opened
  const slow = await pausedReader(url, `/events?session=${id}`)
  const large = 'x'.repeat(50_000)
  const total = 300
  for (let index = 0; index < total; index += 1) await append(id, message(`${index} ${large}`))
  await healthy.next((event) => event.data.body.startsWith(`${total - 1} `), 20_000)
  await until(
    () =>
      app.server.websocketServer.clients.size === 2 &&
      [...app.server.websocketServer.clients].some(({ readyState }) => readyState === WebSocket.CLOSING),
  )
  const [lagging] = [...app.server.websocketServer.clients].filter(({ readyState }) => readyState === WebSocket.CLOSING)
  assert.ok((lagging?.bufferedAmount ?? 0) <= 1024 * 1024 + 60_000, `${lagging?.bufferedAmount} bytes ahead`)
  const { code, events } = await slow.resume()
  assert.equal(code, 4008)
  assert.ok(events.length > 0 && events.length < total)
  const back = open({ after: events.at(-1)?.id ?? '' })
  await back.next((event) => event.data.body.startsWith(`${total - 1} `), 20_000)
  assert.deepEqual(
    [...events, ...back.events].map(({ data }) => Number(String(data.body).split(' ')[0])),
    Array.from({ length: total }, (_, index) => index),
  )
})

test('a reader of server-sent events that takes nothing is ended', async (t) => {
  const { id, append, url, lines } = await start(t, { env: { SLOW_READER_SECONDS: '0.3' } })
  const socket = await rawGet(t, url, `/events?session=${id}`, 'Accept: text/event-stream\r\n')
  await once(socket, 'readable')
  for (let index = 0; index < 300; index += 1) await append(id, message('x'.repeat(50_000)))
  await until(() => lines().some((line) => line.includes('"stream.close"') && line.includes('"slow"')))
})

test('a stream that its reader left leaves nothing behind', async (t) => {
  const { id, append, open, lines, url } = await start(t)
  const stream = open()
  await stream.opened
  const sse = await readSse(`${url}/events?session=${id}`)
  stream.socket.terminate()
  sse.abort()
  await until(() => lines().filter((line) => line.includes('"stream.close"')).length === 2)
  await append(id, message('nobody'))
})

// ---------------------------------------------------------------- support

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 10))
}

async function readSse(url: string, headers: Record<string, string> = {}, count = 0) {
  const controller = new AbortController()
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${keys.main}`, ...headers },
    signal: controller.signal,
  })
  assert.equal(response.status, 200)
  const messages: EventSourceMessage[] = []
  const enough = Promise.withResolvers<void>()
  let retry = 0
  const parser = createParser({
    onEvent(message) {
      messages.push(message)
      if (messages.length >= count) enough.resolve()
    },
    onRetry(ms) {
      retry = ms
    },
  })
  const ended = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) parser.feed(chunk)
  })().catch(() => {})
  if (count > 0) {
    await enough.promise
    controller.abort()
  }
  return { messages, ended, retry, contentType: response.headers.get('content-type') ?? '', abort: () => controller.abort() }
}

async function rawGet(t: { after(cleanUp: () => void): void }, url: string, path: string, headers: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${keys.main}\r\n${headers}\r\n`)
  return socket
}

/** A WebSocket client that reads only when told: it pauses its socket, so that the kernel's buffers fill. */
async function pausedReader(url: string, path: string) {
  const webSocket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers: { authorization: `Bearer ${keys.main}` } })
  // biome-ignore lint/suspicious/noExplicitAny: events as JSON
  const events: any[] = []
  webSocket.on('message', (data) => events.push(JSON.parse(String(data))))
  const closed = once(webSocket, 'close')
  await once(webSocket, 'open')
  const { _socket: socket } = webSocket as unknown as { _socket: Socket }
  socket.pause()
  return {
    async resume() {
      socket.resume()
      const [code] = await closed
      return { code, events }
    },
  }
}
