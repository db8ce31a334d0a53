/** Responses that their callers ask for and do not take: no more is read for them, others go on, and it ends with their connections. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { keys, operation, startApp } from './support.ts'

const SIZE = 2 ** 22
/** so many that what the system takes of each is not what counts */
const CALLERS = 30

const run = async () => ({ status: 200, body: { text: 'x'.repeat(SIZE) } })
const large = operation({ id: 'large', method: 'GET', path: '/large', run: run as never })
const written = operation({ id: 'written', method: 'POST', path: '/written', run: (async () => ({ status: 204 })) as never })

test('what only reads is refused where earlier answers are not taken', async (t) => {
  const { url, api } = await startApp(t, { operations: [large, written] })
  const { port, hostname } = new URL(url)
  const sockets = Array.from({ length: CALLERS }, () => connect(Number(port), hostname).pause())
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  // at once: each is asked for before another one is there
  for (const socket of sockets) {
    socket.write(`GET /large HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${keys.main}\r\n\r\n`)
  }
  const until = async (status: number) => {
    for (const end = performance.now() + 10_000; ; await delay(20)) {
      const answer = await api('GET', '/large')
      if (answer.status === status) return answer
      assert.ok(performance.now() < end, `${answer.status} ${answer.text.slice(0, 200)}`)
    }
  }
  assert.equal((await until(503)).body.code, 'too-busy')
  assert.equal((await api('POST', '/written')).status, 204)
  assert.equal((await api('GET', '/large', { key: keys.other })).status, 200)
  assert.equal((await api('GET', '/health/live')).status, 200)
  assert.match((await api('GET', '/metrics')).text, /bounds_reached_total\{bound="answers"\} \d+/)
  for (const socket of sockets) socket.destroy()
  await until(200)
})
