import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type Event, type EventsOptions, StanzagateProblem } from '../../src/client/client.ts'
import { keys, startApp, type TestAppOptions } from '../http/support.ts'
import { startProxy } from '../support/proxy.ts'

const message = (body: number | string) => ({
  type: 'message.received',
  data: { from: 'romeo@x.example/orchard', to: 'a@x.example', body: `${body}` },
})
const presence = (from: string) => ({ type: 'presence.available', volatile: true, data: { from } })
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`)
const bodyOf = ({ data }: Event) => (data as { body?: string }).body
const refusedWith = (code: string) => (error: unknown) => error instanceof StanzagateProblem && error.code === code

/** A session, and a client whose way to the gateway can be cut. */
async function start(t: TestContext, options: TestAppOptions = {}) {
  const app = await startApp(t, options)
  const { id, token } = await app.addSession('a@x.example')
  const proxy = await startProxy({ to: { port: Number(new URL(app.url).port) } })
  t.after(proxy.stop)
  const client = createClient({ url: `http://127.0.0.1:${proxy.port}/`, key: keys.main })
  /** bodies until one is `last` */
  async function read(
    last: string,
    given: EventsOptions = {},
    each: (event: Event) => unknown = () => {},
  ): Promise<(string | undefined)[]> {
    const bodies: (string | undefined)[] = []
    for await (const event of client.events({ session: id, ...given })) {
      bodies.push(bodyOf(event))
      await each(event)
      if (bodyOf(event) === last) break
    }
    return bodies
  }
  return { ...app, id, token, proxy, client, read }
}

test('events come in order, each once, whatever happens to the connection', async (t) => {
  const { id, append, proxy, read } = await start(t)
  await append(id, ...numbers(1, 500).map(message))
  const reading = read('3000', { after: '0' })
  for (let body = 501; body <= 3000; body += 1) {
    await append(id, message(body))
    if (body % 500 !== 0) continue
    // something has come through since, and more is on its way
    const { connections } = proxy
    proxy.cut()
    for (let waited = 0; waited < 2_000 && proxy.connections < connections + 2; waited += 5) await delay(5)
  }
  assert.deepEqual(await reading, numbers(1, 3000))
})

test('what happens from now on is missed by nobody whose first connection is lost at once', async (t) => {
  const { id, append, proxy, read } = await start(t)
  await append(id, message('before'))
  // the ticket was made, and the WebSocket never opened
  proxy.cutAt('GET /events?')
  const reading = read('2')
  while (proxy.copies === 0) await delay(5)
  await append(id, message(1))
  proxy.cutAt(undefined)
  await append(id, message(2))
  assert.deepEqual(await reading, ['1', '2'])
})

test('a slow reader is waited for, and what waits for it is bounded', async (t) => {
  const { id, append, proxy, read } = await start(t)
  await append(id, ...numbers(1, 5000).map(message))
  assert.deepEqual(await read('5000', { after: '0' }, (event) => Number(bodyOf(event)) % 1000 !== 1 || delay(200)), numbers(1, 5000))
  // closed when it has enough, and opened again when that was read
  assert.ok(proxy.connections >= 4)
})

test('only what is asked for comes, and a snapshot once', async (t) => {
  const snapshots = { presence: async () => [presence('juliet@x.example/balcony')] }
  const { id, append, proxy, client } = await start(t, { snapshots })
  const seen: string[] = []
  const options = {
    session: id,
    types: ['presence.*', 'chatstate.*'],
    jids: ['juliet@x.example', 'tybalt@x.example'],
    snapshot: 'presence',
  } as const
  for await (const { type, data } of client.events(options)) {
    seen.push(`${type} ${(data as { from?: string }).from ?? ''}`.trim())
    if (type === 'events.snapshot-end') {
      proxy.cut()
      await append(id, message('not asked for'), presence('romeo@x.example/orchard'), presence('tybalt@x.example/street'))
    }
    if (seen.length === 3) break
  }
  assert.deepEqual(seen, [
    'presence.available juliet@x.example/balcony',
    'events.snapshot-end',
    'presence.available tybalt@x.example/street',
  ])
})

test('what is kept no longer is told as a gap, in its place', async (t) => {
  const { id, append, read } = await start(t, { env: { EVENT_LOG_MAX: '100' } })
  const [cursor] = await append(id, message('first'))
  await append(id, ...numbers(1, 500).map(message))
  const types: string[] = []
  const bodies = await read('500', { after: cursor }, ({ type }) => types.push(type))
  assert.equal(types[0], 'events.gap')
  assert.deepEqual(bodies.slice(1), numbers(502 - bodies.length, 500))
})

test('the events end with the session', async (t) => {
  const { id, append, end, client } = await start(t)
  await append(id, message(1))
  const types: string[] = []
  for await (const { type } of client.events({ session: id, after: '0', types: 'message.*' })) {
    types.push(type)
    if (type === 'message.received') await end(id)
  }
  assert.deepEqual(types, ['message.received', 'session.ended'])
})

test('a session token needs no session, a ticket needs no token', async (t) => {
  const { id, token, append, url } = await start(t)
  await append(id, message(1))
  const api = createClient({ url, key: keys.main })
  const getTicket = async () => await api.tickets.create({ session: id })
  for (const client of [
    createClient({ url, token }),
    createClient({ url, getTicket }),
    createClient({ url, getTicket: async () => (await getTicket()).ticket }),
  ])
    for await (const event of client.events({ after: '0' })) {
      assert.equal(bodyOf(event), '1')
      break
    }
})

test('what another try would meet again is told, and not tried again', async (t) => {
  const { client, url, id, token } = await start(t)
  const first = (events: AsyncGenerator<Event>) => events.next()
  await assert.rejects(first(createClient({ url, key: 'sgk_wrong' }).events({ session: id })), refusedWith('unauthorized'))
  await assert.rejects(first(client.events({ session: 'nobody@x.example' })), refusedWith('session-not-found'))
  await assert.rejects(first(client.events({ session: id, after: 'elsewhere' })), refusedWith('cursor-invalid'))
  await assert.rejects(first(client.events({ session: id, types: 'nonsense' })), refusedWith('invalid-request'))
  const getTicket = async () => (await createClient({ url, token }).tickets.create()).ticket
  await assert.rejects(first(createClient({ url, getTicket }).events({ after: 'elsewhere' })), refusedWith('cursor-invalid'))
})

test('a signal ends the reading at any point, and the connection with it', async (t) => {
  const { id, append, client, proxy } = await start(t)
  await append(id, message(1), message(2))
  const stop = new AbortController()
  const reason = new Error('enough')
  const events = client.events({ session: id, after: '0', signal: stop.signal })
  assert.equal(bodyOf((await events.next()).value as Event), '1')
  const [, waiting] = [await events.next(), events.next()]
  stop.abort(reason)
  await assert.rejects(waiting, reason)
  await assert.rejects(client.events({ session: id, signal: stop.signal }).next(), reason)
  proxy.refuse(true)
  proxy.cut()
  const retrying = new AbortController()
  const failing = client.events({ session: id, signal: retrying.signal }).next()
  setImmediate(() => retrying.abort(reason))
  await assert.rejects(failing, reason)
})

test('a gateway that is away is waited for', async (t) => {
  const { id, append, proxy } = await start(t)
  await append(id, message(1))
  let asked = 0
  const counted: typeof fetch = (...given) => {
    asked += 1
    return fetch(...given)
  }
  const client = createClient({ url: `http://127.0.0.1:${proxy.port}`, key: keys.main, fetch: counted })
  const events = client.events({ session: id, after: '0' })
  assert.equal(bodyOf((await events.next()).value as Event), '1')
  proxy.refuse(true)
  proxy.cut()
  const waiting = events.next()
  while (asked < 4) await delay(5)
  await append(id, message(2))
  proxy.refuse(false)
  assert.equal(bodyOf((await waiting).value as Event), '2')
  await events.return()
})

test('a named consumer goes on after what it took, and keeps nothing itself', async (t) => {
  const { id, append, read, client } = await start(t)
  await append(id, message('before'))
  const options = { consumer: 'crm', types: 'message.*' }
  const stop = new AbortController()
  const first = client.events({ session: id, ...options, signal: stop.signal })
  const waiting = first.next()
  while ((await client.events.consumers({ session: id })).data.length === 0) await delay(5)
  await append(id, message(1), message(2), message(3))
  assert.equal(bodyOf((await waiting).value as Event), '1')
  assert.equal(bodyOf((await first.next()).value as Event), '2')
  // 1 was taken, for 2 was asked for; 2 may not have been done with
  await first.return()
  assert.deepEqual(await read('3', options), ['2', '3'])
  assert.deepEqual(await read('3', options), ['3'])
  const { data } = await client.events.consumers({ session: id })
  assert.deepEqual(
    data.map(({ name, lag }) => [name, lag.events]),
    [['crm', 1]],
  )
})

test('a named consumer that is ended and started again at random gets each event, in order', async (t) => {
  const { id, append, client, proxy } = await start(t)
  const last = 5_000
  const options = { session: id, consumer: 'crm', types: 'message.*' }
  const seen = new Set<number>()
  let starts = 0
  await append(id, message(0))
  await client.events.ack({ session: id, consumer: 'crm', cursor: (await client.events.list({ session: id })).page.next })
  const writing = (async () => {
    for (let body = 1; body <= last; body += 50) await append(id, ...numbers(body, Math.min(body + 49, last)).map(message))
  })()
  while (!seen.has(last)) {
    starts += 1
    const stop = new AbortController()
    let left = 1 + Math.floor(Math.random() * 200)
    let before: number | undefined
    try {
      for await (const event of client.events({ ...options, signal: stop.signal })) {
        const body = Number(bodyOf(event))
        // what was taken is told again at most, and nothing is left out
        assert.ok(before === undefined ? body === 1 || seen.has(body - 1) : body === before + 1, `${body} after ${before}`)
        before = body
        seen.add(body)
        left -= 1
        if (left > 0 && body < last) continue
        if (Math.random() < 0.5) break
        if (Math.random() < 0.5) proxy.cut()
        stop.abort(new Error('killed'))
      }
    } catch (error) {
      assert.equal((error as Error).message, 'killed')
    }
  }
  await writing
  assert.equal(seen.size, last)
  assert.ok(starts >= last / 200)
})
