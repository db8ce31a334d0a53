import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../http/support.ts'

const message = (body: string, from = 'romeo@x.example/orchard') => ({
  type: 'message.received',
  subject: body,
  data: { from, to: 'a@x.example', body },
})
const presence = (from: string) => ({ type: 'presence.available', volatile: true, data: { from, to: 'a@x.example' } })

async function start(t: Parameters<typeof startApp>[0], env: Record<string, string> = {}) {
  const made = await startApp(t, { env })
  const { id, token } = await made.addSession('a@x.example')
  const read = (query = '') => made.api('GET', `/events?session=${id}${query}`)
  const bodies = async (query = '') => (await read(query)).body.data.map(({ data }: { data: { body?: string } }) => data.body)
  return { ...made, id, token, read, bodies }
}

test('a page is CloudEvents in order, from the oldest; a cursor reads on from there', async (t) => {
  const { id, append, read, bodies } = await start(t)
  const cursors = await append(id, message('1'), message('2'), message('3'))
  const { status, body } = await read()
  assert.equal(status, 200)
  const [first] = body.data
  assert.deepEqual(
    { ...first, time: 0 },
    {
      specversion: '1.0',
      id: cursors[0],
      source: `/sessions/${id}`,
      type: 'message.received',
      subject: '1',
      time: 0,
      datacontenttype: 'application/json',
      data: { from: 'romeo@x.example/orchard', to: 'a@x.example', body: '1' },
    },
  )
  assert.match(first.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.match(first.id, /^[\w-]+$/)
  assert.deepEqual(body.page, { next: cursors[2], complete: true })
  assert.deepEqual(await bodies(`&after=${cursors[0]}`), ['2', '3'])
  assert.deepEqual(await bodies('&after=0'), ['1', '2', '3'])
  assert.deepEqual(await bodies(`&after=${cursors[2]}`), [])
})

test('limit cuts a page, and next goes on after it', async (t) => {
  const { id, append, read } = await start(t)
  await append(id, ...Array.from({ length: 7 }, (_, index) => message(String(index))))
  const seen: string[] = []
  let next = '0'
  for (let pages = 0; ; pages += 1) {
    const { body } = await read(`&limit=3&after=${next}`)
    seen.push(...body.data.map(({ data }: { data: { body: string } }) => data.body))
    next = body.page.next
    if (!body.page.complete) continue
    assert.equal(pages, 2)
    break
  }
  assert.deepEqual(seen, ['0', '1', '2', '3', '4', '5', '6'])
  for (const limit of ['0', '1001', 'x', '']) assert.equal((await read(`&limit=${limit}`)).status, 400, limit)
})

test('types and jids filter, and next is past what they left out', async (t) => {
  const { id, append, read, bodies } = await start(t)
  const cursors = await append(
    id,
    message('1'),
    presence('romeo@x.example/orchard'),
    message('2', 'juliet@x.example/balcony'),
    presence('nurse@x.example/x'),
  )
  const { body } = await read('&types=presence.*')
  assert.deepEqual(
    body.data.map(({ type }: { type: string }) => type),
    ['presence.available', 'presence.available'],
  )
  assert.deepEqual(await bodies('&types=message.received,roster.updated'), ['1', '2'])
  assert.deepEqual(await bodies('&types=*&jids=Juliet@X.example'), ['2'])
  assert.deepEqual(await bodies('&types=message.*&jids=romeo@x.example/orchard'), ['1'])
  assert.deepEqual(await bodies('&types=message.*&jids=romeo@x.example/other,nurse@x.example'), [])
  const nothing = await read('&types=roster.*')
  assert.deepEqual(nothing.body, { data: [], page: { next: cursors[3], complete: true } })
  assert.equal((await read('&types=Presence')).status, 400)
  assert.deepEqual((await read('&jids=@')).body.code, 'jid-malformed')
})

test('a filter that lets little through still finds what comes late', async (t) => {
  const { id, append, bodies } = await start(t)
  for (let batch = 0; batch < 5; batch += 1) await append(id, ...Array.from({ length: 500 }, () => message('no', 'x@y.example')))
  await append(id, message('yes'))
  assert.deepEqual(await bodies('&jids=romeo@x.example&limit=1'), ['yes'])
})

test('wait holds the answer until there is an event that passes the filter', async (t) => {
  const { id, append, read } = await start(t)
  const [cursor] = await append(id, message('1'))
  const waiting = read(`&after=${cursor}&wait=30&types=message.*`)
  await append(id, presence('romeo@x.example/orchard'))
  await append(id, message('2'))
  const { body } = await waiting
  assert.deepEqual(
    body.data.map(({ data }: { data: { body: string } }) => data.body),
    ['2'],
  )
  const empty = await read(`&after=${body.page.next}&wait=1`)
  assert.deepEqual(empty.body, { data: [], page: { next: body.page.next, complete: true } })
  assert.equal((await read('&wait=61')).status, 400)
})

test('a page that waits is answered when the process stops', async (t) => {
  const { app, read, store } = await start(t)
  const watched = Promise.withResolvers<void>()
  const { watch } = store.log
  store.log.watch = (session, wake) => {
    watched.resolve()
    return watch(session, wake)
  }
  const waiting = read('&wait=60')
  await watched.promise
  await app.stop()
  const { status, body } = await waiting
  assert.deepEqual([status, body.data], [200, []])
})

test('a cursor of another session or of nobody is 400, one that is no longer kept 410 with the oldest', async (t) => {
  const { id, append, read, addSession, bodies } = await start(t, { EVENT_LOG_MAX: '2' })
  const other = await addSession('b@x.example')
  const [foreign = ''] = await append(other.id, message('x'))
  for (const cursor of [foreign, 'nonsense', 'a-b', `${foreign}x`, '', '!!', '-']) {
    const { status, body } = await read(`&after=${cursor}`)
    assert.deepEqual([status, body.code], [400, 'cursor-invalid'], cursor)
  }
  const [first] = await append(id, message('1'), message('2'), message('3'), message('4'))
  const { status, body } = await read(`&after=${first}`)
  assert.deepEqual([status, body.code], [410, 'cursor-expired'])
  assert.deepEqual(await bodies(`&after=${body.oldest}`), ['3', '4'])
  assert.deepEqual(await bodies(), ['3', '4'])
  const ahead = (first ?? '').replace(/-.*$/, '-zzz')
  assert.equal((await read(`&after=${ahead}`)).status, 410)
})

test('snapshot and coalesce are for streams', async (t) => {
  const { read } = await start(t)
  const { status, body } = await read('&snapshot=presence&coalesce=5')
  assert.equal(status, 400)
  assert.deepEqual(
    body.errors.map(({ path }: { path: string }) => path),
    ['query.snapshot', 'query.coalesce'],
  )
})

test('a ticket opens the events of its session once, and nothing else', async (t) => {
  const { id, api, token, append, addSession } = await start(t)
  const other = await addSession('b@x.example')
  await append(id, message('1'))
  const made = await api('POST', `/tickets?session=${id}`)
  assert.equal(made.status, 201)
  assert.match(made.body.ticket, /^[\w-]+$/)
  assert.ok(Date.parse(made.body.expiresAt) - Date.now() <= 30_000)
  const open = (ticket: string, more = '') => api('GET', `/events?ticket=${ticket}${more}`, { key: null })
  assert.equal((await open(made.body.ticket)).body.data.length, 1)
  const again = await open(made.body.ticket)
  assert.deepEqual([again.status, again.body.code], [401, 'ticket-invalid'])
  const another = async () => (await api('POST', '/tickets', { key: token })).body.ticket
  assert.equal((await open(await another(), `&session=${id}`)).status, 200)
  assert.equal((await open(await another(), `&session=${other.id}`)).status, 404)
  assert.equal((await api('GET', `/tickets?ticket=${await another()}`, { key: null })).status, 405)
  assert.equal((await open('sgt_unknown')).headers.get('www-authenticate'), 'Bearer')
})

test('a hundred requests of a session wait at one time, the next is told to come back, and one that does not wait is answered', async (t) => {
  const { id, append, read } = await start(t)
  await append(id, message('1'))
  const { next } = (await read()).body.page
  const waits = Array.from({ length: 101 }, () => read(`&after=${next}&wait=60`))
  const refused = await Promise.race(waits)
  assert.deepEqual([refused.status, refused.body.code, refused.headers.get('retry-after')], [429, 'too-many-requests', '1'])
  assert.equal((await read(`&after=${next}`)).status, 200)
  await append(id, message('2'))
  const answers = await Promise.all(waits)
  assert.equal(answers.filter(({ status, body }) => status === 200 && body.data.length === 1).length, 100)
  assert.equal((await read(`&after=${next}&wait=60`)).body.data.length, 1)
})
