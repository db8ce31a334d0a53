/** Bodies that come in chunks: small ones are taken, many tiny ones close the connection, whether or not somebody reads them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { z } from 'zod'
import { keys, operation, startApp } from './support.ts'

const CHUNK = 12
const TINY = 30_000

const run = async ({ body }: { body: { text: string } }) => ({ status: 200, body: { length: body.text.length } })
const echo = operation({ id: 'echo', method: 'POST', path: '/echo', body: z.object({ text: z.string() }), run: run as never })

const inChunks = (text: string, size: number) =>
  (text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')

/** a connection on which the head of a request was written */
async function begin(url: string, key: string): Promise<{ socket: Socket; closed: Promise<unknown>; answer: Promise<string> }> {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.setEncoding('utf8').on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const answer = new Promise<string>((resolve) => socket.once('data', resolve))
  await once(socket, 'connect')
  socket.write(
    `POST /echo HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  return { socket, closed, answer }
}

test('a body in small chunks is taken', async (t) => {
  const { url } = await startApp(t, { operations: [echo] })
  const { socket, answer } = await begin(url, keys.main)
  socket.write(`${inChunks(JSON.stringify({ text: 'x'.repeat(900 * CHUNK) }), CHUNK)}0\r\n\r\n`)
  assert.match(await answer, /^HTTP\/1\.1 200 .*\{"length":10800\}$/s)
  socket.destroy()
})

test('the connection of a caller whose body comes in very many tiny ones is closed', async (t) => {
  const { url, api } = await startApp(t, { operations: [echo] })
  const { socket, closed } = await begin(url, keys.main)
  socket.write(inChunks('x'.repeat(TINY), 1))
  await closed
  assert.match((await api('GET', '/metrics')).text, /bounds_reached_total\{bound="chunks"\} 1/)
})

test('and so is that of a stranger, whose body nobody reads', async (t) => {
  const { url, api } = await startApp(t, { operations: [echo] })
  const { socket, closed, answer } = await begin(url, `${keys.main.slice(0, -1)}~`)
  assert.match(await answer, /^HTTP\/1\.1 401/)
  socket.write(inChunks('x'.repeat(TINY), 1))
  await closed
  assert.match((await api('GET', '/metrics')).text, /bounds_reached_total\{bound="chunks"\} 1/)
})
