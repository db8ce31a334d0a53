/** Who may do what, by whichever way. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { parse } from 'yaml'
import { scopeNouns, scopes } from '../../src/gateway/ports/scope.ts'
import type { EventStream } from '../support/event-stream.ts'
import { type LogLine, type RequestOptions, startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until, users } from './account.ts'

const ISSUER = 'https://issuer.example/'
const AUDIENCE = 'stanzagate'
/** of JSON-RPC */
const NO_METHOD = -32601

/** something of that name that there is not */
const unknownOf = (name: string) => (name === 'jid' || name === 'room' ? 'nobody@nowhere.example' : 'x')

interface Described {
  id: string
  method: string
  path: string
  scope: string
}

describe('who may do what', { concurrency: false, timeout: 120_000 }, () => {
  let server: XmppServer
  let gateway: TestGateway
  let issuer: Server
  let keys: Awaited<ReturnType<typeof generateKeyPair>>
  // biome-ignore lint/suspicious/noExplicitAny: the session as JSON
  let romeo: any

  before(async () => {
    keys = await generateKeyPair('RS256')
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256' }] })
    issuer = createServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(jwks))
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
    server = await startProsody({ users: users('romeo', 'juliet', 'paris') })
    gateway = await startGateway({
      server,
      env: {
        ...{ JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, MAX_SESSIONS: '2', RATE_LIMIT_OPEN: '20/10s' },
        JWT_JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks.json`,
      },
    })
    romeo = await login('romeo')
  })
  after(async () => {
    await gateway?.stop()
    await server?.stop()
    issuer?.close()
  })

  const login = (name: string) => gateway.login({ jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service })
  const made = async (body: object) => (await gateway.api('POST', '/keys', { body: { name: 'bot', ...body } })).body
  const call = (key: string, route: string, options: RequestOptions = {}) => {
    const [method = '', path = ''] = route.split(' ')
    return gateway.api(method, path, { ...options, key })
  }
  const jwt = (claims: object, ends = '1m') =>
    new SignJWT({ tenant: 'main', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime(ends)
      .sign(keys.privateKey)

  async function described(): Promise<Described[]> {
    const { paths } = parse((await gateway.api('GET', '/openapi.yaml', { key: null })).text)
    // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
    return Object.entries<any>(paths).flatMap(([path, item]) =>
      // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
      Object.entries<any>(item).flatMap(([method, operation]) =>
        operation['x-scope'] ? [{ id: operation.operationId, method: method.toUpperCase(), path, scope: operation['x-scope'] }] : [],
      ),
    )
  }

  /** The code of the problem, by HTTP and by JSON-RPC, with as little as can be sent. */
  async function byHttp({ method, path }: Described, key: string): Promise<string | undefined> {
    const { body } = await call(key, `${method} ${path.replace(/\{(\w+)\}/g, (_, name: string) => unknownOf(name))}`, {
      query: { session: romeo.id },
    })
    return body?.code
  }
  async function byRpc({ id, path }: Described, socket: EventStream): Promise<string | undefined> {
    const params = Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, unknownOf(name)]))
    const { error } = await socket.request(id, params)
    return error?.code === NO_METHOD ? 'no-method' : error?.data.code
  }
  async function sockets(key: string): Promise<EventStream[]> {
    const { body } = await call(key, 'POST /tickets', { query: { session: romeo.id } })
    const both = [gateway.events({ session: romeo.id, key }), gateway.events({ key: null, query: { ticket: body.ticket } })]
    await Promise.all(both.map(({ opened }) => opened))
    return both
  }

  it('is said by the scope of every operation, over HTTP and over sockets by key and by ticket', async () => {
    const operations = await described()
    assert.ok(operations.length > 30)
    for (const noun of scopeNouns) {
      const own = operations.filter(({ scope }) => scope.startsWith(`${noun}:`))
      if (own.length === 0) continue
      // others than this noun; a socket needs to read events
      const lacking = await made({ scopes: scopes.filter((scope) => !scope.startsWith(`${noun}:`)) })
      const without = noun === 'events' ? [] : await sockets(lacking.key)
      const reading = await made({ scopes: [`${noun}:read`, 'events:read'] })
      const writing = await made({ scopes: [`${noun}:write`, 'events:read'] })
      const withWrite = await sockets(writing.key)
      for (const operation of own) {
        assert.equal(await byHttp(operation, lacking.key), 'scope-missing', operation.id)
        assert.notEqual(await byHttp(operation, writing.key), 'scope-missing', operation.id)
        const readOnly = await byHttp(operation, reading.key)
        assert.equal(readOnly === 'scope-missing', operation.scope.endsWith(':write'), operation.id)
        // a stream and bytes do not go through a socket
        if (operation.id === 'events.list' || (await byRpc(operation, withWrite[0]!)) === 'no-method') continue
        for (const socket of without) assert.equal(await byRpc(operation, socket), 'scope-missing', operation.id)
        // what a ticket opens is for its session alone
        const [byKey, byTicket] = await Promise.all(withWrite.map((socket) => byRpc(operation, socket)))
        assert.notEqual(byKey, 'scope-missing', operation.id)
        const isOfTenant = operation.id === 'audit.list' || operation.id.startsWith('keys.')
        if (!isOfTenant) assert.notEqual(byTicket, 'scope-missing', operation.id)
      }
      for (const socket of [...without, ...withWrite]) await socket.close()
      for (const { id } of [lacking, reading, writing]) await gateway.api('DELETE', `/keys/${id}`)
    }
  })

  it('bounds whom a key writes to, by whichever way', async () => {
    const { domain } = server
    const { key } = await made({
      scopes: scopes.filter((scope) => scope.endsWith(':write')),
      recipients: [`juliet@${domain}`, '@c.example'],
    })
    const socket = gateway.events({ session: romeo.id, key })
    await socket.opened
    const [to, near] = [`paris@${domain}`, `juliet@${domain}`]
    const MUC = 'http://jabber.org/protocol/muc#user'
    const query = { session: romeo.id }
    const xml = { headers: { 'content-type': 'application/xml' } }
    const invitation = `<message to="room@c.example"><x xmlns="${MUC}"><invite to="${to}"/></x></message>`
    const addressed = `<message to="c.example"><addresses xmlns="http://jabber.org/protocol/address"><address type="to" jid="${to}"/></addresses><body>x</body></message>`
    const refused: [string, RequestOptions][] = [
      ['POST /messages', { body: { to, body: 'x' } }],
      ['POST /messages', { body: { to: `${to}/phone`, body: 'x' } }],
      ['POST /messages', { body: { to: 'x@sub.c.example', body: 'x' } }],
      ['POST /stanzas', { body: { message: { to, body: 'x' } } }],
      ['POST /stanzas', { body: { message: { body: 'x' } } }],
      ['POST /stanzas', { body: { presence: { to } } }],
      ['POST /stanzas', { body: { iq: { type: 'get', to, payload: { ping: {} } } } }],
      ['POST /stanzas', { body: `<message to="${to}"><body>x</body></message>`, ...xml }],
      ['POST /stanzas', { body: `<presence to="${to}" type="subscribe"/>`, ...xml }],
      ['POST /stanzas', { body: `<iq type="result" id="1" to="${to}"/>`, ...xml }],
      ['POST /stanzas', { body: invitation, ...xml }],
      ['POST /stanzas', { body: addressed, ...xml }],
      ['POST /iq', { body: { type: 'get', to, payload: { ping: {} } } }],
      ['POST /iq', { body: { type: 'get', to, payload: { ping: {} } }, headers: { prefer: 'respond-async' } }],
      ['POST /presence', { body: { to } }],
      ['POST /presence', { body: { to, type: 'subscribe' } }],
      ['PUT /rooms/room@rooms.example', { body: {} }],
      ['POST /rooms/room@c.example/invitations', { body: { to } }],
      ['POST /rooms/room@c.example/invitations', { body: { to, kind: 'mediated' } }],
      [`POST /uploads?fileName=x.txt&to=${to}`, { body: 'x', headers: { 'content-type': 'text/plain' } }],
      [`PUT /chats/paris@${domain}/displayed`, { body: { id: 'x' } }],
    ]
    for (const [route, options] of refused) {
      const { status, body } = await call(key, route, { ...options, query })
      assert.deepEqual([status, body.code], [403, 'recipient-not-allowed'], `${route} ${JSON.stringify(options.body)}`)
    }
    const hook = { name: 'alerts', session: romeo.id, to, format: 'text' }
    assert.equal((await call(key, 'POST /hooks', { body: hook })).body.code, 'recipient-not-allowed')
    for (const [method, params] of [
      ['messages.send', { to, body: 'x' }],
      ['stanzas.send', { message: { to, body: 'x' } }],
      ['stanzas.send', { xml: invitation }],
      ['iq.send', { type: 'get', to, payload: { ping: {} } }],
      ['presence.send', { to }],
      ['rooms.join', { room: 'room@rooms.example' }],
    ] as const)
      assert.equal((await socket.request(method, params)).error.data.code, 'recipient-not-allowed', method)
    const batch = await call(key, 'POST /messages/batch', { body: { messages: [to, near].map((one) => ({ to: one, body: 'x' })) }, query })
    assert.deepEqual(
      batch.body.data.map(({ status, error }: { status: number; error?: { code: string } }) => [status, error?.code]),
      [
        [403, 'recipient-not-allowed'],
        [202, undefined],
      ],
    )

    assert.equal((await call(key, 'POST /messages', { body: { to: `${near}/phone`, body: 'x' }, query })).status, 202)
    assert.equal((await call(key, 'POST /messages', { body: { to: 'x@c.example', body: 'x' }, query })).status, 202)
    for (const own of [undefined, domain, `romeo@${domain}`]) {
      const body = { type: 'get', ...(own !== undefined && { to: own }), payload: { ping: {} } }
      assert.notEqual((await call(key, 'POST /iq', { body, query })).body.code, 'recipient-not-allowed')
    }
    assert.equal((await call(key, 'PUT /presence', { body: { show: 'away' }, query })).status, 200)
    await socket.close()
  })

  it('is said by a JWT, which its session tokens do not outlast', async () => {
    const token = await jwt({ scope: 'openid messages:read sessions:write', sub: 'user 1' })
    const me = (await call(token, 'GET /me')).body
    assert.deepEqual([me.tenant, me.session, me.scopes], ['main', undefined, ['sessions:write', 'messages:read']])
    assert.equal((await call(token, 'GET /roster', { query: { session: romeo.id } })).body.code, 'scope-missing')
    const bound = await jwt({ scope: 'events:read', session: `romeo@${server.domain}` })
    assert.equal((await call(bound, 'GET /me')).body.session, romeo.id)
    const juliet = await login('juliet')
    assert.equal((await call(bound, 'GET /events', { query: { session: juliet.id } })).body.code, 'session-not-found')
    assert.equal((await call(bound, 'GET /events')).status, 200)
    await gateway.api('DELETE', `/sessions/${juliet.id}`)
    assert.equal((await call(`${token}x`, 'GET /me')).status, 401)

    const short = await jwt({ scope: 'sessions:write events:read' }, '3s')
    const body = { jid: `romeo@${server.domain}`, password: PASSWORD, service: server.service }
    const own = (await call(short, 'POST /sessions', { body })).body.token
    const streams = [gateway.events({ session: romeo.id, key: short }), gateway.events({ key: own })]
    await Promise.all(streams.map(({ opened }) => opened))
    assert.deepEqual(await Promise.all(streams.map(async ({ closed }) => (await closed).code)), [4001, 4001])
    assert.equal((await call(own, 'GET /me')).status, 401)
  })

  it('has so many sessions at most, and those that there are can be joined', async () => {
    const juliet = await login('juliet')
    const body = { jid: `paris@${server.domain}`, password: PASSWORD, service: server.service }
    const { status, body: problem, headers } = await gateway.api('POST', '/sessions', { body })
    assert.deepEqual([status, problem.code], [429, 'too-many-sessions'])
    assert.ok(headers.get('retry-after'))
    assert.equal((await gateway.api('POST', '/sessions', { body: { ...body, jid: `juliet@${server.domain}` } })).status, 200)
    await gateway.api('DELETE', `/sessions/${juliet.id}`)
    const paris = await until(async () => (await gateway.api('POST', '/sessions', { body })).body.id)
    await gateway.api('DELETE', `/sessions/${paris}`)
  })

  it('is written down: who made and ended what, and who was refused', async () => {
    const { key, id } = await made({ scopes: ['keys:read', 'messages:write'], sessions: [`romeo@${server.domain}`] })
    await call(key, 'GET /roster', { query: { session: romeo.id } })
    await call(key, 'POST /messages', { query: { session: romeo.id }, body: {} })
    await gateway.api('DELETE', `/keys/${id}`)
    // biome-ignore lint/suspicious/noExplicitAny: entries as JSON
    const all: any[] = []
    for (let after: string | undefined, isEnd = false; !isEnd; ) {
      const { data, page } = (await gateway.api('GET', '/audit', { query: { limit: 50, ...(after !== undefined && { after }) } })).body
      all.push(...data)
      after = page.next
      isEnd = page.complete
    }
    const times = all.map(({ at }) => at)
    assert.deepEqual(times, times.toSorted())
    const opened = all.find(({ action, jid }) => action === 'sessions.open' && jid === `romeo@${server.domain}`)
    assert.deepEqual([opened.outcome, opened.target], ['done', romeo.id])
    const ofKey = all.filter(({ by, target }) => by.key === id || target === id).map(({ action, outcome, code }) => [action, outcome, code])
    assert.deepEqual(ofKey, [
      ['keys.create', 'done', undefined],
      ['roster.get', 'refused', 'scope-missing'],
      ['keys.remove', 'done', undefined],
    ])
    assert.ok(all.some(({ action, code }) => action === 'messages.send' && code === 'recipient-not-allowed'))
    assert.ok(all.every(({ requestId, instance }) => requestId && instance))
    const isTold = ({ entry }: LogLine) => entry?.event === 'audit' && entry.action === 'keys.remove' && entry.target === id
    await until(async () => gateway.logs.some(isTold))
    await gateway.api('GET', '/me', { key: 'sgk_unknown-unknown-unknown-unknown-x' })
    await until(async () => gateway.logs.some(({ entry }) => entry?.event === 'auth.refused'))
    assert.ok(!gateway.logs.some(({ line }) => line.includes('sgk_unknown')))
    const second = await made({ scopes: ['keys:read'], sessions: [`juliet@${server.domain}`] })
    const seen = (await call(second.key, 'GET /audit')).body.data
    // biome-ignore lint/suspicious/noExplicitAny: an entry as JSON
    assert.ok(seen.every(({ jid }: any) => jid === `juliet@${server.domain}`))
  })
})
