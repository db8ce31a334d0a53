import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { type Client, createClient, StanzagateProblem } from '../../src/client/client.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy } from '../support/proxy.ts'
import type { XmppServer } from '../support/xmpp-server.ts'

const alice = 'alice@localhost'
const bob = 'bob@localhost'

describe('calls of the client', () => {
  let server: XmppServer
  let gateway: TestGateway
  let client: Client

  before(async () => {
    server = await startProsody({ users: { alice: 'alice-password', bob: 'bob-password' } })
    gateway = await startGateway({ server })
    client = createClient({ url: gateway.url, key: gateway.key })
    for (const jid of [alice, bob]) {
      const { state } = await client.sessions.open({ jid, password: `${jid.split('@')[0]}-password`, service: server.service })
      assert.equal(state, 'online')
    }
  })
  after(async () => {
    await gateway?.stop()
    await server?.stop()
  })

  /** how often something was asked for, the first answers of it lost on the way back */
  function losing(count: number): { fetch: typeof fetch; tried: () => number } {
    let tried = 0
    const losingFetch: typeof fetch = async (...given) => {
      tried += 1
      const response = await fetch(...given)
      if (tried > count) return response
      await response.body?.cancel()
      throw new TypeError('fetch failed')
    }
    return { fetch: losingFetch, tried: () => tried }
  }

  for (const transport of ['http', 'websocket'] as const) {
    describe(`by ${transport}`, () => {
      before(() => {
        client = createClient({ url: gateway.url, key: gateway.key, transport })
      })
      after(() => {
        client = createClient({ url: gateway.url, key: gateway.key })
      })

      it('take one flat object, by name or as a method', async () => {
        const sent = await client.messages.send({ session: alice, to: bob, body: 'Hello', wait: 10 })
        assert.equal(sent.status, 'acked')
        assert.equal((await client.call('messages.get', { id: sent.id })).to, bob)
        const contact = await client.roster.put({
          session: alice,
          jid: 'a+b@localhost',
          name: 'Plus',
          groups: ['Friends'],
        })
        assert.deepEqual([contact.jid, contact.name, contact.groups], ['a+b@localhost', 'Plus', ['Friends']])
        assert.equal(await client.roster.remove({ session: alice, jid: 'a+b@localhost' }), undefined)
        const { data, page } = await client.sessions.list({ limit: 1 })
        assert.equal(data.length, 1)
        assert.ok(page.next)
      })

      it('send and take XML where the operation does', async () => {
        const xml = await client.translate({ message: { to: bob, body: 'Hi' } })
        assert.match(String(xml), /<body>Hi<\/body>/)
        assert.deepEqual(await client.translate({ xml: String(xml) }), { message: { to: bob, body: 'Hi' } })
        assert.match(String(await client.stanzas.send({ session: alice, xml: `<message to="${bob}"/>`, dryRun: 'true' })), /^<message /)
        const ping = await client.iq.send({ session: alice, type: 'get', to: 'localhost', xml: '<ping xmlns="urn:xmpp:ping"/>' })
        assert.equal('type' in ping && ping.type, 'result')
        const whole = await client.iq.send({ session: alice, xml: '<iq type="get" to="localhost"><ping xmlns="urn:xmpp:ping"/></iq>' })
        assert.equal('type' in whole && whole.type, 'result')
      })

      it('reject with a problem that says what it was', async () => {
        const thrown = await client.iq
          .send({ session: alice, type: 'get', to: 'localhost', payload: { command: { node: 'none' } } })
          .catch((error) => error)
        assert.ok(thrown instanceof StanzagateProblem)
        assert.match(thrown.code, /^xmpp-/)
        assert.equal(thrown.xmpp?.condition, thrown.code.slice('xmpp-'.length))
        assert.equal(thrown.message, thrown.detail)
        assert.match(thrown.requestId ?? '', /./)
        const wrong = await client.messages.send({ session: alice, to: 'bob@@', body: 'Hi' }).catch((error) => error)
        assert.deepEqual([wrong.code, wrong.status, wrong.retryable, wrong.errors[0].path], ['jid-malformed', 422, false, 'body.to'])
        // whatever a caller without types may write
        const untyped = client.sessions.list as unknown as (params: object) => Promise<unknown>
        const unknown = (await untyped({ colour: 'red' }).catch((error) => error)) as StanzagateProblem
        assert.deepEqual([unknown.code, unknown.errors[0]?.path], ['invalid-request', 'query.colour'])
        const offline = await client.sessions
          .open({ jid: 'x@localhost', password: 'x', service: 'xmpp://127.0.0.1:1' })
          .catch((error) => error)
        assert.deepEqual([offline.code, offline.retryable], ['xmpp-unreachable', true])
      })

      it('never make another path of what is in one', async () => {
        for (const jid of ['', '.', '..', undefined])
          await assert.rejects(
            client.roster.remove({ session: alice, jid: jid as string }),
            transport === 'http' ? TypeError : StanzagateProblem,
          )
        await assert.rejects(client.roster.getContact({ session: alice, jid: '../sessions?x=#' }), { code: 'jid-malformed' })
        await assert.rejects(client.call('nothing.like.it' as 'translate', {}), TypeError)
      })
    })
  }

  it('send a message once, though its answer was lost twice', async () => {
    const { fetch, tried } = losing(2)
    const unlucky = createClient({ url: gateway.url, key: gateway.key, fetch })
    const sent = await unlucky.messages.send({ session: alice, to: bob, body: 'only once' })
    assert.equal(tried(), 3)
    await client.messages.send({ session: alice, to: bob, body: 'the last' })
    const ids: string[] = []
    for await (const event of client.events({ session: bob, after: '0', types: 'message.received' })) {
      if (event.type !== 'message.received') continue
      if (event.data.body === 'only once') ids.push(event.data.originId ?? '')
      if (event.data.body === 'the last') break
    }
    assert.deepEqual(ids, [sent.originId])
  })

  it('repeat what is safe to repeat three times at most, and nothing else', async () => {
    for (const [calls, call] of [
      [3, (unlucky: Client) => unlucky.sessions.list()],
      [3, (unlucky: Client) => unlucky.presence.send({ session: alice, to: bob, idempotencyKey: 'mine' })],
      [1, (unlucky: Client) => unlucky.presence.set({ session: alice, show: 'away' })],
      [1, (unlucky: Client) => unlucky.roster.put({ session: alice, jid: bob })],
    ] as const) {
      const { fetch, tried } = losing(9)
      await assert.rejects(call(createClient({ url: gateway.url, key: gateway.key, fetch })), TypeError)
      assert.equal(tried(), calls)
    }
  })

  it('wait as long as they are told to, and read what a proxy says', async (t) => {
    const asked: number[] = []
    const proxy = createServer((_, response) => {
      asked.push(performance.now())
      if (asked.length === 1) response.writeHead(503, { 'retry-after': '1' }).end('<h1>Down</h1>')
      else if (asked.length === 2) response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
      else response.writeHead(503, { 'retry-after': '3600' }).end()
    }).listen(0, '127.0.0.1')
    t.after(() => proxy.close())
    await once(proxy, 'listening')
    const { port } = proxy.address() as { port: number }
    const behind = createClient({ url: `http://127.0.0.1:${port}/gate/`, key: gateway.key })
    await assert.rejects(behind.sessions.list(), { code: 'http-503', status: 503, retryAfter: 3600, retryable: true })
    assert.equal(asked.length, 3)
    assert.ok(asked[1]! - asked[0]! >= 995)
    // an hour is nothing to wait for
    await assert.rejects(behind.sessions.list(), { retryAfter: 3600 })
    assert.equal(asked.length, 4)
  })

  it('end with their signal', async () => {
    const reason = new Error('enough')
    const waiting = client.events.list({ session: alice, types: 'room.none', wait: 30 }, { signal: AbortSignal.abort(reason) })
    await assert.rejects(waiting, reason)
  })

  it('go over a WebSocket where there are tickets alone, large ones by HTTP where there is a token', async () => {
    const opened: string[] = []
    class Counted extends WebSocket {
      constructor(url: string) {
        super(url)
        opened.push(url)
      }
    }
    const page = createClient({
      url: gateway.url,
      getTicket: () => client.tickets.create({ session: alice }),
      WebSocket: Counted as typeof WebSocket,
    })
    const [me, sent, { data }] = await Promise.all([page.me.get(), page.messages.send({ to: bob, body: 'from a page' }), page.roster.get()])
    assert.match(me.session ?? '', /^ses_/)
    assert.equal((await page.messages.get({ id: sent.id })).to, bob)
    assert.ok(Array.isArray(data))
    assert.equal(opened.length, 1)
    const { token } = await client.sessions.open({ jid: alice, password: 'alice-password', service: server.service })
    const own = createClient({ url: gateway.url, token, transport: 'websocket', WebSocket: Counted as typeof WebSocket })
    await own.messages.send({ to: bob, body: 'x'.repeat(100_000) })
    assert.equal(opened.length, 1)
    assert.equal((await own.me.get()).session, me.session)
    assert.equal(opened.length, 2)
  })

  it('over a WebSocket are tried again on another when it is lost', async (t) => {
    const proxy = await startProxy({ to: { port: gateway.port } })
    t.after(proxy.stop)
    const { token } = await client.sessions.open({ jid: alice, password: 'alice-password', service: server.service })
    const own = createClient({ url: `http://127.0.0.1:${proxy.port}`, token, transport: 'websocket' })
    await own.me.get()
    proxy.blackhole(true)
    const sending = own.messages.send({ to: bob, body: 'again' })
    const setting = own.presence.set({ show: 'chat' })
    setImmediate(() => {
      proxy.blackhole(false)
      proxy.cut()
    })
    await assert.rejects(setting, TypeError)
    assert.equal((await sending).status, 'accepted')
  })
})
