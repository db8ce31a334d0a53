import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { documentFiles, generateDocuments } from '../../scripts/openapi.ts'
import { Problem } from '../../src/errors/problem.ts'
import { keys, operation, startApp } from './support.ts'

test('health is open to all; live says that the process runs, ready what was looked at', async (t) => {
  const { api } = await startApp(t)
  assert.deepEqual((await api('GET', '/health/live', { key: null })).body, { status: 'live' })
  const ready = await api('GET', '/health/ready', { key: null })
  assert.deepEqual([ready.status, ready.body], [200, { status: 'ready', checks: { store: 'ok', loop: 'ok', heap: 'ok', running: 'ok' } }])
  assert.equal((await api('HEAD', '/health/ready', { key: null })).status, 200)
})

test('an instance whose store does not answer in time is not ready, and lives', async (t) => {
  const { api, store } = await startApp(t)
  store.ping = () => new Promise(() => {})
  const { status, body, headers } = await api('GET', '/health/ready', { key: null })
  assert.deepEqual([status, body.code, body.checks.store], [503, 'store-unavailable', 'failed'])
  assert.ok(headers.get('retry-after'))
  assert.equal((await api('GET', '/health/live', { key: null })).status, 200)
})

test('a connection that cannot be accepted ends nothing', async (t) => {
  const { api, app, lines } = await startApp(t)
  app.server.server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' }))
  assert.equal((await api('GET', '/health/live', { key: null })).status, 200)
  assert.ok(lines().some((line) => line.includes('EMFILE')))
})

test('a store that is away makes requests 503, not 500', async (t) => {
  const { api, store, addSession } = await startApp(t)
  const { id } = await addSession('a@x.example')
  store.log.read = async () => {
    throw new Problem('store-unavailable', 'Not now.')
  }
  const { status, body, headers } = await api('GET', `/events?session=${id}`)
  assert.deepEqual([status, body.code, body.retryable], [503, 'store-unavailable', true])
  assert.ok(headers.get('retry-after'))
})

test('metrics are for API keys and METRICS_TOKEN, and have no path, JID or id in them', async (t) => {
  const token = 'a-token-for-prometheus'
  const thing = operation({ id: 'x', method: 'GET', path: '/things/{name}', params: z.object({ name: z.string() }) })
  const { api, addSession } = await startApp(t, { env: { METRICS_TOKEN: token }, operations: [thing] })
  const { id, token: session } = await addSession('romeo@x.example')
  await api('GET', '/things/romeo%40x.example')
  await api('GET', `/events?session=${id}`)
  await api('GET', '/nowhere/romeo')
  for (const key of [null, 'wrong', session]) assert.equal((await api('GET', '/metrics', { key })).status, 401)
  assert.equal((await api('GET', '/metrics', { key: keys.main })).status, 200)
  const { text, headers } = await api('GET', '/metrics', { key: token })
  assert.match(headers.get('content-type') ?? '', /^text\/plain/)
  assert.match(text, /http_server_request_duration_seconds_count\{.*http_route="\/things\/:name".*\} 1/)
  assert.match(text, /http_route="none"/)
  for (const name of ['sessions', 'events_gap_total', 'streams', 'build_info']) assert.match(text, new RegExp(`# TYPE stanzagate_${name} `))
  assert.ok(!text.includes('romeo') && !text.includes(id))
})

test('no password, token, body, query or path is ever on a log line, whatever goes wrong', async (t) => {
  const boom = operation({
    id: 'boom',
    method: 'POST',
    path: '/boom/{name}',
    params: z.object({ name: z.string() }),
    query: z.object({ q: z.string().optional() }),
    body: z.unknown(),
    run: async ({ body }) => {
      const cause = Object.assign(new Error('inner'), { body, password: 'CANARY-cause' })
      if (body === null) throw new Problem('xmpp-unreachable', 'CANARY-detail', { cause })
      throw Object.assign(new TypeError('outer', { cause }), { command: { args: ['CANARY-args'] } })
    },
  })
  const quoting = operation({ id: 'quoting', method: 'GET', path: '/quoting', run: async () => JSON.parse('{"CANARY-parsed"') })
  const { api, lines, addSession, append, app } = await startApp(t, { env: { LOG_LEVEL: 'trace' }, operations: [boom, quoting] })
  const { id } = await addSession('a@x.example')
  await append(id, { type: 'message.received', data: { body: 'CANARY-event' } })
  const post = (body: unknown, path = '/boom/CANARY-path?q=CANARY-query') => api('POST', path, { body })
  await post({ password: 'CANARY-body' })
  await post(null)
  await post('{"password":"CANARY-malformed')
  await post({ text: 'CANARY-nul\0' })
  await post({}, '/boom/x?CANARY-unknown=1')
  await post({}, '/CANARY-nowhere')
  await api('GET', '/quoting')
  await api('GET', `/events?session=${id}&ticket=CANARY-ticket`)
  await api('GET', `/events?session=${id}`)
  await api('GET', '/quoting', { key: 'sgk_CANARY-key', headers: { 'x-request-id': 'kept' } })
  app.log.info(
    { event: 'start', password: 'CANARY-1', token: 'CANARY-2', deep: { authorization: 'CANARY-3' }, err: new SyntaxError('CANARY-4') },
    'x',
  )
  const all = lines()
  assert.ok(all.length > 10)
  for (const line of all) {
    assert.ok(!line.includes('CANARY'), line)
    assert.ok(!Object.values(keys).some((key) => line.includes(key)), line)
    const { event, instance, level } = JSON.parse(line)
    assert.ok(event && level)
    assert.equal(instance, 'test')
  }
  assert.ok(all.some((line) => line.includes('"requestId":"kept"')))
})

test('openapi.yaml and the schemas need no token', async (t) => {
  const { api } = await startApp(t)
  const yaml = await api('GET', '/openapi.yaml', { key: null })
  assert.equal(yaml.status, 200)
  assert.equal(parse(yaml.text).openapi, '3.1.0')
  for (const name of ['message', 'presence', 'iq', 'event']) {
    const { status, headers, body } = await api('GET', `/schemas/${name}.json`, { key: null })
    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^application\/schema\+json/)
    assert.match(body.$schema, /2020-12/)
  }
})

test('openapi.yaml and asyncapi.yaml are what follows from the code: npm run openapi writes them', async () => {
  const { openapi, asyncapi } = await generateDocuments()
  for (const [file, text] of [
    [documentFiles.openapi, openapi],
    [documentFiles.asyncapi, asyncapi],
  ] as const)
    assert.ok(readFileSync(file, 'utf8') === text, 'run npm run openapi')
})

test('every operation of the document has an id, its problems and its session; every reference leads somewhere', async () => {
  const document = parse((await generateDocuments()).openapi)
  const operations = Object.values(document.paths as Record<string, Record<string, unknown>>).flatMap(Object.values)
  const ids = operations.map(({ operationId }) => operationId)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of [
    'sessions.open',
    'messages.send',
    'roster.put',
    'iq.send',
    'stanzas.send',
    'translate',
    'events.list',
    'tickets.create',
  ])
    assert.ok(ids.includes(id), id)
  for (const { operationId, responses, security } of operations) {
    if (!security?.length && security !== undefined) continue
    assert.ok('401' in responses, operationId)
  }
  for (const [, name = ''] of JSON.stringify(document).matchAll(/"#\/components\/([^"]+)"/g)) {
    const [kind = '', member = ''] = name.split('/')
    assert.ok(document.components[kind]?.[member], name)
  }
  assert.ok(!Object.keys(document.components.schemas).some((name) => name.startsWith('__') || name.endsWith('Output')))
})
