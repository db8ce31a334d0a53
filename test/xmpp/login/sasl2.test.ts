import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { StreamState } from '../../../src/gateway/ports/change.ts'
import type { Connector, FastToken } from '../../../src/gateway/ports/connection.ts'
import { child, type Element, elements } from '../../../src/xml/element.ts'
import type { ConnectorOptions } from '../../../src/xmpp/connector.ts'
import { answerBind, bindFeature, features, mechanisms, scramServer, serve, smFeature, textOf, toTls } from '../../support/fake-log-in.ts'
import { namespaces, type Peer, startFakeServer } from '../../support/fake-server.ts'
import { connectorFor, follow } from '../support.ts'

const stops: { stop(): Promise<void> }[] = []
const connectors: Connector[] = []
afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(stops.splice(0).map((each) => each.stop()))
})
const ada = { jid: 'ada@localhost', password: 'secret', resource: 'desk' }

async function scripted(script: (peer: Peer) => Promise<void>) {
  const server = await startFakeServer(script)
  stops.push(server)
  return server
}
function connector(server: { caFile?: string }, options: Partial<ConnectorOptions> = {}): Connector {
  const made = connectorFor(server, { bounds: { backoffFirst: 1, backoffMax: 20 }, ...options })
  connectors.push(made)
  return made
}

const { sasl2, bind2, fast, sm } = namespaces
const bindInline = `<bind xmlns='${bind2}'><inline><feature var='${sm}'/></inline></bind>`
const fastInline = `<fast xmlns='${fast}'><mechanism>HT-SHA-256-NONE</mechanism></fast>`
const authentication = (inline: string) =>
  `<authentication xmlns='${sasl2}'><mechanism>SCRAM-SHA-256</mechanism><mechanism>PLAIN</mechanism><inline>${inline}</inline></authentication>`
const after = features(`${smFeature}<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>300</max-bytes></limits>`)

const limit = (bytes: number) => `<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>${bytes}</max-bytes></limits>`

/** up to the `<authenticate/>` of a client that was offered these */
async function offered(peer: Peer, inline: string, more = ''): Promise<Element> {
  await toTls(peer)
  await peer.opened()
  peer.header()
  peer.write(features(authentication(inline) + mechanisms('PLAIN') + more))
  return peer.next(({ name }) => name === 'authenticate')
}

/** the rest of a SCRAM-SHA-256; answers what goes into `<additional-data/>` */
async function proven(peer: Peer, authenticate: Element, options = {}): Promise<string> {
  assert.equal(authenticate.attributes.mechanism, 'SCRAM-SHA-256')
  const side = scramServer('secret', { hash: 'sha256', ...options })
  peer.write(`<challenge xmlns='${sasl2}'>${side.first(textOf(child(authenticate, 'initial-response') as Element))}</challenge>`)
  return side.last(textOf(await peer.next(({ name }) => name === 'response')))
}

const success = (data: string, inner: string, jid = 'ada@localhost/desk~1') =>
  `<success xmlns='${sasl2}'><additional-data>${data}</additional-data><authorization-identifier>${jid}</authorization-identifier>${inner}</success>`
const boundInline = (id: string) => `<bound xmlns='${bind2}'><enabled xmlns='${sm}' id='${id}' resume='true' max='60'/></bound>`

test('log-in, bind and stream management in one round trip; the bound JID is the one that counts', async () => {
  let asked: Element | undefined
  const server = await scripted(async (peer) => {
    asked = await offered(peer, bindInline + fastInline + smFeature)
    peer.write(`${success(await proven(peer, asked), boundInline('sm-9')) + after}<message id='early'/>`)
    await serve(peer)
  })
  const follower = follow(connector(server).open, { ...ada, service: server.service })
  const online = await follower.online()
  assert.deepEqual([online.jid, follower.connection.managed], ['ada@localhost/desk~1', true])
  assert.deepEqual(follower.connection.snapshot()?.id, 'sm-9')
  await follower.until(() => follower.stanzas.length === 1)
  assert.equal(follower.stanzas[0]?.position, 1)
  assert.deepEqual(follower.bounds[0]?.features, [sm, 'urn:xmpp:stream-limits:0'])
  assert.throws(() => follower.connection.send(`<message><body>${'x'.repeat(300)}</body></message>`), { code: 'stanza-too-large' })
  const names = elements(asked as Element).map(({ name, xmlns }) => `${name} ${xmlns}`)
  // without a user agent no token is asked for
  assert.deepEqual(names, [`initial-response ${sasl2}`, `user-agent ${sasl2}`, `bind ${bind2}`])
  assert.equal(textOf(elements(child(asked as Element, 'bind', bind2) as Element)[0] as Element), 'desk')
  assert.ok(!server.peers[0]?.heard.includes('<auth '))
})

test('a server that sends nothing after the bind does not hold the session up', async () => {
  const server = await scripted(async (peer) => {
    peer.write(success(await proven(peer, await offered(peer, bindInline)), boundInline('sm-9')))
    await serve(peer)
  })
  await follow(connector(server, { bounds: { tail: 20 } }).open, { ...ada, service: server.service }).online()
})

test('stanzas that come right after the bind are not lost when there are no features', async () => {
  const server = await scripted(async (peer) => {
    peer.write(`${success(await proven(peer, await offered(peer, bindInline)), boundInline('sm-9'))}<message id='1'/><message id='2'/>`)
    await serve(peer)
  })
  const follower = follow(connector(server).open, { ...ada, service: server.service })
  await follower.online()
  await follower.until(() => follower.stanzas.length === 2)
  assert.deepEqual(
    follower.stanzas.map(({ stanza, position }) => [stanza.attributes.id, position]),
    [
      ['1', 1],
      ['2', 2],
    ],
  )
})

test('SASL2 without bind2 binds as ever, without a new stream header', async () => {
  const server = await scripted(async (peer) => {
    peer.write(success(await proven(peer, await offered(peer, '')), '', 'ada@localhost') + features(bindFeature + smFeature))
    await answerBind(peer)
    await serve(peer)
  })
  const follower = follow(connector(server).open, { ...ada, service: server.service })
  assert.equal((await follower.online()).jid, 'ada@localhost/desk')
})

test('a stream is resumed inside SASL2', async () => {
  let h: string | undefined
  const told = Promise.withResolvers<string | undefined>()
  const server = await scripted(async (peer) => {
    const asked = await offered(peer, bindInline + smFeature)
    const resume = child(asked, 'resume', sm)
    h = resume?.attributes.h
    assert.equal(resume?.attributes.previd, 'sm-1')
    const answer = success(await proven(peer, asked), `<resumed xmlns='${sm}' previd='sm-1' h='4'/>`, 'ada@localhost/desk~1')
    peer.write(`${answer}${after}<message id='8'/><r xmlns='${sm}'/>`)
    told.resolve((await peer.next(({ name }) => name === 'a')).attributes.h)
    await serve(peer, { count: 4 })
  })
  const resume: StreamState = { id: 'sm-1', jid: 'ada@localhost/desk~1', inbound: 7, outbound: 4, acked: 2, max: 60, savedAt: 0 }
  const follower = follow(connector(server).open, { ...ada, service: server.service, resume })
  const online = await follower.online()
  assert.deepEqual([online.resumed, online.jid, h], [true, 'ada@localhost/desk~1', '7'])
  await follower.until(() => follower.stanzas.length === 1)
  assert.equal(follower.stanzas[0]?.position, 8)
  assert.equal(await told.promise, '8')
  assert.equal(follower.connection.snapshot()?.inbound, 8)
  assert.equal(follower.connection.send('<presence/>').position, 5)
})

test('a stream has the limits that the server says of it: those of a log-in are not its own', async () => {
  const server = await scripted(async (peer) => {
    const asked = await offered(peer, bindInline + smFeature, limit(200))
    const resumes = child(asked, 'resume', sm) !== undefined
    const inner = resumes ? `<resumed xmlns='${sm}' previd='sm-9' h='0'/>` : boundInline('sm-9')
    peer.write(success(await proven(peer, asked), inner))
    const first = await peer.next(({ name }) => name === 'message')
    if (resumes) peer.write(`${after}<message id='told'/>`)
    else if (first.attributes.id === 'cut') return void peer.socket.destroy()
    await serve(peer)
  })
  const follower = follow(connector(server, { bounds: { tail: 20, backoffFirst: 1, backoffMax: 20 } }).open, {
    ...ada,
    service: server.service,
  })
  await follower.online()
  const say = (id: string, bytes: number) => follower.connection.send(`<message id='${id}'><body>${'x'.repeat(bytes)}</body></message>`)
  say('cut', 250)
  await follower.until(() => follower.states.find(({ state, resumed }) => state === 'online' && resumed))
  say('more', 400)
  await follower.until(() => follower.stanzas.length === 1)
  assert.throws(() => say('most', 300), { code: 'stanza-too-large' })
  say('less', 200)
})

test('a resume that is refused inside SASL2 becomes a bind in the same step', async () => {
  const server = await scripted(async (peer) => {
    const asked = await offered(peer, bindInline + smFeature)
    peer.write(
      success(
        await proven(peer, asked),
        `<failed xmlns='${sm}' h='3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>${boundInline('sm-2')}`,
      ) + after,
    )
    await serve(peer)
  })
  const resume: StreamState = { id: 'sm-1', jid: 'ada@localhost/desk~1', inbound: 7, outbound: 4, acked: 2, max: 60, savedAt: 0 }
  const follower = follow(connector(server).open, { ...ada, service: server.service, resume })
  const online = await follower.online()
  assert.deepEqual([online.resumed, follower.lost, follower.acks], [false, [3], [3]])
})

describe('on SASL2', () => {
  for (const [what, change] of [
    [
      'a forged signature',
      (data: string) =>
        Buffer.from(`v=${'A'.repeat(43)}=`)
          .toString('base64')
          .slice(0, data.length),
    ],
    ['no signature', () => ''],
  ] as const) {
    test(what, async () => {
      const server = await scripted(async (peer) => {
        peer.write(success(change(await proven(peer, await offered(peer, bindInline))), boundInline('sm-9')))
        await peer.closed
      })
      const follower = follow(connector(server).open, { ...ada, service: server.service, once: true })
      assert.equal((await follower.state('stopped')).error?.code, 'xmpp-server-not-trusted')
    })
  }
})

describe('SASL2 that breaks', () => {
  /** answers with classic SASL where the client asks for it, and up to its bind */
  async function classic(peer: Peer): Promise<void> {
    peer.write(`<success xmlns='${namespaces.sasl}'/>`)
    await peer.opened()
    peer.header()
    peer.write(features(bindFeature))
    await answerBind(peer, { sm: false })
  }
  async function first(peer: Peer): Promise<Element> {
    await toTls(peer)
    await peer.opened()
    peer.header()
    peer.write(features(authentication(bindInline) + mechanisms('PLAIN')))
    return peer.next(({ name }) => name === 'authenticate' || name === 'auth')
  }
  const ways: string[] = []
  /** the first SASL2 breaks; a stream ends with the first message on it */
  const breaks = () =>
    scripted(async (peer) => {
      const asked = await first(peer)
      ways.push(asked.name)
      if (asked.name === 'authenticate') {
        if (ways.filter((name) => name === 'authenticate').length === 1) peer.socket.destroy()
        else peer.write(success(await proven(peer, asked), boundInline('sm-9')) + after)
      } else await classic(peer)
      await peer.next(({ name }) => name === 'message')
      peer.socket.destroy()
    })
  beforeEach(() => {
    ways.length = 0
  })

  test('is met with classic SASL, after a pause like any other', async () => {
    const server = await breaks()
    const follower = follow(connector(server).open, { ...ada, service: server.service, once: true })
    await follower.online()
    assert.deepEqual(ways, ['authenticate', 'auth'])
    assert.deepEqual(
      follower.states.map(({ state }) => state),
      ['connecting', 'backoff', 'connecting', 'online'],
    )
  })

  test('does not make a password wrong', async () => {
    const server = await breaks()
    await connector(server, { bounds: { backoffFirst: 1, backoffMax: 20, closeAcks: 20 } }).verify({
      ...{ tenant: 'main', jid: ada.jid, resource: ada.resource, service: server.service, resume: null },
      password: async () => ada.password,
    })
    assert.deepEqual(ways, ['authenticate', 'auth'])
  })

  for (const [what, stable, next] of [
    ['is left alone until a stream was stable', 60_000, 'auth'],
    ['is tried again after a stable stream', Number.MIN_VALUE, 'authenticate'],
  ] as const) {
    test(what, async () => {
      const server = await breaks()
      const follower = follow(connector(server, { bounds: { backoffFirst: 1, backoffMax: 20, stable } }).open, {
        ...ada,
        service: server.service,
      })
      await follower.online()
      follower.connection.send('<message/>')
      await follower.until(() => follower.states.filter(({ state }) => state === 'online').length === 2)
      assert.deepEqual(ways, ['authenticate', 'auth', next])
    })
  }

  test('is not what a link that breaks elsewhere is', async () => {
    const server = await scripted(async (peer) => {
      // nothing is said before TLS
      if (peer.number === 2) return peer.closed
      const asked = await first(peer)
      ways.push(asked.name)
      if (asked.name === 'auth') return classic(peer)
      peer.write(success(await proven(peer, asked), boundInline('sm-9')) + after)
      // the bound stream is lost
      if (peer.number > 1) return serve(peer)
      await peer.next(({ name }) => name === 'message')
      peer.socket.destroy()
    })
    const follower = follow(connector(server, { bounds: { backoffFirst: 1, backoffMax: 20, attempt: 1000 } }).open, {
      ...ada,
      service: server.service,
    })
    await follower.online()
    follower.connection.send('<message/>')
    await follower.until(() => follower.states.filter(({ state }) => state === 'online').length === 2)
    assert.ok(follower.states.some(({ reason }) => reason === 'timeout'))
    assert.deepEqual(ways, ['authenticate', 'authenticate'])
  })
})

describe('FAST', () => {
  function createUserAgent(token: FastToken | null = null) {
    const kept: (FastToken | null)[] = []
    let present = token
    return {
      kept,
      userAgent: {
        id: '11111111-2222-4333-8444-555555555555',
        token: async () => present,
        keep: async (next: FastToken | null) => {
          present = next
          kept.push(next)
        },
      },
    }
  }
  const proof = (token: string, who: string) => createHmac('sha256', token).update(who).digest('base64')
  const tokenElement = (token: string) => `<token xmlns='${fast}' token='${token}' expiry='2999-01-01T00:00:00Z'/>`

  test('a token is asked for, kept, and used in place of the password', async () => {
    const server = await scripted(async (peer) => {
      const asked = await offered(peer, bindInline + fastInline + smFeature)
      assert.equal(child(asked, 'user-agent')?.attributes.id, '11111111-2222-4333-8444-555555555555')
      if (peer.number === 1) {
        assert.equal(child(asked, 'request-token', fast)?.attributes.mechanism, 'HT-SHA-256-NONE')
        peer.write(success(await proven(peer, asked), tokenElement('first') + boundInline('sm-1')) + after)
        await peer.next(({ name }) => name === 'message')
        peer.socket.destroy()
        return
      }
      assert.equal(asked.attributes.mechanism, 'HT-SHA-256-NONE')
      assert.ok(child(asked, 'fast', fast))
      const initial = Buffer.from(textOf(child(asked, 'initial-response') as Element), 'base64')
      assert.equal(initial.toString('latin1'), `ada\0${Buffer.from(proof('first', 'Initiator'), 'base64').toString('latin1')}`)
      peer.write(success(proof('first', 'Responder'), `${tokenElement('second')}<failed xmlns='${sm}'/>${boundInline('sm-2')}`) + after)
      await serve(peer)
    })
    const { userAgent, kept } = createUserAgent()
    const follower = follow(connector(server).open, { ...ada, service: server.service, userAgent })
    await follower.online()
    follower.connection.send('<message/>')
    await follower.until(() => follower.bounds.length === 2)
    assert.deepEqual(
      kept.map((each) => each?.token),
      ['first', 'second'],
    )
    await follower.until(() => follower.states.filter(({ state }) => state === 'online').length === 2)
  })

  test('a token that is refused is forgotten and the password is used, once', async () => {
    const server = await scripted(async (peer) => {
      const asked = await offered(peer, bindInline + fastInline)
      assert.equal(asked.attributes.mechanism, 'HT-SHA-256-NONE')
      peer.write(`<failure xmlns='${sasl2}'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`)
      const again = await peer.next(({ name }) => name === 'authenticate')
      peer.write(success(await proven(peer, again), tokenElement('new') + boundInline('sm-1')) + after)
      await serve(peer)
    })
    const { userAgent, kept } = createUserAgent({ mechanism: 'HT-SHA-256-NONE', token: 'old', expiry: '2999-01-01T00:00:00Z' })
    await follow(connector(server).open, { ...ada, service: server.service, userAgent }).online()
    assert.deepEqual(
      kept.map((each) => each?.token ?? null),
      [null, 'new'],
    )
    assert.equal(server.peers.length, 1)
  })

  test('a server that does not prove that it knows the token is not trusted', async () => {
    const server = await scripted(async (peer) => {
      await offered(peer, bindInline + fastInline)
      peer.write(success(proof('guess', 'Responder'), boundInline('sm-1')) + after)
      await peer.closed
    })
    const { userAgent } = createUserAgent({ mechanism: 'HT-SHA-256-NONE', token: 'old', expiry: '2999-01-01T00:00:00Z' })
    const follower = follow(connector(server).open, { ...ada, service: server.service, userAgent, once: true })
    assert.equal((await follower.state('stopped')).error?.code, 'xmpp-server-not-trusted')
  })
})

test('a connection that has logged in without showing its password does not show it later', async () => {
  const server = await scripted(async (peer) => {
    await toTls(peer)
    await peer.opened()
    peer.header()
    if (peer.number === 1) {
      peer.write(features(mechanisms('SCRAM-SHA-1', 'PLAIN')))
      const side = scramServer('secret')
      peer.write(`<challenge xmlns='${namespaces.sasl}'>${side.first(textOf(await peer.next(({ name }) => name === 'auth')))}</challenge>`)
      const last = side.last(textOf(await peer.next(({ name }) => name === 'response')))
      peer.write(`<success xmlns='${namespaces.sasl}'>${last}</success>`)
      await peer.opened()
      peer.header()
      peer.write(features(bindFeature))
      await answerBind(peer, { sm: false })
      peer.socket.destroy()
      return
    }
    peer.write(features(mechanisms('PLAIN')))
    await peer.closed
  })
  const follower = follow(connector(server).open, { ...ada, service: server.service })
  const { error } = await follower.state('auth-failed')
  assert.match(error?.message ?? '', /PLAIN/)
  assert.ok(!server.peers[1]?.heard.includes('<auth'))
})
