import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Problem } from '../../src/errors/problem.ts'
import type { Connector } from '../../src/gateway/ports/connection.ts'
import { childText } from '../../src/xml/element.ts'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { connectorFor, follow, isMessage } from './support.ts'

const users = { ada: 'secret', bob: 'hush' }

describe('a real server with STARTTLS', () => {
  let server: XmppServer
  const connectors: Connector[] = []

  before(async () => {
    server = await startProsody({ users, modules: ['websocket'], config: 'consider_websocket_secure = true' })
  })
  after(async () => {
    await Promise.all(connectors.map((connector) => connector.close()))
    await server.stop()
  })

  function connector(options: Partial<ConnectorOptions> = {}): Connector {
    const made = connectorFor(server, options)
    connectors.push(made)
    return made
  }
  const ada = () => ({ jid: 'ada@localhost', password: 'secret', resource: 'desk', service: server.service })
  const bob = () => ({ jid: 'bob@localhost', password: 'hush', resource: 'phone', service: server.service })

  /** the problem of a log-in that must fail at once */
  async function refused(
    login: ReturnType<typeof ada> & { service: string | null },
    options: Partial<ConnectorOptions> = {},
  ): Promise<Problem> {
    const follower = follow(connector(options).open, { ...login, once: true })
    const { error, state } = await follower.until(() => follower.states.find((told) => told.error !== undefined))
    assert.ok(state === 'stopped' || state === 'auth-failed', state)
    assert.equal(follower.bounds.length, 0)
    return error as Problem
  }

  test('two accounts come online, a message passes and is acknowledged, and both leave in order', async () => {
    const { open } = connector()
    const first = follow(open, ada())
    const second = follow(open, bob())
    const [online] = await Promise.all([first.online(), second.online()])
    assert.deepEqual(
      first.states.map(({ state }) => state),
      ['connecting', 'online'],
    )
    assert.deepEqual(online, { state: 'online', reason: null, jid: 'ada@localhost/desk', resumed: false })
    assert.equal(first.connection.jid, 'ada@localhost/desk')
    assert.equal(first.connection.managed, true)
    assert.ok(first.bounds[0]?.features.includes('urn:xmpp:sm:3'))
    const { position, written } = first.connection.send(
      '<message to="bob@localhost/phone" type="chat" id="1"><body>你好 👋</body></message>',
    )
    await written
    assert.equal(childText(await second.stanza(isMessage('1')), 'body'), '你好 👋')
    await first.acked(position)
    assert.ok(first.verified > 0)
    await Promise.all([first.connection.close(), second.connection.close()])
    assert.equal(first.connection.state, 'stopped')
    assert.throws(() => first.connection.send('<presence/>'), { code: 'session-offline' })
  })

  test('the stream closes after an unavailable presence with the reason', async () => {
    const { open } = connector()
    const [first, second] = [follow(open, ada()), follow(open, bob())]
    await Promise.all([first.online(), second.online()])
    first.connection.send('<presence to="bob@localhost/phone"/>')
    await second.stanza(({ name, attributes }) => name === 'presence' && attributes.type === undefined)
    await first.connection.close({ status: 'gone <fishing>' })
    const left = await second.stanza(({ attributes }) => attributes.type === 'unavailable')
    assert.equal(childText(left, 'status'), 'gone <fishing>')
  })

  test('direct TLS', async () => {
    const follower = follow(connector().open, { ...ada(), service: `xmpps://127.0.0.1:${server.tlsPort}` })
    assert.equal((await follower.online()).jid, 'ada@localhost/desk')
  })

  test('a WebSocket, in clear only to a host that may', async () => {
    const service = `ws://127.0.0.1:${server.httpPort}/xmpp-websocket`
    const problem = await refused({ ...ada(), service })
    assert.equal(problem.code, 'address-not-allowed')
    assert.match(problem.message, /XMPP_PLAINTEXT_HOSTS/)
    const { open } = connector({ plaintextHosts: ['127.0.0.1'] })
    const [first, second] = [follow(open, { ...ada(), service }), follow(open, bob())]
    await Promise.all([first.online(), second.online()])
    const { position } = first.connection.send('<message to="bob@localhost/phone" id="w"><body>over a frame</body></message>')
    await second.stanza(isMessage('w'))
    await first.acked(position)
    second.connection.send('<message to="ada@localhost/desk" id="x"/>')
    await first.stanza(isMessage('x'))
    await first.connection.close()
  })

  test('a ping to the own server is answered', async () => {
    const follower = follow(connector().open, ada())
    await follower.online()
    await follower.connection.ping()
    assert.equal(follower.stanzas.length, 0)
  })

  test('a wrong password is refused for good', async () => {
    const problem = await refused({ ...ada(), password: 'wrong' })
    assert.equal(problem.code, 'xmpp-authentication-failed')
    const follower = follow(connector().open, { ...ada(), password: 'wrong' })
    await follower.state('auth-failed')
    assert.deepEqual(
      follower.states.map(({ state }) => state),
      ['connecting', 'auth-failed'],
    )
  })

  test('verify tells whether a password works, without touching the running stream', async () => {
    const made = connector()
    const follower = follow(made.open, ada())
    await follower.online()
    await made.verify({ ...ada(), tenant: 'main', resource: 'probe', password: async () => 'secret', resume: null })
    await assert.rejects(made.verify({ ...ada(), tenant: 'main', resource: 'probe', password: async () => 'wrong', resume: null }), {
      code: 'xmpp-authentication-failed',
    })
    await follower.connection.ping()
    assert.equal(follower.states.length, 2)
  })

  test('addresses, ports and services that are not allowed', async () => {
    const cases: [service: string, options: Partial<ConnectorOptions>, detail: RegExp][] = [
      [server.service, { privateHosts: [] }, /XMPP_PORTS/],
      ['xmpp://127.0.0.1:5222', { privateHosts: [] }, /XMPP_PRIVATE_HOSTS/],
      ['xmpp://0x7f.1', { privateHosts: [] }, /XMPP_PRIVATE_HOSTS/],
      ['xmpp://[::ffff:127.0.0.1]:5222', { privateHosts: [] }, /XMPP_PRIVATE_HOSTS/],
      ['xmpp://localhost', { privateHosts: [] }, /XMPP_PRIVATE_HOSTS/],
      ['gopher://127.0.0.1', {}, /xmpp:\/\/host/],
      ['xmpp://user:word@127.0.0.1', {}, /xmpp:\/\/host/],
      ['xmpp://127.0.0.1/path', {}, /xmpp:\/\/host/],
    ]
    for (const [service, options, detail] of cases) {
      const problem = await refused({ ...ada(), service }, options)
      assert.equal(problem.code, 'address-not-allowed', service)
      assert.match(problem.message, detail, service)
    }
  })

  test('without SRV records the domain itself is dialled on 5222, if that is allowed', async () => {
    const problem = await refused({ ...ada(), service: null as never }, { resolve: { srv: async () => [] }, privateHosts: [] })
    assert.equal(problem.code, 'address-not-allowed')
  })

  test('SRV records lead to the server, by priority, and the certificate is checked for the domain', async () => {
    const record = (priority: number, port: number) => ({ name: '127.0.0.1', port, priority, weight: 0 })
    const srv = async (name: string) => (name.startsWith('_xmpps') ? [record(10, server.tlsPort)] : [record(5, 1), record(20, server.port)])
    const follower = follow(connector({ resolve: { srv } }).open, { ...ada(), service: null })
    await follower.online()
  })

  test('a domain whose SRV record is a dot has no XMPP', async () => {
    const srv = async (name: string) => (name.startsWith('_xmpp-client') ? [{ name: '', port: 0, priority: 0, weight: 0 }] : [])
    const problem = await refused({ ...ada(), service: null as never }, { resolve: { srv } })
    assert.equal(problem.code, 'xmpp-unreachable')
  })

  test('nobody listens there', async () => {
    const problem = await refused({ ...ada(), service: 'xmpp://127.0.0.1:1' })
    assert.equal(problem.code, 'xmpp-unreachable')
  })

  test('a certificate of an unknown authority', async () => {
    const problem = await refused(ada(), { caFile: undefined })
    assert.equal(problem.code, 'xmpp-tls-failed')
    assert.match(problem.message, /XMPP_CA_FILE/)
  })

  test('a text of 200 kB arrives equal, one over the limit is refused', async () => {
    const { open } = connector()
    const [first, second] = [follow(open, ada()), follow(open, bob())]
    await Promise.all([first.online(), second.online()])
    const body = '漢字👩‍💻'.repeat(12_000)
    first.connection.send(`<message to="bob@localhost/phone" id="big"><body>${body}</body></message>`)
    assert.ok(childText(await second.stanza(isMessage('big')), 'body') === body)
    assert.throws(() => first.connection.send(`<message><body>${body.repeat(2)}</body></message>`), { code: 'stanza-too-large' })
  })
})

describe('a real server without TLS', () => {
  let server: XmppServer
  before(async () => {
    server = await startProsody({ users, tls: false })
  })
  after(() => server.stop())

  const login = () => ({ jid: 'ada@localhost', password: 'secret', service: server.service })

  test('nothing of the account is sent unless the host may be spoken to in clear text', async () => {
    const connector = connectorFor(server)
    const follower = follow(connector.open, { ...login(), once: true })
    const { error } = await follower.state('stopped')
    assert.equal(error?.code, 'xmpp-tls-failed')
    assert.match(error?.message ?? '', /XMPP_PLAINTEXT_HOSTS/)
    await connector.close()
  })

  test('a host that XMPP_PLAINTEXT_HOSTS names is spoken to in clear text', async () => {
    const connector = connectorFor(server, { plaintextHosts: ['127.0.0.1'] })
    const follower = follow(connector.open, login())
    await follower.online()
    await connector.close()
  })
})

test('a certificate of another name is refused', async () => {
  const server = await startProsody({ users, certificateNames: ['elsewhere.example'] })
  const connector = connectorFor(server)
  try {
    const follower = follow(connector.open, { jid: 'ada@localhost', password: 'secret', service: server.service, once: true })
    const { error } = await follower.state('stopped')
    assert.equal(error?.code, 'xmpp-tls-failed')
    assert.match(error?.message ?? '', /not for localhost/)
  } finally {
    await connector.close()
    await server.stop()
  }
})
