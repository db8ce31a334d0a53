/** What callers meet while the process ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { openEventStream } from '../support/event-stream.ts'
import { keys, operation, startApp, type TestAppOptions } from './support.ts'

/** An app with a request that ends when it is told to. */
async function start(t: TestContext, options: TestAppOptions = {}) {
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const slow = operation({
    id: 'slow',
    method: 'GET',
    path: '/slow',
    async run() {
      begun.resolve()
      await end.promise
      return { status: 200, body: 'done' }
    },
  })
  const post = operation({ id: 'post', method: 'POST', path: '/post', body: z.unknown() })
  const made = await startApp(t, { ...options, operations: [slow, post] })
  t.after(() => end.resolve())
  return { ...made, begun: begun.promise, end: end.resolve }
}

test('until what is under way has ended all else is told to go elsewhere, on new connections too', async (t) => {
  const { api, app, begun, end, addSession } = await start(t)
  const { id } = await addSession('a@x.example')
  const running = api('GET', '/slow')
  await begun
  const stopped = app.stop()
  for (const [method, path] of [
    ['GET', '/slow'],
    ['POST', '/post'],
    ['GET', `/events?session=${id}`],
    ['GET', '/openapi.yaml'],
    ['GET', '/health/ready'],
  ] as const) {
    const { status, body, headers } = await api(method, path)
    assert.deepEqual([status, body.code, body.retryable, headers.get('connection')], [503, 'draining', true, 'close'], path)
    assert.ok(headers.get('retry-after'))
  }
  const ready = await api('GET', '/health/ready')
  assert.equal(ready.body.checks.running, 'failed')
  for (const path of ['/health/live', '/metrics']) {
    const { status, headers } = await api('GET', path)
    assert.deepEqual([status, headers.get('connection')], [200, 'close'], path)
  }
  end()
  const { status, headers } = await running
  assert.deepEqual([status, headers.get('connection')], [200, 'close'])
  await stopped
  await assert.rejects(api('GET', '/health/live'), ({ cause }: Error) => (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED')
})

test('a stop waits for requests, not for connections that ask nothing', async (t) => {
  const { url, app } = await start(t)
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const asked = request(`${url}/health/live`, { agent }).end()
  const [answer] = await once(asked, 'response')
  answer.resume()
  await once(answer, 'end')
  const silent = connect(Number(new URL(url).port), '127.0.0.1')
  t.after(() => silent.destroy())
  await once(silent, 'connect')
  const closed = once(silent, 'close')
  const before = performance.now()
  await app.stop()
  await closed
  assert.ok(performance.now() - before < 5_000, 'far from the time that requests get')
})

test('who keeps a connection hears on it to go elsewhere, though nothing else is to be done', { timeout: 20_000 }, async (t) => {
  const { url, app } = await start(t, { linger: 1_000 })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  async function ask() {
    const asked = request(`${url}/openapi.yaml`, { agent }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const { statusCode, headers } = answer.resume()
    await once(answer, 'end')
    return [asked.reusedSocket, statusCode, headers.connection]
  }
  assert.deepEqual(await ask(), [false, 200, 'keep-alive'])
  const stopped = app.stop()
  assert.deepEqual(await ask(), [true, 503, 'close'])
  assert.deepEqual(await ask(), [false, 503, 'close'], 'on another connection too')
  await stopped
})

test('a request that does not come to its end in time is told so', async (t) => {
  const { api, app, begun } = await start(t, { finishWithin: 100 })
  const running = api('GET', '/slow')
  await begun
  await app.stop()
  const { status, body, headers } = await running
  assert.deepEqual([status, body.code], [503, 'draining'])
  assert.ok(headers.get('retry-after'))
})

test('a request with a large body gets its 503 too, not a reset', async (t) => {
  const { api, app, begun, end } = await start(t)
  const running = api('GET', '/slow')
  await begun
  const stopped = app.stop()
  const body = 'x'.repeat(900_000)
  const answers = await Promise.all(Array.from({ length: 20 }, () => api('POST', '/post', { body: { body } })))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503])
  end()
  await running
  await stopped
})

test('streams that were on their way when the stop came end as all others do', async (t) => {
  const { app, api, url, store, addSession } = await start(t)
  const { id } = await addSession('a@x.example')
  const answer = Promise.withResolvers<void>()
  const asked = Array.from({ length: 2 }, () => Promise.withResolvers<void>())
  const waiting = asked.values()
  const { end } = store.log
  store.log.end = async (session) => {
    waiting.next().value?.resolve()
    await answer.promise
    return await end(session)
  }
  const webSocket = openEventStream({ url, token: keys.main, session: id })
  const sse = api('GET', `/events?session=${id}`, { headers: { accept: 'text/event-stream' } })
  await Promise.all(asked.map(({ promise }) => promise))
  const stopped = app.stop()
  assert.equal((await api('GET', '/health/ready')).status, 503)
  answer.resolve()
  assert.equal((await webSocket.closed).code, 1012)
  assert.equal((await sse).status, 200)
  await stopped
})
