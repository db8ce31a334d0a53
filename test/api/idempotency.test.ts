import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import type { ProblemCode } from '../../src/errors/catalogue.ts'
import { Problem } from '../../src/errors/problem.ts'
import type { Operation } from '../../src/gateway/contract/operation.ts'
import { operation, startApp } from '../http/support.ts'

const body = z.strictObject({ text: z.string(), fail: z.string().optional(), more: z.unknown().optional() })

/** Counts its runs; `fail` names the problem that it throws. */
function counting(idempotency: NonNullable<Operation['idempotency']>, gate?: Promise<void>) {
  let runs = 0
  const made = operation({
    id: 'things.make',
    method: 'POST',
    path: '/things',
    session: 'named',
    idempotency,
    body,
    async run({ body: given }) {
      runs += 1
      await gate
      const { fail } = given as z.infer<typeof body>
      if (fail !== undefined && (runs === 1 || idempotency === 'own')) throw new Problem(fail as ProblemCode, 'As asked.')
      return { status: 202, body: { run: runs }, headers: { location: '/things/1' } }
    },
  })
  return { made, runs: () => runs }
}

async function start(t: Parameters<typeof startApp>[0], made: Operation) {
  const test = await startApp(t, { operations: [made] })
  const { id } = await test.addSession('a@x.example')
  const post = (key: string, body: unknown, session = id) =>
    test.api('POST', `/things?session=${session}`, { body, headers: { 'idempotency-key': key } })
  return { ...test, id, post }
}

test('the same key and request get the first answer again and run once', async (t) => {
  const { made, runs } = counting('generic')
  const { post, addSession } = await start(t, made)
  const first = await post('k1', { text: 'a', more: { x: 1, y: [2] } })
  assert.equal(first.headers.get('idempotency-replayed'), null)
  const again = await post('k1', ' { "more": {"y":[2], "x":1.0}, "text":"\\u0061" }'.trim())
  assert.deepEqual([again.status, again.body, again.headers.get('location')], [202, { run: 1 }, '/things/1'])
  assert.equal(again.headers.get('idempotency-replayed'), 'true')
  assert.equal(runs(), 1)
  const other = await post('k1', { text: 'b' })
  assert.deepEqual([other.status, other.body.code], [422, 'idempotency-key-reused'])
  const { id } = await addSession('b@x.example')
  assert.equal((await post('k1', { text: 'b' }, id)).status, 202)
  assert.equal(runs(), 2)
})

test('while the first is running its repeat is 409', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { made, runs } = counting('generic', gate.promise)
  const { post } = await start(t, made)
  const first = post('k1', { text: 'a' })
  while (runs() === 0) await new Promise(setImmediate)
  const second = await post('k1', { text: 'a' })
  assert.deepEqual([second.status, second.body.code, second.body.retryable], [409, 'idempotency-key-running', true])
  assert.ok(second.headers.get('retry-after'))
  gate.resolve()
  assert.equal((await first).status, 202)
  assert.equal((await post('k1', { text: 'a' })).headers.get('idempotency-replayed'), 'true')
})

test('what says something about the request is kept, what may be otherwise next time is not', async (t) => {
  const kept: ProblemCode[] = ['jid-malformed', 'not-a-stanza', 'xmpp-item-not-found', 'xmpp-gone', 'contact-not-found']
  const free: ProblemCode[] = ['session-offline', 'xmpp-forbidden', 'session-stopped', 'outbox-full', 'session-not-found', 'internal-error']
  for (const [codes, isKept] of [
    [kept, true],
    [free, false],
  ] as const) {
    for (const code of codes) {
      for (const kind of ['generic', 'own'] as const) {
        const { made, runs } = counting(kind)
        const { post, app } = await start(t, made)
        const first = await post('k', { text: 'a', fail: code })
        assert.equal(first.body.code, code)
        const second = await post('k', { text: 'a', fail: code })
        assert.equal(second.headers.get('idempotency-replayed'), isKept ? 'true' : null, `${kind} ${code}`)
        if (isKept) assert.deepEqual(second.body, first.body)
        if (isKept) assert.equal(second.headers.get('content-type'), 'application/problem+json')
        else assert.equal(runs(), 2)
        await app.stop()
      }
    }
  }
})

test('what was not valid leaves the key free', async (t) => {
  const { made } = counting('generic')
  const { post, api, id } = await start(t, made)
  assert.equal((await post('k', { wrong: 1 })).status, 400)
  assert.equal((await post('k', '{')).status, 400)
  assert.equal((await post('k', { text: 'a' }, 'ses_none')).status, 404)
  const wrongType = { 'idempotency-key': 'k', 'content-type': 'text/plain' }
  assert.equal((await api('POST', `/things?session=${id}`, { body: 'a', headers: wrongType })).status, 415)
  const { status, headers } = await post('k', { text: 'a' })
  assert.deepEqual([status, headers.get('idempotency-replayed')], [202, null])
})

test('a key is 1 to 255 visible characters', async (t) => {
  const { made } = counting('generic')
  const { post } = await start(t, made)
  for (const key of ['', 'a b', 'x'.repeat(256), '\u00e4']) {
    const { status, body } = await post(key, { text: 'a' })
    assert.equal(status, 400, key)
    assert.equal(body.errors[0].path, 'header.idempotency-key')
  }
  assert.equal((await post('x'.repeat(255), { text: 'a' })).status, 202)
})

test('an operation that keeps its answers itself gets key and fingerprint', async (t) => {
  const seen: unknown[] = []
  const own = operation({
    id: 'own',
    method: 'POST',
    path: '/things',
    session: 'named',
    idempotency: 'own',
    body,
    async run({ idempotency }) {
      seen.push(idempotency)
      return { status: 202 }
    },
  })
  const { post } = await start(t, own)
  await post('k', { text: 'a' })
  await post('k', { text: 'a' })
  await post('k', { text: 'b' })
  const [one, two, three] = seen as { key: string; fingerprint: string }[]
  assert.deepEqual(one, two)
  assert.equal(one?.key, 'k')
  assert.notEqual(one?.fingerprint, three?.fingerprint)
})
