import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { requestTls } from '../../../src/xmpp/dial/starttls.ts'
import { secure, trustedContext } from '../../../src/xmpp/dial/tls.ts'
import { websocketChannel } from '../../../src/xmpp/dial/websocket.ts'
import { failure } from '../../../src/xmpp/failure.ts'
import { answerBind, bindFeature, features, serve, toLoggedIn, toTls } from '../../support/fake-log-in.ts'
import { type FakeServerOptions, type Peer, startFakeServer } from '../../support/fake-server.ts'
import { connectorFor, follow } from '../support.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

describe('the server is asked for by the name of the XMPP domain, whatever address is dialled', () => {
  async function handshake(options: FakeServerOptions): Promise<TLSSocket> {
    const server = await startFakeServer(async (peer: Peer) => {
      if (options.direct !== true) await toTls(peer)
      await toLoggedIn(peer)
      peer.write(features(bindFeature))
      await answerBind(peer, { sm: false })
      await serve(peer)
    }, options)
    stops.push(server.stop)
    const connector = connectorFor(server)
    stops.push(connector.close)
    await follow(connector.open, { jid: 'ada@localhost', password: 'secret', service: server.service }).online()
    return server.peers[0]?.socket as TLSSocket
  }

  test('STARTTLS', async () => {
    assert.equal((await handshake({})).servername, 'localhost')
  })

  test('direct TLS, which is told apart from other protocols on its port by ALPN', async () => {
    const { servername, alpnProtocol } = await handshake({ direct: true })
    assert.deepEqual([servername, alpnProtocol], ['localhost', 'xmpp-client'])
  })
})

describe('a step that begins when the attempt is over ends at once, and its socket with it', () => {
  const signal = AbortSignal.abort(failure('timeout', 'xmpp-timeout', 'over'))
  const steps: Record<string, (socket: Socket) => Promise<unknown>> = {
    STARTTLS: (socket) => requestTls(socket, { domain: 'localhost', plain: false, signal }),
    'the TLS handshake': (socket) => secure(socket, { name: 'localhost', domain: true, context: trustedContext(undefined), signal }),
    'the WebSocket handshake': (socket) => websocketChannel(socket, { url: new URL('ws://localhost/'), maxPayload: 1000, signal }),
  }
  for (const [what, step] of Object.entries(steps)) {
    test(what, async () => {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1')
      await once(server, 'listening')
      stops.push(async () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
      const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
      await once(socket, 'connect')
      await assert.rejects(step(socket), /over/)
      assert.ok(socket.destroyed)
    })
  }
})

test('a connection that takes a descriptor that is held back is given up', async () => {
  const server = await startFakeServer(serve)
  stops.push(server.stop)
  const connector = connectorFor(server, { bounds: { descriptors: 0 } })
  stops.push(connector.close)
  const { states, state } = follow(connector.open, { jid: 'ada@localhost', password: 'secret', service: server.service, once: true })
  await state('stopped')
  assert.equal(states.at(-1)?.reason, 'unreachable')
})
