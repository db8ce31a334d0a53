/** Pages and streams of large events: bounded in bytes, and nothing is left out. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { keys, startApp } from '../http/support.ts'
import { openEventStream } from '../support/event-stream.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** of a page that ends for its bytes, with the last of them and what is told beside the data */
const PAGE_MAX = 5 * MiB

const large = (n: number, bytes: number, from = 'romeo@x.example/orchard') => ({
  type: 'message.received',
  data: { from, n, body: randomBytes((bytes * 3) / 4).toString('base64') },
})
const range = (count: number) => Array.from({ length: count }, (_, n) => n)

interface Page {
  data: { data: { n: number } }[]
  page: { next: string; complete: boolean }
}

async function start(t: TestContext) {
  const made = await startApp(t, { env: { EVENT_LOG_BYTES: '256MiB' } })
  const { id } = await made.addSession('a@x.example')
  /** all that a query gives, page by page */
  async function readAll(query = ''): Promise<{ numbers: number[]; sizes: number[]; pages: Page[] }> {
    const pages: Page[] = []
    const sizes: number[] = []
    for (let after = '0', complete = false; !complete; ) {
      const { status, text, body } = await made.api('GET', `/events?session=${id}&limit=1000&after=${after}${query}`)
      assert.equal(status, 200, text.slice(0, 500))
      assert.notEqual(body.page.next, after, 'a page that is not the last comes further')
      pages.push(body)
      sizes.push(text.length)
      ;({ next: after, complete } = body.page)
    }
    return { pages, sizes, numbers: pages.flatMap(({ data }) => data.map(({ data: { n } }) => n)) }
  }
  const reached = async (bound: string) => sumOf(samplesOf((await made.api('GET', '/metrics')).text), 'bounds_reached_total', { bound })
  return { ...made, id, readAll, reached }
}

test('a page of large events ends after so many bytes, whatever its limit, and the next one goes on', async (t) => {
  const { id, append, readAll, reached } = await start(t)
  for (const n of range(60)) await append(id, large(n, n % 2 ? 250 * KiB : 120 * KiB))
  const { numbers, sizes } = await readAll()
  assert.deepEqual(numbers, range(60))
  assert.ok(Math.max(...sizes) < PAGE_MAX, `${sizes}`)
  assert.ok(sizes.length <= 5, `${sizes.length} pages`)
  assert.equal(await reached('page-bytes'), sizes.length - 1)
})

test('an event that is larger than a page is told alone', async (t) => {
  const { id, append, readAll } = await start(t)
  await append(id, large(0, 10))
  await append(id, large(1, 6 * MiB), large(2, 10))
  await append(id, large(3, 6 * MiB))
  const { numbers, pages } = await readAll()
  assert.deepEqual(numbers, range(4))
  assert.ok(pages.every(({ data }) => data.length <= 2))
})

test('a page over which a filter lets nothing through ends after so many bytes too', async (t) => {
  const { id, append, readAll, reached } = await start(t)
  for (const n of range(80)) await append(id, large(n, 256 * KiB, 'nurse@x.example/x'))
  await append(id, large(80, 10))
  const { numbers, pages } = await readAll('&jids=romeo@x.example')
  assert.deepEqual(numbers, [80])
  assert.equal(pages.length, 2)
  assert.equal(await reached('page-scan'), 1)
})

test('a page that is waited for is bounded in the same way', async (t) => {
  const { id, api, append } = await start(t)
  for (const n of range(40)) await append(id, large(n, 250 * KiB))
  const { body, text } = await api('GET', `/events?session=${id}&limit=1000&wait=30`)
  assert.ok(text.length < PAGE_MAX && body.data.length > 10 && !body.page.complete)
})

for (const [kind, protocol] of [
  ['WebSocket', undefined],
  ['server-sent events', 'sse'],
] as const) {
  test(`large events come over ${kind}, live and from the log, to each of several readers`, async (t) => {
    const { id, url, append } = await start(t)
    for (const n of range(10)) await append(id, large(n, 300 * KiB))
    await append(id, large(10, 3 * MiB))
    const read = async () => {
      if (protocol === 'sse') return readSse(`${url}/events?session=${id}&after=0`, 22)
      const stream = openEventStream({ url, token: keys.main, session: id, query: { after: '0' } })
      t.after(() => stream.socket.terminate())
      await stream.next((event) => event.data.n === 21)
      return stream.events.map((event) => event.data.n)
    }
    const readers = [read(), read()]
    for (const n of range(11)) await append(id, large(11 + n, 300 * KiB))
    for (const numbers of await Promise.all(readers)) assert.deepEqual(numbers, range(22))
  })
}

async function readSse(url: string, count: number): Promise<number[]> {
  const aborted = new AbortController()
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${keys.main}`, accept: 'text/event-stream' },
    signal: aborted.signal,
  })
  const numbers: number[] = []
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1]
      if (data !== undefined) numbers.push(JSON.parse(data).data.n)
    }
    if (numbers.length >= count) break
  }
  aborted.abort()
  return numbers
}
