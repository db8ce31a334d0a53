/** Readers with a name: their place is kept here, and is what they acked. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { keys, startApp, type TestAppOptions } from '../http/support.ts'
import { openEventStream } from '../support/event-stream.ts'

const message = (n: number) => ({ type: 'message.received', data: { from: 'romeo@x.example', body: String(n) } })
const numbersOf = (events: readonly { data: { body: string } }[]) => events.map(({ data }) => Number(data.body))
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

async function start(t: TestContext, options: TestAppOptions = {}) {
  const made = await startApp(t, options)
  const { id } = await made.addSession('a@x.example')
  let last = 0
  const ack = (consumer: string, cursor: string | undefined) =>
    made.api('POST', `/events/ack?session=${id}`, { body: { consumer, cursor } })
  const page = (query: string) => made.api('GET', `/events?session=${id}&${query}`)
  return {
    ...made,
    id,
    ack,
    page,
    /** appends so many messages, which count on; answers their cursors */
    more(count: number) {
      last += count
      return made.append(id, ...range(last - count + 1, last).map(message))
    },
    list: async () => (await made.api('GET', `/events/consumers?session=${id}`)).body.data,
    open(query: Record<string, string | number>) {
      const stream = openEventStream({ url: made.url, token: keys.main, session: id, query })
      t.after(() => stream.socket.terminate())
      return stream
    },
    /** the numbers of the first events of a stream of server-sent events */
    async sse(query: string, count: number): Promise<number[]> {
      const stop = new AbortController()
      const headers = { accept: 'text/event-stream', authorization: `Bearer ${keys.main}` }
      const response = await fetch(`${made.url}/events?session=${id}&${query}`, { headers, signal: stop.signal })
      assert.equal(response.status, 200, await (response.ok ? '' : response.text()))
      let text = ''
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        if (text.split('\ndata: ').length > count) break
      }
      stop.abort()
      return [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => Number(JSON.parse(json!).data.body))
    },
  }
}

test('a page begins with the oldest, and goes on after what was acked, however often it is asked for', async (t) => {
  const { more, page, ack } = await start(t)
  const cursors = await more(5)
  for (const _ of range(1, 2)) assert.deepEqual(numbersOf((await page('consumer=crm')).body.data), range(1, 5))
  assert.equal((await ack('crm', cursors[2])).status, 204)
  for (const _ of range(1, 2)) assert.deepEqual(numbersOf((await page('consumer=crm')).body.data), range(4, 5))
  assert.deepEqual(numbersOf((await page('consumer=crm&after=0')).body.data), range(1, 5))
  assert.deepEqual(numbersOf((await page('consumer=crm')).body.data), range(4, 5))
  assert.deepEqual(numbersOf((await page(`consumer=other&after=${cursors[0]}`)).body.data), range(2, 5))
  assert.deepEqual(numbersOf((await page('consumer=other')).body.data), range(2, 5))
})

test('a stream begins now, and one that comes again gets what was not acked, by whichever way', async (t) => {
  const { more, open, ack, page, sse } = await start(t)
  await more(2)
  const first = open({ consumer: 'crm' })
  await first.opened
  const cursors = await more(3)
  await first.next(({ data }) => data.body === '5')
  assert.deepEqual(numbersOf(first.events), range(3, 5))
  first.socket.terminate()
  // it said nothing of any of them
  const second = open({ consumer: 'crm' })
  await second.next(({ data }) => data.body === '5')
  assert.deepEqual(numbersOf(second.events), range(3, 5))
  assert.equal((await ack('crm', cursors[1])).status, 204)
  const third = open({ consumer: 'crm' })
  await third.next(({ data }) => data.body === '5')
  assert.deepEqual(numbersOf(third.events), [5])
  assert.deepEqual(await sse('consumer=crm', 1), [5])
  assert.deepEqual(numbersOf((await page('consumer=crm')).body.data), [5])
  assert.deepEqual(await sse(`consumer=crm&after=${cursors[0]}`, 2), [4, 5])
})

test('two readers of one name both get everything', async (t) => {
  const { more, open } = await start(t)
  const both = [open({ consumer: 'crm' }), open({ consumer: 'crm' })]
  await Promise.all(both.map(({ opened }) => opened))
  await more(3)
  for (const stream of both) {
    await stream.next(({ data }) => data.body === '3')
    assert.deepEqual(numbersOf(stream.events), range(1, 3))
  }
})

test('an ack of an earlier event moves nothing, of no event of the session is refused', async (t) => {
  const { more, page, ack, addSession, append } = await start(t)
  const cursors = await more(4)
  const other = await addSession('b@x.example')
  const [foreign] = await append(other.id, message(0))
  await ack('crm', cursors[2])
  for (const cursor of [cursors[0], '0', cursors[2]]) assert.equal((await ack('crm', cursor)).status, 204)
  for (const cursor of [foreign, 'nonsense']) {
    const refused = await ack('crm', cursor)
    assert.deepEqual([refused.status, refused.body.code], [400, 'cursor-invalid'])
  }
  for (const [consumer, cursor] of [
    ['a b', cursors[3]],
    ['x'.repeat(65), cursors[3]],
    ['', cursors[3]],
    ['crm', 'not a cursor'],
    ['crm', undefined],
  ] as const)
    assert.deepEqual((await ack(consumer!, cursor)).body.code, 'invalid-request', `${consumer} ${cursor}`)
  assert.deepEqual(numbersOf((await page('consumer=crm')).body.data), [4])
  const refused = await page('consumer=a%20b')
  assert.deepEqual([refused.status, refused.body.errors[0].path], [400, 'query.consumer'])
})

test('the list says who they are, and how far each is behind', async (t) => {
  const { more, open, ack, list, append, id } = await start(t)
  assert.deepEqual(await list(), [])
  const cursors = await more(10)
  await ack('done', cursors[9])
  await ack('behind', cursors[3])
  await open({ consumer: 'a.new-one_' }).opened
  const before = Date.now()
  await delay(20)
  const all = await list()
  assert.deepEqual(
    all.map(({ name, cursor, lag }: { name: string; cursor: string; lag: { events: number } }) => [name, cursor, lag.events]),
    [
      ['a.new-one_', cursors[9], 0],
      ['behind', cursors[3], 6],
      ['done', cursors[9], 0],
    ],
  )
  const [fresh, behind] = all
  assert.ok(fresh.lag.seconds === 0 && behind.lag.seconds >= 0.02 && behind.lag.seconds < 30)
  assert.ok(Math.abs(Date.parse(behind.lastUsedAt) - before) < 10_000)
  await append(id, message(11))
  assert.equal((await list())[2].lag.events, 1)
})

test('one more than a hundred is refused by every way, and those that are there go on', async (t) => {
  const { more, open, ack, page, api, id } = await start(t)
  const [cursor] = await more(1)
  for (const n of range(1, 100)) assert.equal((await ack(`c${n}`, cursor)).status, 204)
  for (const answer of [await ack('one-more', cursor), await page('consumer=one-more')])
    assert.deepEqual([answer.status, answer.body.code], [422, 'limit-exceeded'])
  await assert.rejects(open({ consumer: 'one-more' }).opened, /HTTP 422/)
  const sse = await api('GET', `/events?session=${id}&consumer=one-more`, { headers: { accept: 'text/event-stream' } })
  assert.equal(sse.status, 422)
  assert.equal((await page('consumer=c7')).status, 200)
  const first = await api('GET', `/events/consumers?session=${id}&limit=60`)
  const rest = await api('GET', `/events/consumers?session=${id}&limit=60&after=${first.body.page.next}`)
  assert.deepEqual([first.body.data.length, rest.body.data.length, rest.body.page.complete], [60, 40, true])
})

test('what is acked in quick succession is written seldom, and the last of it always', async (t) => {
  const { more, ack, store, app, list } = await start(t)
  const cursors = await more(300)
  const written: string[] = []
  const { ack: write } = store.consumers
  store.consumers.ack = (session, name, cursor) => {
    written.push(cursor)
    return write(session, name, cursor)
  }
  const began = performance.now()
  for (const cursor of cursors.slice(0, 250)) assert.equal((await ack('crm', cursor)).status, 204)
  const took = performance.now() - began
  assert.equal(written[0], cursors[0])
  assert.ok(written.length <= took / 200 + 2, `${written.length} in ${took} ms`)
  // whoever looks finds it as it was told
  assert.equal((await list())[0].cursor, cursors[249])
  await ack('crm', cursors[250])
  await ack('crm', cursors[299])
  await ack('crm', cursors[255])
  await app.stop()
  assert.equal(written.at(-1), cursors[299])
})

test('one is kept after its last use as long as events are, and while its stream is open', async (t) => {
  const { more, open, ack, list } = await start(t, { env: { EVENT_LOG_AGE: '1s' } })
  const [cursor] = await more(1)
  await ack('gone', cursor)
  const stream = open({ consumer: 'here' })
  await stream.opened
  const deadline = performance.now() + 10_000
  while ((await list()).length > 1 && performance.now() < deadline) await delay(50)
  assert.deepEqual(
    (await list()).map(({ name }: { name: string }) => name),
    ['here'],
  )
})

test('a place that fell out of the log is told: as a gap by a stream, as a problem by a page', async (t) => {
  const { more, open, ack, page } = await start(t, { env: { EVENT_LOG_MAX: '10' } })
  const [cursor] = await more(2)
  await ack('crm', cursor)
  await more(30)
  const expired = await page('consumer=crm')
  assert.deepEqual([expired.status, expired.body.code], [410, 'cursor-expired'])
  assert.equal((await page(`consumer=crm&after=${expired.body.oldest}`)).body.data.length, 10)
  const stream = open({ consumer: 'crm' })
  const gap = await stream.next('events.gap')
  assert.equal(gap.data.reason, 'expired')
  await stream.next(({ data }) => data.body === '32')
  assert.equal((await ack('crm', gap.id)).status, 204)
  assert.deepEqual(numbersOf((await page('consumer=crm')).body.data), range(23, 32))
})
