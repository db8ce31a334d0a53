import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answerBind, bindFeature, features, mechanisms, scramServer, serve, textOf, toBound, toTls } from '../support/fake-log-in.ts'
import { type FakeServer, namespaces } from '../support/fake-server.ts'
import { ada, connectors, header, raw, refused, scripted } from './refused.ts'
import { connectorFor, type Follower, follow } from './support.ts'

describe('see-other-host', () => {
  const elsewhere = (host: string) =>
    `<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${host}</see-other-host></stream:error></stream:stream>`

  test('is followed once over TLS, with the certificate of the original domain', async () => {
    const second = await scripted(async (peer) => {
      await toBound(peer)
      await serve(peer)
    })
    const first = await scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(elsewhere(`127.0.0.1:${second.port}`))
    })
    const connector = connectorFor(first)
    connectors.push(connector)
    const follower = follow(connector.open, { ...ada, service: first.service })
    await follower.online()
    assert.deepEqual([first.peers.length, second.peers.length], [1, 1])
  })

  test('to a host with a valid certificate of its own is refused', async () => {
    const second = await scripted(async (peer) => void (await toBound(peer)), { certificateNames: ['elsewhere.example'] })
    const first = await scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(elsewhere(`127.0.0.1:${second.port}`))
    })
    const { error } = await refused(first)
    assert.equal(error?.code, 'xmpp-tls-failed')
    assert.equal(second.peers.length, 1)
    assert.doesNotMatch(second.peers[0]?.heard ?? '', /<auth/)
  })

  test('is followed only once', async () => {
    let own = 0
    const server = await scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(elsewhere(`127.0.0.1:${own}`))
    })
    own = server.port
    const { error, reason } = await refused(server)
    assert.equal(error?.code, 'xmpp-unreachable')
    assert.equal(reason, 'see-other-host')
    assert.equal(server.peers.length, 2)
  })

  test('before TLS is not followed', async () => {
    const second = await raw(() => undefined)
    const first = await raw((socket) => socket.once('data', () => socket.write(header + elsewhere(second.service.slice(7)))))
    assert.equal((await refused(first)).reason, 'see-other-host')
    assert.equal(second.heard(), '')
  })

  describe('on a stream that is bound', () => {
    /** ends its first stream with the address of another server */
    const first = (second: FakeServer) =>
      scripted(async (peer) => {
        await toBound(peer, { sm: false })
        if (peer.number === 1) peer.write(elsewhere(`127.0.0.1:${second.port}`))
        await serve(peer)
      })
    /** `clear`: the servers may be spoken to without TLS */
    function logIn(server: FakeServer, clear = false) {
      const connector = connectorFor(server, {
        bounds: { backoffFirst: 1, backoffMax: 2 },
        plaintextHosts: clear ? ['127.0.0.1'] : [],
      })
      connectors.push(connector)
      return follow(connector.open, { ...ada, service: server.service })
    }
    const onlines = ({ states }: Follower, count: number) => states.filter(({ state }) => state === 'online').length === count

    test('is followed for one attempt; the next one goes to the usual address', async () => {
      const second = await scripted(async (peer) => {
        await toBound(peer, { sm: false })
        await peer.next(({ name }) => name === 'message')
        peer.socket.destroy()
      })
      const server = await first(second)
      const follower = logIn(server)
      await follower.until(() => onlines(follower, 2))
      assert.deepEqual([server.peers.length, second.peers.length], [1, 1])
      follower.connection.send('<message/>')
      await follower.until(() => onlines(follower, 3))
      assert.deepEqual([server.peers.length, second.peers.length], [2, 1])
    })

    test('is not followed further before the next bind', async () => {
      const second = await scripted(async (peer) => {
        await toTls(peer)
        await peer.opened()
        peer.header()
        peer.write(elsewhere(`127.0.0.1:${third.port}`))
      })
      const third = await scripted(async (peer) => peer.closed)
      const server = await first(second)
      const follower = logIn(server)
      await follower.until(() => onlines(follower, 2))
      assert.deepEqual([server.peers.length, second.peers.length, third.peers.length], [2, 1, 0])
    })

    test('leads to a server with the certificate of the original domain, or nowhere', async () => {
      const second = await scripted(async (peer) => void (await toBound(peer)), { certificateNames: ['elsewhere.example'] })
      const server = await first(second)
      const follower = logIn(server)
      await follower.until(() => onlines(follower, 2))
      assert.ok(follower.states.some(({ reason }) => reason === 'tls-failed'))
      assert.deepEqual([server.peers.length, second.peers.length], [2, 1])
      assert.doesNotMatch(second.peers[0]?.heard ?? '', /<auth/)
    })

    test('in clear text is not followed', async () => {
      const second = await scripted(async (peer) => peer.closed)
      const server = await scripted(async (peer) => {
        await peer.opened()
        peer.header()
        peer.write(features(mechanisms('SCRAM-SHA-1')))
        // the stream that only asked for TLS ends here
        const side = scramServer('secret')
        const auth = await peer.next(({ name }) => name === 'auth')
        peer.write(`<challenge xmlns='${namespaces.sasl}'>${side.first(textOf(auth))}</challenge>`)
        const last = side.last(textOf(await peer.next(({ name }) => name === 'response')))
        peer.write(`<success xmlns='${namespaces.sasl}'>${last}</success>`)
        await peer.opened()
        peer.header()
        peer.write(features(bindFeature))
        await answerBind(peer, { sm: false })
        if (peer.number === 2) peer.write(elsewhere(`127.0.0.1:${second.port}`))
        await serve(peer)
      })
      const follower = logIn(server, true)
      await follower.until(() => onlines(follower, 2))
      assert.ok(follower.states.some(({ reason }) => reason === 'see-other-host'))
      assert.deepEqual([server.peers.length, second.peers.length], [4, 0])
    })
  })

  for (const host of ['', '169.254.169.254', '10.0.0.1:5222', '[::1]:22', 'a b', 'x@y']) {
    test(`to ${JSON.stringify(host)} goes nowhere`, async () => {
      const server = await scripted(async (peer) => {
        await toTls(peer)
        await peer.opened()
        peer.header()
        peer.write(elsewhere(host))
      })
      const { error } = await refused(server)
      assert.ok(error?.code === 'address-not-allowed' || (host === '' && error?.code === 'xmpp-unreachable'), error?.code)
    })
  }
})
