/** Callers who take all connections there are, or send all bodies at once and slowly: the others are served, or told. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { z } from 'zod'
import { until } from '../behaviour/account.ts'
import { keys, operation, startApp, type TestApp } from './support.ts'

const MiB = 2 ** 20
const make = operation({ id: 'things.make', method: 'POST', path: '/things', body: z.strictObject({ to: z.string() }) })
const authorization = `Bearer ${keys.main}`

/** a connection on which so much was written; its answer, when it has come */
async function open(t: TestContext, { url }: TestApp, text = ''): Promise<{ socket: Socket; heard: () => string; closed: () => boolean }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  t.after(() => socket.destroy())
  let heard = ''
  let closed = false
  socket
    .on('data', (chunk) => {
      heard += chunk
    })
    .on('error', () => {})
    .on('close', () => {
      closed = true
    })
  await once(socket, 'connect')
  socket.write(text)
  return { socket, heard: () => heard, closed: () => closed }
}

const reached = async ({ api }: TestApp, bound: string) =>
  Number(new RegExp(`bounds_reached_total\\{bound="${bound}"\\} (\\d+)`).exec((await api('GET', '/metrics')).text)?.[1] ?? 0)

describe('more connections than there may be', () => {
  const most = 20
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`

  it('are told, and closed; health and metrics are answered all the same, also while hundreds more say nothing', async (t) => {
    const app = await startApp(t, { env: { MAX_CONNECTIONS: String(most) }, operations: [make] })
    const within = await Promise.all(Array.from({ length: most }, () => open(t, app)))
    const refused = await open(t, app, get('/things'))
    await until(async () => refused.closed())
    assert.match(refused.heard(), /^HTTP\/1\.1 503 .*"code":"too-busy"/s)
    assert.match(refused.heard(), /^connection: close\r$/im)
    for (let n = 0; n < 300; n += 1) await open(t, app)
    for (const [path, says] of [
      ['/health/live', /"live"/],
      ['/metrics', /bounds_reached_total\{bound="connections"\} \d{3}/],
    ] as const) {
      const answered = await open(t, app, get(path))
      await until(async () => answered.closed())
      assert.match(answered.heard(), /^HTTP\/1\.1 200 /)
      assert.match(answered.heard(), says)
    }
    // those that were there are served
    within[0]!.socket.write(get('/sessions'))
    await until(async () => /^HTTP\/1\.1 404 /.test(within[0]!.heard()))
    for (const { socket } of within) socket.destroy()
    await until(async () => (await app.api('GET', '/sessions')).status === 404)
  })
})

describe('bodies that come slowly', () => {
  const head = (length: string, key = authorization) =>
    `POST /things HTTP/1.1\r\nHost: x\r\nAuthorization: ${key}\r\nContent-Type: application/json\r\n${length}\r\n\r\n{"to":"`
  const send = async (app: TestApp, key: string) => app.api('POST', '/things', { key, body: { to: 'x'.repeat(1_000) } })

  it('of one tenant leave room for those of others, and go with their connections', async (t) => {
    const app = await startApp(t, { operations: [make] })
    const slow = await Promise.all(Array.from({ length: 32 }, () => open(t, app, head(`Content-Length: ${MiB}`))))
    const refused = await until(async () => {
      const answer = await send(app, keys.main)
      return answer.status !== 200 && answer
    })
    assert.deepEqual([refused.status, refused.body.code, refused.headers.get('retry-after')], [503, 'too-busy', '1'])
    assert.equal((await send(app, keys.other)).status, 200)
    assert.ok((await reached(app, 'bodies')) > 0)
    for (const { socket } of slow) socket.destroy()
    await until(async () => (await send(app, keys.main)).status === 200)
  })

  it('are counted as they come where they do not say how long they are', async (t) => {
    const app = await startApp(t, { operations: [make] })
    const piece = 'x'.repeat(MiB - 100)
    const body = `${piece.length.toString(16)}\r\n${piece}\r\n`
    const chunked = head('Transfer-Encoding: chunked').replace('{"to":"', '')
    const all = await Promise.all(Array.from({ length: 40 }, () => open(t, app, chunked + body)))
    await until(async () => all.filter(({ closed }) => closed()).length >= 7)
    assert.ok(all.filter(({ closed }) => closed()).length < 40)
    assert.equal((await send(app, keys.other)).status, 200)
    for (const { socket } of all) socket.destroy()
    await until(async () => (await send(app, keys.main)).status === 200)
  })

  it('are let go with their answers', async (t) => {
    const app = await startApp(t, { operations: [make] })
    for (let n = 0; n < 100; n += 1) assert.equal((await app.api('POST', '/things', { body: { to: 'x'.repeat(MiB - 100) } })).status, 200)
    assert.equal(await reached(app, 'bodies'), 0)
  })
})
