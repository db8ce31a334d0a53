/** Keys that callers made: what they may do, on two instances of one Redis and on one in memory. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../support/fleet.ts'
import { type RequestOptions, startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { dumpOf } from '../support/redis-dump.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until, users } from './account.ts'

/** ms in which every instance refuses a key that was revoked, and in which its streams are closed */
const REVOKED = 1_000
const CLOSED = 5_000

// biome-ignore lint/suspicious/noExplicitAny: a key as JSON
type Key = any

describe('keys that callers made', { concurrency: false, timeout: 120_000 }, () => {
  let server: XmppServer
  let fleet: Fleet
  let memory: TestGateway
  /** two of one Redis, and one in memory */
  let one: TestGateway
  let other: TestGateway
  const romeo = new Map<TestGateway, Key>()

  before(async () => {
    server = await startProsody({ users: users('romeo', 'juliet') })
    const tenants = ['main', 'second']
    ;[fleet, memory] = await Promise.all([startFleet(2, { server, tenants }), startGateway({ server, tenants })])
    ;[one, other] = fleet.instances as [TestGateway, TestGateway]
    for (const gateway of [one, memory])
      romeo.set(gateway, await gateway.login({ jid: `romeo@${server.domain}`, password: PASSWORD, service: server.service }))
  })
  after(async () => {
    await memory?.stop()
    await fleet?.stop()
    await server?.stop()
  })

  async function made(gateway: TestGateway, body: object, key?: string): Promise<Key> {
    const answer = await gateway.api('POST', '/keys', { body: { name: 'bot', ...body }, ...(key !== undefined && { key }) })
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }
  const call = async (gateway: TestGateway, key: string, route: string, options: RequestOptions = {}) => {
    const [method = '', path = ''] = route.split(' ')
    return await gateway.api(method, path, { ...options, key })
  }
  const outcome = async (...args: Parameters<typeof call>) => {
    const { status, body } = await call(...args)
    return [status, body?.code]
  }

  const places: [string, () => [TestGateway, TestGateway]][] = [
    ['Redis', () => [one, other]],
    ['memory', () => [memory, memory]],
  ]
  for (const [store, pair] of places) {
    describe(`in ${store}`, () => {
      it('are shown once, listed without their text, and say who they are', async () => {
        const [first, second] = pair()
        const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
        const { key, ...shown } = await made(first, { scopes: ['messages:write'], recipients: ['@a.example'], expiresAt })
        assert.match(key, /^sgk_[\w-]{32,}$/)
        assert.deepEqual(
          [shown.name, shown.scopes, shown.recipients, shown.expiresAt],
          ['bot', ['messages:write'], ['@a.example'], expiresAt],
        )
        assert.equal(shown.lastUsedAt, undefined)
        const me = await call(second, key, 'GET /me')
        assert.deepEqual([me.body.tenant, me.body.key, me.body.scopes, me.body.session], ['main', shown.id, ['messages:write'], undefined])
        const { body, text } = await second.api('GET', `/keys/${shown.id}`)
        assert.ok(Math.abs(Date.parse(body.lastUsedAt) - Date.now()) < 10_000)
        assert.deepEqual({ ...body, lastUsedAt: undefined }, { ...shown, lastUsedAt: undefined })
        assert.ok(!text.includes(key) && !text.includes('hash'))
        const { data } = (await second.api('GET', '/keys')).body
        assert.ok(data.some(({ id }: Key) => id === shown.id))
        const second_ = { key: second.keys.second! }
        assert.deepEqual((await second.api('GET', '/keys', second_)).body.data, [])
        assert.equal((await second.api('DELETE', `/keys/${shown.id}`, second_)).body.code, 'key-not-found')
      })

      it('are refused once they are revoked, on every instance, and their streams end with 4001', async () => {
        const [first, second] = pair()
        const { key, id } = await made(first, { scopes: ['sessions:write', 'events:read', 'messages:read'] })
        const { id: session } = romeo.get(first)
        const opened = await call(second, key, 'POST /sessions', {
          body: { jid: `romeo@${server.domain}`, password: PASSWORD, service: server.service },
        })
        const { token } = opened.body
        const { body } = await call(second, key, 'POST /tickets', { query: { session } })
        const later = await call(first, key, 'POST /tickets', { query: { session } })
        const streams = [
          first.events({ session, key }),
          second.events({ key: token }),
          second.events({ key: null, query: { ticket: body.ticket } }),
        ]
        await Promise.all(streams.map(({ opened }) => opened))
        const sse = await fetch(`${second.url}/events?session=${session}`, {
          headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
        })
        assert.equal((await first.api('DELETE', `/keys/${id}`)).status, 204)
        const refused = async (gateway: TestGateway, text: string) => (await call(gateway, text, 'GET /me')).status === 401
        for (const gateway of [first, second]) for (const text of [key, token]) await until(() => refused(gateway, text), REVOKED)
        const codes = await Promise.all(streams.map(async ({ closed }) => (await closed).code))
        assert.deepEqual(codes, [4001, 4001, 4001])
        await sse.text()
        const ticket = await fetch(`${second.url}/events?ticket=${later.body.ticket}`)
        assert.deepEqual([ticket.status, ((await ticket.json()) as Key).code], [401, 'ticket-invalid'])
        // the others were never in doubt
        assert.equal((await first.api('GET', `/sessions/${session}`)).body.state, 'online')
      })

      it('are good until they expire', { timeout: CLOSED + 10_000 }, async () => {
        const [first, second] = pair()
        const { key } = await made(first, { scopes: ['events:read'], expiresAt: new Date(Date.now() + 1_500).toISOString() })
        const stream = second.events({ session: romeo.get(first).id, key })
        await stream.opened
        assert.equal((await stream.closed).code, 4001)
        assert.equal((await call(second, key, 'GET /me')).status, 401)
      })

      it('do from the next second what they were changed to', async () => {
        const [first, second] = pair()
        const { key, id } = await made(first, { scopes: ['roster:read'] })
        const session = romeo.get(first).id
        const roster = () => outcome(second, key, 'GET /roster', { query: { session } })
        assert.deepEqual(await roster(), [200, undefined])
        const changed = await first.api('PATCH', `/keys/${id}`, {
          body: { scopes: ['presence:read'], name: 'other', recipients: ['a@b.example'] },
        })
        assert.deepEqual([changed.body.name, changed.body.scopes, changed.body.recipients], ['other', ['presence:read'], ['a@b.example']])
        await until(async () => (await roster())[1] === 'scope-missing', REVOKED)
        const back = await first.api('PATCH', `/keys/${id}`, { body: { recipients: null } })
        assert.deepEqual([back.status, back.body.recipients, back.body.scopes], [200, undefined, ['presence:read']])
      })

      it('see the sessions of their accounts alone', async () => {
        const [first, second] = pair()
        const { id: session } = romeo.get(first)
        const juliet = await first.login({ jid: `juliet@${server.domain}`, password: PASSWORD, service: server.service })
        const scopes = ['sessions:write', 'messages:write', 'webhooks:write', 'keys:read', 'events:read']
        const { key } = await made(first, { scopes, sessions: [`Juliet@${server.domain}`] })
        const all = await made(first, { scopes, sessions: [`*@${server.domain}`] })
        for (const reference of [session, `romeo@${server.domain}`, romeo.get(first).connections[0].jid])
          assert.deepEqual(await outcome(second, key, 'GET /messages', { query: { session: reference } }), [404, 'session-not-found'])
        assert.deepEqual(await outcome(second, key, `GET /sessions/${session}`), [404, 'session-not-found'])
        const sent = await call(second, second.key, 'POST /messages', {
          query: { session },
          body: { to: `juliet@${server.domain}`, body: 'x' },
        })
        assert.deepEqual(await outcome(second, key, `GET /messages/${sent.body.id}`), [404, 'message-not-found'])
        const ids = async (text: string) => (await call(second, text, 'GET /sessions')).body.data.map(({ id }: Key) => id)
        assert.deepEqual(await ids(key), [juliet.id])
        assert.deepEqual(new Set(await ids(all.key)), new Set([session, juliet.id]))
        assert.equal((await call(second, key, 'GET /stats')).body.sessions.total, 1)
        const log_in = (name: string) => ({ body: { jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service } })
        assert.deepEqual(await outcome(second, key, 'POST /sessions', log_in('romeo')), [403, 'session-not-allowed'])
        assert.equal((await call(second, key, 'POST /sessions', log_in('juliet'))).status, 200)

        const webhook = { url: 'https://hooks.example.com/x', types: ['*'] }
        const ofTenant = (await second.api('POST', '/webhooks', { body: webhook })).body
        assert.deepEqual(await outcome(second, key, 'POST /webhooks', { body: webhook }), [400, 'session-required'])
        assert.deepEqual(await outcome(second, key, 'POST /webhooks', { body: { ...webhook, session } }), [404, 'session-not-found'])
        const own = (await call(second, key, 'POST /webhooks', { body: { ...webhook, session: juliet.id } })).body
        assert.deepEqual(
          (await call(second, key, 'GET /webhooks')).body.data.map(({ id }: Key) => id),
          [own.id],
        )
        for (const way of ['GET', 'DELETE']) assert.equal((await outcome(second, key, `${way} /webhooks/${ofTenant.id}`))[0], 404)
        assert.deepEqual(await outcome(second, key, `PATCH /webhooks/${own.id}`, { body: { session: null } }), [400, 'session-required'])

        const stream = second.events({ session: juliet.id, key })
        await stream.opened
        const { error } = await stream.request('events.subscribe', { session })
        assert.equal(error.data.code, 'session-not-found')
        await stream.close()
        await first.api('DELETE', `/sessions/${juliet.id}`)
      })

      it('make none with more than they have', async () => {
        const [first] = pair()
        const expiresAt = new Date(Date.now() + 60_000).toISOString()
        const bounds = {
          scopes: ['keys:write', 'roster:write'],
          sessions: ['*@a.example'],
          recipients: ['@a.example', 'b@b.example'],
          expiresAt,
        }
        const { key } = await made(first, bounds)
        const less = { scopes: ['roster:read'], sessions: ['x@a.example'], recipients: ['x@a.example', 'b@b.example/r'], expiresAt }
        const child = await made(first, less, key)
        assert.ok(child.createdBy.startsWith('key_'))
        const refusals: [object, string, string][] = [
          [{ ...less, scopes: ['messages:read'] }, 'scope-missing', 'body.scopes'],
          [{ ...less, sessions: ['x@b.example'] }, 'session-not-allowed', 'body.sessions'],
          [{ ...less, sessions: undefined }, 'session-not-allowed', 'body.sessions'],
          [{ ...less, recipients: ['@b.example'] }, 'recipient-not-allowed', 'body.recipients'],
          [{ ...less, recipients: undefined }, 'recipient-not-allowed', 'body.recipients'],
          [{ ...less, expiresAt: new Date(Date.now() + 120_000).toISOString() }, 'scope-missing', 'body.expiresAt'],
          [{ ...less, expiresAt: undefined }, 'scope-missing', 'body.expiresAt'],
        ]
        for (const [body, code, path] of refusals) {
          const answer = await call(first, key, 'POST /keys', { body: { name: 'more', ...body } })
          assert.deepEqual([answer.status, answer.body.code, answer.body.errors[0].path], [403, code, path])
          const { scopes: _, ...change } = body as Key
          if (Object.values(change).includes(undefined)) continue
          assert.equal((await call(first, key, `PATCH /keys/${child.id}`, { body })).body.code, code)
        }
        const { token } = romeo.get(first)
        assert.deepEqual(await outcome(first, token, 'POST /keys', { body: { name: 'x', scopes: ['roster:read'] } }), [
          403,
          'scope-missing',
        ])
        assert.deepEqual(await outcome(first, token, 'GET /keys'), [403, 'scope-missing'])
        const bad = await first.api('POST', '/keys', { body: { name: 'x', scopes: ['roster:delete'], sesions: [] } })
        assert.deepEqual([bad.status, bad.body.code], [400, 'invalid-request'])
        const past = await first.api('POST', '/keys', { body: { name: 'x', scopes: ['roster:read'], expiresAt: '2020-01-01T00:00:00Z' } })
        assert.deepEqual([past.status, past.body.errors[0].path], [400, 'body.expiresAt'])
        const none = await first.api('POST', '/keys', { body: { name: 'x', scopes: ['roster:read'], recipients: ['a b@c'] } })
        assert.deepEqual([none.status, none.body.errors[0].path], [422, 'body.recipients.0'])
      })

      it('give their session tokens no more than they have', async () => {
        const [first, second] = pair()
        const { key, id } = await made(first, { scopes: ['sessions:write', 'messages:write'] })
        const body = { jid: `romeo@${server.domain}`, password: PASSWORD, service: server.service }
        const { token } = (await call(first, key, 'POST /sessions', { body })).body
        const me = (await call(second, token, 'GET /me')).body
        assert.deepEqual([me.session, me.key, me.scopes], [romeo.get(first).id, id, ['sessions:write', 'messages:write']])
        assert.deepEqual(await outcome(second, token, 'GET /roster'), [403, 'scope-missing'])
        // what is written in a token cannot be written anew
        assert.equal((await call(second, token.slice(0, 58), 'GET /me')).status, 401)
        assert.equal((await call(second, `${romeo.get(first).token}${token.slice(58)}`, 'GET /me')).status, 401)
      })
    })
  }

  it('are kept nowhere, nor are their tokens and tickets', async () => {
    const { id: session } = romeo.get(one)
    const { key } = await made(one, { scopes: ['sessions:write', 'events:read'] })
    const body = { jid: `romeo@${server.domain}`, password: PASSWORD, service: server.service }
    const { token } = (await call(other, key, 'POST /sessions', { body })).body
    const { ticket } = (await call(other, key, 'POST /tickets', { query: { session } })).body
    await other.api('POST', '/webhooks', {
      body: { url: 'https://x.example/', types: ['*'], headers: { authorization: 'Bearer of-the-webhook' } },
    })
    const all = `${await dumpOf(fleet.redis.url)}\n${[one, other].flatMap(({ logs }) => logs.map(({ line }) => line)).join('\n')}`
    assert.ok(all.length > 1_000)
    for (const secret of [key, one.key, token, romeo.get(one).token, ticket, PASSWORD, 'of-the-webhook', one.env.CREDENTIALS_KEY!])
      assert.ok(!all.includes(secret), secret.slice(0, 4))
  })
})
