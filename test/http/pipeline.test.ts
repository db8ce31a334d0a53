/** Requests that do not wait for the answer to the one before. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { BEHIND_MAX } from '../../src/http/pipeline.ts'
import { keys, operation, startApp } from './support.ts'

const request = (path: string, more = '', body = '') =>
  `${body ? 'POST' : 'GET'} ${path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${keys.main}\r\n${more}` +
  `${body && `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`}\r\n${body}`

async function open(url: string): Promise<{ socket: Socket; heard: () => string }> {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  let heard = ''
  socket.setEncoding('utf8').on('data', (text) => {
    heard += text
  })
  await once(socket, 'connect')
  return { socket, heard: () => heard }
}

const until = async (holds: () => boolean) => {
  for (const end = performance.now() + 5_000; !holds(); await delay(5)) assert.ok(performance.now() < end, 'it is not so in time')
}

/** An app whose answers say how many of its requests were under way, and which it was. */
async function startSlow(t: Parameters<typeof startApp>[0]) {
  let underWay = 0
  const seen: string[] = []
  const run = async ({ query, body }: { query: { n?: string }; body?: { m: string } | undefined }) => {
    underWay += 1
    const together = underWay
    await delay(2)
    underWay -= 1
    seen.push(body?.m ?? query.n ?? '')
    return { status: 200, body: { together } }
  }
  const slow = { path: '/slow', query: z.object({ n: z.string().optional() }), run: run as never }
  const operations = [
    operation({ ...slow, id: 'slow.get', method: 'GET' }),
    operation({ ...slow, id: 'slow.post', method: 'POST', body: z.object({ m: z.string() }) }),
  ]
  return { ...(await startApp(t, { operations })), seen }
}

test('they are answered in their order, one after the other, with their bodies', async (t) => {
  const { url, seen } = await startSlow(t)
  const { socket, heard } = await open(url)
  const numbers = Array.from({ length: BEHIND_MAX }, (_, index) => String(index))
  socket.write(numbers.map((n) => (Number(n) % 2 ? request('/slow', '', JSON.stringify({ m: n })) : request(`/slow?n=${n}`))).join(''))
  const answers = () => [...heard().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  await until(() => answers().length === numbers.length)
  assert.deepEqual([new Set(answers()), seen], [new Set(['200']), numbers])
  assert.deepEqual(new Set([...heard().matchAll(/"together":(\d+)/g)].map(([, together]) => together)), new Set(['1']))
  // and it is read on
  socket.write(request('/slow?n=after'))
  await until(() => seen.at(-1) === 'after')
  socket.destroy()
})

test('of a connection with far too many no more are read than make it so', async (t) => {
  const { url, app, api } = await startSlow(t)
  let made = 0
  app.server.server.on('request', () => {
    made += 1
  })
  const { socket } = await open(url)
  const closed = once(socket, 'close')
  socket.on('error', () => {})
  socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000))
  await closed
  assert.ok(made <= BEHIND_MAX + 3, `${made} requests were made of it`)
  assert.equal((await api('GET', '/slow')).status, 200)
})

test('a connection with very many is closed, and others are served meanwhile', async (t) => {
  const { url, seen, api } = await startSlow(t)
  const { socket } = await open(url)
  const closed = once(socket, 'close')
  socket.on('error', () => {})
  socket.write(request('/slow?n=many').repeat(BEHIND_MAX + 2))
  await closed
  assert.equal((await api('GET', '/slow')).status, 200)
  assert.ok(seen.length <= 2)
  assert.match((await api('GET', '/metrics')).text, /bounds_reached_total\{bound="pipelined-requests"\} 1/)
})
