import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../../src/errors/problem.ts'
import { checkTarget } from '../../src/net/target.ts'
import { createDue } from '../../src/webhooks/due.ts'
import { TRIED_FOR, waitAfter } from '../../src/webhooks/schedule.ts'
import { keyOf, newSecret, signedHeaders } from '../../src/webhooks/signature.ts'
import { createSlots } from '../../src/webhooks/slots.ts'
import { createWanted } from '../../src/webhooks/wanted.ts'

test('a secret is whsec_ and 32 random bytes, and each live one signs', () => {
  const secrets = [newSecret(), newSecret()]
  for (const secret of secrets) assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  const body = '{"text":"Grüße"}'
  const headers = signedHeaders({ id: 'abc-1', at: 1_700_000_000_999, body, keys: secrets.map(keyOf) })
  const expected = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`abc-1.1700000000.${body}`).digest('base64')}`
  })
  assert.deepEqual(headers, { 'webhook-id': 'abc-1', 'webhook-timestamp': '1700000000', 'webhook-signature': expected.join(' ') })
})

test('the example of the Standard Webhooks specification has its signature', () => {
  const { 'webhook-signature': signature } = signedHeaders({
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: 1_614_265_330_000,
    body: '{"test": 2432232314}',
    keys: [keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')],
  })
  assert.equal(signature, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('waits double from 5 s to 6 h, each with full jitter, for 72 h', () => {
  const longest = (failed: number) => waitAfter(failed, () => 0.999999)
  const seconds = Array.from({ length: 14 }, (_, index) => Math.round(longest(index + 1) / 1000))
  assert.deepEqual(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240, 20480, 21600])
  assert.ok(longest(10_000) <= 6 * 3_600_000)
  assert.equal(
    waitAfter(9, () => 0),
    0,
  )
  assert.equal(TRIED_FOR, 259_200_000)
})

const policy = { privateHosts: new Set(['127.0.0.1', 'localhost', 'hooks.internal']), variable: 'WEBHOOK_PRIVATE_HOSTS' }
const refused = (error: unknown) => error instanceof Problem && error.code === 'address-not-allowed'

test('a URL is refused for its scheme, its user info, port 0 and literal addresses that are not public', () => {
  const wrong = [
    ...['http://example.org/', 'ftp://example.org/', 'file:///etc/passwd', 'javascript:alert(1)', 'https:', 'example.org', '/hook', ''],
    ...['https://user@example.org/', 'https://user:secret@example.org/', 'https://:secret@example.org/', 'https://example.org:0/'],
    ...['https://10.0.0.1/', 'https://169.254.169.254/', 'https://[::1]/', 'https://[::ffff:127.0.0.2]/', 'https://0x7f.2/'],
    ...['https://2130706434/', 'https://0177.0.0.2/', 'https://[fd00::1]/', 'https://[64:ff9b::7f00:1]/', 'https://0/'],
    ...['https://192.168.1.1:8443/hook', 'http://8.8.8.8/', 'https://localhost@10.0.0.1/', 'https://127.0.0.1@example.org/'],
  ]
  for (const url of wrong) assert.throws(() => checkTarget(url, policy), refused, url)
})

test('a URL is taken with a public name or address, and any on the hosts that are named', () => {
  const right = [
    ['https://example.org/hook?a=b', 'https://example.org/hook?a=b'],
    ['HTTPS://Example.ORG:8443', 'https://example.org:8443/'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    ['http://127.0.0.1:9000/hook', 'http://127.0.0.1:9000/hook'],
    ['http://0x7f.1:9000/hook', 'http://127.0.0.1:9000/hook'],
    ['http://localhost:1/', 'http://localhost:1/'],
    ['https://hooks.internal/#part', 'https://hooks.internal/'],
  ] as const
  for (const [given, taken] of right) assert.equal(checkTarget(given, policy), taken)
})

test('* means all durable events; volatile ones go to who names them; events.* to everybody', () => {
  const wants = (types: string[], type: string) => createWanted(types)({ type })
  const durable = ['message.received', 'roster.updated', 'session.online', 'room.joined', 'webhook.failing', 'events.gap']
  for (const type of durable) assert.equal(wants(['*'], type), true, type)
  for (const type of ['presence.available', 'presence.error', 'chatstate.changed', 'room.occupant-joined', 'room.nick-changed'])
    assert.equal(wants(['*'], type), false, type)
  assert.equal(wants(['*', 'presence.*'], 'presence.available'), true)
  assert.equal(wants(['presence.available'], 'presence.available'), true)
  assert.equal(wants(['presence.available'], 'presence.unavailable'), false)
  assert.equal(wants(['message.*'], 'message.acked'), true)
  assert.equal(wants(['message.*'], 'roster.updated'), false)
  assert.equal(wants(['message.received'], 'events.gap'), true)
})

test('at most 64 requests of a webhook and 16 to a host, but none keeps another webhook of its host from its first', () => {
  const slots = createSlots()
  const taken = (webhook: string, host: string) => {
    let count = 0
    for (; slots.isFree(webhook, host); count += 1) slots.take(webhook, host)
    return count
  }
  assert.equal(taken('a', 'one:443'), 16)
  assert.equal(taken('b', 'one:443'), 1)
  assert.equal(taken('c', 'two:443'), 16)
  const woken: string[] = []
  for (const name of ['a', 'b', 'a', 'b'] as const) slots.wait(name, 'one:443', () => woken.push(name))
  slots.leave('c', 'two:443')
  assert.deepEqual(woken, [])
  // the host is full: only who has none under way may begin
  slots.leave('b', 'one:443')
  assert.deepEqual(woken, ['b'])
  slots.take('b', 'one:443')
  slots.leave('a', 'one:443')
  slots.leave('a', 'one:443')
  assert.deepEqual(woken, ['b', 'a'])
  // who was called and takes none passes it on
  slots.pass('one:443')
  assert.deepEqual(woken, ['b', 'a', 'b'])
  const many = createSlots({ host: 1_000 })
  let count = 0
  for (; many.isFree('a', 'one:443'); count += 1) many.take('a', 'one:443')
  assert.equal(count, 64)
})

test('what is due is told in its order with one timer, and forgotten when it is over', async () => {
  const due = createDue<string>(() => performance.now())
  const told: string[] = []
  const start = performance.now()
  for (const [key, ms] of [['c', 60], ['a', 20], ['d', 80], ['b', 40], ['x', 30]] as const)
    due.at(key, start + ms, () => told.push(key)) // biome-ignore format: a table
  due.at('a', start + 50, () => told.push('a again'))
  due.forget('x')
  const last = Promise.withResolvers<void>()
  due.at('end', start + 100, last.resolve)
  await last.promise
  assert.deepEqual(told, ['b', 'a again', 'c', 'd'])
  assert.equal(due.size, 0)
  due.at('never', start + 10_000_000_000, () => told.push('never'))
  await delay(5)
  due.stop()
  assert.equal(told.length, 4)
})

test('due times of very many keep their order', async () => {
  const due = createDue<number>(() => performance.now())
  const start = performance.now()
  const times = Array.from({ length: 2_000 }, (_, index) => start + ((index * 7_919) % 2_003) / 20)
  const told: number[] = []
  for (const [key, time] of times.entries()) due.at(key, time, () => told.push(time))
  for (let key = 0; key < 2_000; key += 3) due.forget(key)
  const last = Promise.withResolvers<void>()
  due.at(-1, start + 150, last.resolve)
  await last.promise
  assert.equal(told.length, 2_000 - Math.ceil(2_000 / 3))
  assert.deepEqual(
    told,
    told.toSorted((a, b) => a - b),
  )
})
