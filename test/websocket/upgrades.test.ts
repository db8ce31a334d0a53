import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { keys, operation, startApp } from '../http/support.ts'

const echo = operation({ id: 'thing.send', method: 'POST', path: '/thing', body: z.looseObject({}) })
const bare = { Host: 'x' }

/**
 * Writes requests on one connection, each when the one before is answered, or `together`, or in pieces; answers the statuses and
 * bodies of what came back, in order.
 */
async function exchange(url: string, parts: readonly string[], { answers = parts.length, together = false } = {}) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  const answer = /HTTP\/1\.1 (\d{3})[^\r]*\r\n(?:[^\r]+\r\n)*\r\n(?:(\{[^\r]*?\})(?=HTTP|$))?/g
  const found = () => [...text.matchAll(answer)].filter(([, status]) => status !== '100')
  socket.on('data', (data) => {
    text += data
  })
  const closed = once(socket, 'close').then(() => assert.fail(`closed after ${text}`))
  closed.catch(() => {})
  const until = async (count: number) => {
    while (found().length < count) await Promise.race([once(socket, 'data'), closed])
  }
  try {
    for (const [index, part] of (together ? [parts.join('')] : parts).entries()) {
      socket.write(part)
      await (answers === parts.length && !together ? until(index + 1) : new Promise(setImmediate))
    }
    await until(answers)
  } finally {
    socket.destroy()
  }
  return found().map(([, status, body]) => (body === undefined ? [status] : [status, JSON.parse(body)]))
}

function request(line: string, headers: Record<string, string>, body = ''): string {
  const length = body === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ ...bare, ...headers, ...length }).map(([name, value]) => `${name}: ${value}`)
  return `${[`${line} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n${body}`
}

const key = { Authorization: `Bearer ${keys.main}` }
const offers: Record<string, string>[] = [
  { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA' },
  { connection: 'keep-alive, upgrade', upgrade: 'TLS/1.0' },
  { CONNECTION: 'UPGRADE', UPGRADE: 'foo/2, h2c' },
  { Connection: 'Upgrade', Upgrade: 'websocket' },
]

test('what offers another protocol by the way is answered as if it did not, on a connection that is kept', async (t) => {
  const { url, addSession } = await startApp(t, { operations: [echo] })
  const { id } = await addSession('a@x.example')
  for (const offer of offers) {
    const about = JSON.stringify(offer)
    const requests: [expected: string, text: string][] = [
      ['200', request('GET /health/live', offer)],
      ['200', request('POST /thing', { ...key, ...offer }, '{"text":"hello"}')],
      ['200', request('HEAD /health/live', offer)],
      ['404', request('GET /nowhere', offer)],
      ['401', request('POST /thing', offer, '{}')],
      ['405', request('DELETE /thing', offer)],
      ['400', request('POST /thing?what=1', { ...key, ...offer }, '{}')],
      ['200', request('POST /thing', { ...key, ...offer, Expect: '100-continue' }, '{"last":true}')],
    ]
    if (offer.Upgrade !== 'websocket') requests.push(['200', request(`GET /events?session=${id}&limit=1`, { ...key, ...offer })])
    for (const together of [false, true]) {
      const seen = await exchange(
        url,
        requests.map(([, text]) => text),
        { together },
      )
      assert.deepEqual(
        seen.map(([status]) => status),
        requests.map(([expected]) => expected),
        about,
      )
      assert.deepEqual(seen[1]?.[1].body, { text: 'hello' }, about)
      assert.deepEqual(seen[7]?.[1].body, { last: true }, about)
    }
  }
})

test('a body that comes in pieces, or chunked, is read whole; answers keep the order of the requests', async (t) => {
  const begun = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const slow = operation({
    id: 'slow.get',
    method: 'GET',
    path: '/slow',
    async run() {
      begun.resolve()
      await finish.promise
      return { status: 200, body: { slow: true } }
    },
  })
  const { url } = await startApp(t, { operations: [echo, slow] })
  const [offer = {}] = offers
  const whole = request('POST /thing', { ...key, ...offer }, '{"text":"hello"}')
  const pieces = [whole.slice(0, 30), whole.slice(30, -9), whole.slice(-9, -3), whole.slice(-3)]
  const [one] = await exchange(url, pieces, { answers: 1 })
  assert.deepEqual(one?.[1].body, { text: 'hello' })
  const chunked = request('POST /thing', { ...key, ...offer, 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/json' })
  const both = await exchange(url, [`${chunked}9\r\n{"text":1\r\n1\r\n}\r\n0\r\n\r\n`, whole], { together: true })
  assert.deepEqual(
    both.map((each) => each[1].body),
    [{ text: 1 }, { text: 'hello' }],
  )
  const ordered = exchange(url, [request('GET /slow', key), whole, request('GET /health/live', offer)], { together: true })
  await begun.promise
  await fetch(`${url}/health/live`)
  finish.resolve()
  const [first, second, third] = await ordered
  assert.deepEqual([first?.[1], second?.[1].body, third?.[1]], [{ slow: true }, { text: 'hello' }, { status: 'live' }])
})

test('many offers on one connection leave nothing behind, and a caller that goes away ends nothing', async (t) => {
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  const { url } = await startApp(t)
  const offer = request('GET /health/live', offers[0] ?? {})
  const seen = await exchange(
    url,
    Array.from({ length: 200 }, () => offer),
    { together: true },
  )
  assert.ok(seen.every(([status]) => status === '200'))
  for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    socket.write(offer.repeat(5), () => socket[end]())
    await once(socket.resume(), 'close')
  }
  assert.equal((await fetch(`${url}/health/live`)).status, 200)
  assert.deepEqual(warnings, [])
})

test('a WebSocket of /events is one in every spelling, beside other offers too; an old protocol has none', async (t) => {
  const { url, addSession } = await startApp(t)
  const { id } = await addSession('a@x.example')
  const key16 = { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version': '13' }
  for (const upgrade of ['websocket', 'WebSocket', 'h2c, websocket'])
    assert.deepEqual(
      await exchange(url, [
        request(`GET /events?session=${id}`, { ...key, ...key16, Connection: 'keep-alive, Upgrade', Upgrade: upgrade }),
      ]),
      [['101']],
      upgrade,
    )
  const old = request(`GET /events?session=${id}`, { ...key, ...key16, ...offers[3] }).replace('HTTP/1.1', 'HTTP/1.0')
  assert.deepEqual((await exchange(url, [old]))[0]?.[0], '200')
  const head = request(`HEAD /events?session=${id}`, { ...key, ...key16, ...offers[3] })
  assert.deepEqual(await exchange(url, [head]), [['200']])
})

test('a WebSocket of another route is answered as a request of it', async (t) => {
  const { url } = await startApp(t, { operations: [echo] })
  const answer = async (path: string, headers: Record<string, string>) => {
    const webSocket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers })
    webSocket.on('error', () => {})
    const [, response] = await once(webSocket, 'unexpected-response')
    webSocket.terminate()
    return response.statusCode
  }
  const authorization = { authorization: `Bearer ${keys.main}` }
  assert.equal(await answer('/health/live', {}), 200)
  assert.equal(await answer('/thing', authorization), 405)
  assert.equal(await answer('/nope', authorization), 404)
  assert.equal(await answer('/events/', authorization), 404)
})
