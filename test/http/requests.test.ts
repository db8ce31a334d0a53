import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { Problem, stanzaProblem } from '../../src/errors/problem.ts'
import { keys, operation, rawRequest, startApp } from './support.ts'

const echo = operation({
  id: 'things.make',
  method: 'POST',
  path: '/things',
  body: z.strictObject({ to: z.string(), count: z.int().optional(), list: z.array(z.strictObject({ name: z.string() })).optional() }),
  query: z.object({ limit: z.coerce.number().int().max(10).optional() }),
})
const read = operation({ id: 'things.get', method: 'GET', path: '/things/{name}', params: z.object({ name: z.string() }) })

test('every answer has an id and is not to be stored; a sane id of the caller is kept', async (t) => {
  const { api } = await startApp(t, { operations: [read] })
  const own = await api('GET', '/things/a', { headers: { 'x-request-id': 'abc-1.2:3_4' } })
  assert.equal(own.headers.get('x-request-id'), 'abc-1.2:3_4')
  assert.equal(own.headers.get('cache-control'), 'no-store')
  assert.equal(own.headers.get('x-content-type-options'), 'nosniff')
  for (const id of ['a b', 'x'.repeat(200), 'ä']) {
    const { headers } = await api('GET', '/nope', { headers: { 'x-request-id': encodeURI(id) === id ? id : 'a b' } })
    assert.match(headers.get('x-request-id') ?? '', /^req_[\w-]{36}$/)
  }
})

test('a token that is missing, malformed or unknown is 401 with WWW-Authenticate, and the problem says so', async (t) => {
  const { api } = await startApp(t, { operations: [read] })
  for (const authorization of [undefined, 'Bearer', 'Basic eDp5', `Bearer ${keys.main}x`, 'Bearer sgs_unknown', `bearer  ${keys.main} x`]) {
    const { status, headers, body } = await api('GET', '/things/a', { key: null, headers: authorization ? { authorization } : {} })
    assert.equal(status, 401, authorization)
    assert.equal(headers.get('www-authenticate'), 'Bearer')
    assert.equal(headers.get('content-type'), 'application/problem+json')
    assert.equal(body.code, 'unauthorized')
    assert.equal(body.status, 401)
    assert.equal(body.requestId, headers.get('x-request-id'))
  }
  assert.equal((await api('GET', '/things/a')).status, 200)
})

test('an unknown route is 404 with or without a token, whatever its body is', async (t) => {
  const { api } = await startApp(t)
  for (const key of [null, keys.main, 'sgk_wrong']) {
    const { status, body } = await api('GET', '/nope?session=x', { key })
    assert.deepEqual([status, body.code], [404, 'not-found'])
    assert.equal((await api('POST', '/nope', { key, body: 'x', headers: { 'content-type': 'text/plain' } })).status, 404)
  }
})

test('an empty id is no id: a path that ends with a slash is an unknown route', async (t) => {
  const reply = operation({ id: 'things.reply', method: 'POST', path: '/things/{name}/reply', params: z.object({ name: z.string() }) })
  const { api } = await startApp(t, { operations: [echo, read, reply] })
  for (const key of [null, keys.main]) {
    for (const [method, path] of [
      ['GET', '/things/'],
      ['HEAD', '/things/'],
      ['GET', '/things/?session=x'],
      ['POST', '/things/'],
      ['POST', '/things//reply'],
      ['GET', '/docs/'],
    ] as const) {
      const { status, body } = await api(method, path, { key })
      assert.deepEqual([status, body.code], [404, method === 'HEAD' ? undefined : 'not-found'], `${method} ${path}`)
    }
  }
})

test('a fixed path is not an id: its other methods are 405 with its own Allow', async (t) => {
  const batch = operation({ id: 'things.batch', method: 'POST', path: '/things/batch', body: z.unknown() })
  const { api } = await startApp(t, { operations: [read, batch] })
  for (const key of [null, keys.main]) {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const { status, headers } = await api(method, '/things/batch?session=x', { key })
      assert.deepEqual([status, headers.get('allow')], [405, 'POST'], method)
    }
  }
  assert.equal((await api('POST', '/things/batch', { body: {} })).status, 200)
  assert.equal((await api('GET', '/things/batches')).status, 200)
  assert.equal((await api('GET', '/things/:name')).status, 200)
})

test('a method that the route has not is 405 with Allow', async (t) => {
  const { api } = await startApp(t, { operations: [echo, read] })
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, headers, body } = await api(method, '/things/a%2Fb', { key: null })
    assert.equal(status, 405)
    assert.equal(headers.get('allow'), 'GET, HEAD')
    assert.equal(body.code, 'method-not-allowed')
  }
  assert.equal((await api('GET', '/things')).headers.get('allow'), 'POST')
})

test('HEAD answers as GET does, without the body', async (t) => {
  const { api } = await startApp(t, { operations: [read] })
  const get = await api('GET', '/things/a')
  const head = await api('HEAD', '/things/a')
  assert.equal(head.status, 200)
  assert.equal(head.text, '')
  assert.equal(head.headers.get('content-length'), get.headers.get('content-length'))
  assert.equal((await api('HEAD', '/things/a', { key: null })).status, 401)
})

test('what is wrong in a request is listed by its path', async (t) => {
  const { api } = await startApp(t, { operations: [echo] })
  const { status, body } = await api('POST', '/things?limit=11&colour=red', {
    body: { count: 'x', list: [{ name: 1, other: 2 }], extra: 1 },
  })
  assert.equal(status, 400)
  assert.equal(body.code, 'invalid-request')
  const paths = body.errors.map(({ path }: { path: string }) => path).sort()
  assert.deepEqual(paths, ['body.count', 'body.extra', 'body.list.0.name', 'body.list.0.other', 'body.to', 'query.colour', 'query.limit'])
  const required = body.errors.find(({ path }: { path: string }) => path === 'body.to')
  assert.equal(required.message, 'is required')
  assert.deepEqual((await api('POST', '/things')).body.errors, [{ path: 'body', message: 'is required' }])
  assert.equal((await api('POST', '/things?limit=1&limit=2', { body: { to: 'a' } })).status, 400)
  assert.equal((await api('POST', '/things?limit=10', { body: { to: 'a' } })).status, 200)
})

test('JSON that is malformed, or that means two things, is refused and never quoted', async (t) => {
  const { api } = await startApp(t, { operations: [echo] })
  const secret = 'CANARY'
  const deep = `{"to":${'['.repeat(200)}${']'.repeat(200)}}`
  const bodies = [
    `{"to":"${secret}"`,
    `{"to":"${secret}",}`,
    '',
    '"',
    `{"to":"a","to":"${secret}"}`,
    `{"to":"a","t\\u006f":"${secret}"}`,
    `{"to":"a","list":[{"name":"x","name":"y"}]}`,
    `{"__proto__":{"to":"a"},"to":"b"}`,
    deep,
    Buffer.from([0x7b, 0x22, 0x74, 0x6f, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
  ]
  for (const body of bodies) {
    const answer = await api('POST', '/things', { body })
    assert.equal(answer.status, 400, String(body))
    assert.equal(answer.body.code, 'invalid-request')
    assert.ok(answer.body.errors.length > 0)
    assert.ok(!answer.text.includes(secret))
  }
  const fine = await api('POST', '/things', { body: '\ufeff{"to":"a\\"{,","list":[{"name":"x"},{"name":"\\\\"}]}' })
  assert.equal(fine.status, 200)
})

test('a character that XML cannot carry is 422 wherever it stands', async (t) => {
  const { api } = await startApp(t, { operations: [echo, read] })
  for (const text of ['\\u0000', '\\u000b', '\\ufffe', '\\ud800', '\\udc00x']) {
    const { status, body } = await api('POST', '/things', { body: `{"to":"a","list":[{"name":"${text}"}]}` })
    assert.deepEqual([status, body.code], [422, 'illegal-character'], text)
    assert.equal(body.errors[0].path, 'body.list.0.name')
  }
  assert.equal((await api('GET', '/things/a%00')).status, 422)
  for (const body of ['{"to":"a","list":[{"name":"x","\\u0000":1}]}', '{"t\\ud800":1}', '{"to":"a","extra":"\\ufffe"}']) {
    assert.equal((await api('POST', '/things', { body })).body.code, 'illegal-character', body)
  }
  assert.equal((await api('POST', '/things', { body: { to: '\u{1f600}\t\n' } })).status, 200)
})

test('media types: 415 for a body that is not taken, 406 for an answer that is not given', async (t) => {
  const xml = operation({
    id: 'x',
    method: 'POST',
    path: '/x',
    xmlBody: true,
    body: z.unknown(),
    xmlAnswer: true,
    run: async ({ accept, body }) => ({ status: 200, body: { accept, body } }),
  })
  const { api } = await startApp(t, { operations: [echo, read, xml] })
  const send = (type: string, path = '/things', body = '{"to":"a"}') => api('POST', path, { body, headers: { 'content-type': type } })
  for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/json; charset=latin1']) {
    assert.equal((await send(type)).status, 415, type)
  }
  assert.equal((await api('POST', '/things', { body: '{"to":"a"}', headers: { 'content-encoding': 'gzip' } })).status, 415)
  assert.equal((await send('application/json;charset=UTF-8')).status, 200)
  assert.deepEqual((await send('application/xml', '/x', '<a/>')).body, { accept: 'application/json', body: '<a/>' })
  const accepts = async (accept: string, path = '/things/a') => (await api('GET', path, { headers: { accept } })).status
  assert.equal(await accepts('text/html'), 406)
  assert.equal(await accepts('application/json;q=0'), 406)
  assert.equal(await accepts('text/html, application/*;q=0.1'), 200)
  const preferred = await api('POST', '/x', { body: '{}', headers: { accept: 'application/json;q=0.5, application/xml' } })
  assert.equal(preferred.body.accept, 'application/xml')
})

test('a body over BODY_LIMIT is 413, one of just that size is not', async (t) => {
  const { api } = await startApp(t, { operations: [echo], env: { BODY_LIMIT: '1024' } })
  const body = (size: number) => JSON.stringify({ to: 'x'.repeat(size - 9) })
  assert.equal(body(1024).length, 1024)
  assert.equal((await api('POST', '/things', { body: body(1024) })).status, 200)
  const { status, body: problem } = await api('POST', '/things', { body: body(1025) })
  assert.deepEqual([status, problem.code], [413, 'body-too-large'])
})

test('a body where none is taken is refused unless it is empty', async (t) => {
  const none = operation({ id: 'none', method: 'DELETE', path: '/none' })
  const { api } = await startApp(t, { operations: [none] })
  assert.equal((await api('DELETE', '/none')).status, 200)
  assert.equal((await api('DELETE', '/none', { body: '' })).status, 200)
  assert.equal((await api('DELETE', '/none', { body: {} })).status, 200)
  assert.equal((await api('DELETE', '/none', { body: { a: 1 } })).status, 400)
})

test('what goes wrong inside is hidden from the caller and told in the log', async (t) => {
  const boom = operation({
    id: 'boom',
    method: 'GET',
    path: '/boom',
    run: async () => {
      throw new TypeError('the inside')
    },
  })
  const { api, lines } = await startApp(t, { operations: [boom] })
  const { status, body, text } = await api('GET', '/boom')
  assert.deepEqual([status, body.code, body.retryable], [500, 'internal-error', false])
  assert.ok(!text.includes('the inside'))
  const logged = lines()
    .map((line) => JSON.parse(line))
    .find(({ event }) => event === 'http.error')
  assert.equal(logged.requestId, body.requestId)
  assert.equal(logged.err.message, 'the inside')
})

test('a stanza error keeps its condition; type wait makes it retryable, with Retry-After', async (t) => {
  const refuse = (type: 'wait' | 'cancel') =>
    operation({
      id: type,
      method: 'GET',
      path: `/${type}`,
      run: async () => {
        throw stanzaProblem({ type, condition: 'item-not-found', text: 'gone fishing' })
      },
    })
  const { api } = await startApp(t, { operations: [refuse('wait'), refuse('cancel')] })
  const wait = await api('GET', '/wait')
  assert.deepEqual([wait.status, wait.body.code, wait.body.retryable], [404, 'xmpp-item-not-found', true])
  assert.match(wait.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  const cancel = await api('GET', '/cancel')
  assert.equal(cancel.body.retryable, false)
  assert.equal(cancel.headers.get('retry-after'), null)
  assert.deepEqual(cancel.body.xmpp, { type: 'cancel', condition: 'item-not-found', text: 'gone fishing' })
})

test('Prefer is parsed for the operation, and what it honoured is told', async (t) => {
  const prefer = operation({
    id: 'prefer',
    method: 'POST',
    path: '/prefer',
    run: async (call) => ({ status: 200, body: call.prefer, preferenceApplied: 'wait=5' }),
  })
  const { api } = await startApp(t, { operations: [prefer] })
  const send = (value: string) => api('POST', '/prefer', { headers: { prefer: value } })
  assert.deepEqual((await send('respond-async, wait=5')).body, { wait: 5, respondAsync: true })
  assert.deepEqual((await send('WAIT="7"; foo=bar, wait=9')).body, { wait: 7 })
  assert.deepEqual((await send('wait=-1, wait=x, handling=lenient')).body, {})
  assert.equal((await send('wait=5')).headers.get('preference-applied'), 'wait=5')
})

test('origins of ALLOWED_ORIGINS may call from a browser, others get no CORS headers', async (t) => {
  const { api } = await startApp(t, { operations: [read], env: { ALLOWED_ORIGINS: 'https://app.example' } })
  const preflight = { origin: 'https://app.example', 'access-control-request-method': 'GET' }
  const allowed = await api('OPTIONS', '/things/a', { key: null, headers: preflight })
  assert.equal(allowed.status, 204)
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://app.example')
  assert.match(allowed.headers.get('access-control-allow-headers') ?? '', /Idempotency-Key/)
  const call = await api('GET', '/things/a', { headers: { origin: 'https://app.example' } })
  assert.equal(call.headers.get('access-control-allow-origin'), 'https://app.example')
  const foreign = await api('GET', '/things/a', { headers: { origin: 'https://evil.example' } })
  assert.equal(foreign.status, 200)
  assert.equal(foreign.headers.get('access-control-allow-origin'), null)
  assert.equal((await api('OPTIONS', '/things/a', { key: null, headers: { ...preflight, origin: 'https://evil.example' } })).status, 405)
})

test('what is no HTTP, or too much of it, gets a problem and a closed connection', async (t) => {
  const { url } = await startApp(t, { operations: [read] })
  const bad = await rawRequest(url, 'GET / HTTP/9.9\r\n\r\n')
  assert.match(bad, /^HTTP\/1\.1 400 /)
  assert.match(bad, /application\/problem\+json/)
  const large = await rawRequest(url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
  assert.match(large, /^HTTP\/1\.1 431 /)
  const smuggled = await rawRequest(
    url,
    'POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  )
  assert.match(smuggled, /^HTTP\/1\.1 400 /)
  const badPath = await rawRequest(url, 'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.match(badPath, /^HTTP\/1\.1 400 [\s\S]*invalid-request/)
})

test('a request that drips in is cut: head within 10 s, all of it within 30 s', async (t) => {
  const { app } = await startApp(t)
  const { headersTimeout, requestTimeout } = app.server.server
  assert.deepEqual([headersTimeout, requestTimeout], [10_000, 30_000])
})

test('no spelling of a path gets around the token', async (t) => {
  const { url } = await startApp(t, { operations: [read] })
  const spellings = [
    '/things/a',
    '//things/a',
    '/things/%2e%2e/a',
    '/health/../things/a',
    '/things;x/a',
    '/health/live/%2e%2e/%2e%2e/things/a',
    '/THINGS/a',
    '/things/a/',
    '/metrics',
    '/%6detrics',
    '/events',
  ]
  for (const path of spellings) {
    const answer = await rawRequest(url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.1 40[14] /, path)
  }
})

test('a problem may bring its own headers and members', async (t) => {
  const gone = operation({
    id: 'gone',
    method: 'GET',
    path: '/gone',
    run: async () => {
      throw new Problem('cursor-expired', 'Too old.', { members: { oldest: 'abc' }, headers: { 'x-more': '1' } })
    },
  })
  const { api } = await startApp(t, { operations: [gone] })
  const { status, body, headers } = await api('GET', '/gone')
  assert.deepEqual([status, body.oldest, headers.get('x-more')], [410, 'abc', '1'])
})
