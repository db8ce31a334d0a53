import assert from 'node:assert/strict'
import { createHash, type X509Certificate } from 'node:crypto'
import { afterEach, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { Connector } from '../../../src/gateway/ports/connection.ts'
import { answerBind, bindFeature, features, mechanisms, scramServer, serve, textOf, toTls } from '../../support/fake-log-in.ts'
import { type FakeServerOptions, namespaces, type Peer, startFakeServer } from '../../support/fake-server.ts'
import { connectorFor, follow } from '../support.ts'

const stops: { stop(): Promise<void> }[] = []
const connectors: Connector[] = []
afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(stops.splice(0).map((each) => each.stop()))
})

/** what the server's end of the TLS connection has; its certificate is signed with SHA-256 */
const server = {
  'tls-exporter': (tls: TLSSocket) => tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
  'tls-server-end-point': (tls: TLSSocket) =>
    createHash('sha256')
      .update((tls.getX509Certificate() as X509Certificate).raw)
      .digest(),
}
type BindingType = keyof typeof server

/** Logs in where the server has -PLUS and these bindings; answers how it ended and what the client said. */
async function logIn(
  types: readonly BindingType[],
  { own = server, ...options }: FakeServerOptions & { own?: typeof server } = {},
): Promise<{ state: string; reason: string | null; chosen: string; type: string }> {
  let chosen = ''
  let type = ''
  const script = async (peer: Peer) => {
    await toTls(peer)
    await peer.opened()
    peer.header()
    const bindings = types.map((each) => `<channel-binding type='${each}'/>`).join('')
    const offer = `<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>${bindings}</sasl-channel-binding>`
    peer.write(features(mechanisms('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1') + offer))
    const auth = await peer.next(({ name }) => name === 'auth')
    chosen = auth.attributes.mechanism ?? ''
    type = /^p=([^,]*),,/.exec(Buffer.from(textOf(auth), 'base64').toString())?.[1] ?? ''
    const side = scramServer('secret', { hash: 'sha256', binding: own[type as BindingType](peer.socket as TLSSocket) })
    peer.write(`<challenge xmlns='${namespaces.sasl}'>${side.first(textOf(auth))}</challenge>`)
    const response = textOf(await peer.next(({ name }) => name === 'response'))
    try {
      peer.write(`<success xmlns='${namespaces.sasl}'>${side.last(response)}</success>`)
    } catch (cause) {
      peer.write(`<failure xmlns='${namespaces.sasl}'><not-authorized/><text>${(cause as Error).message}</text></failure>`)
    }
    await peer.opened()
    peer.header()
    peer.write(features(bindFeature))
    await answerBind(peer, { sm: false })
    await serve(peer)
  }
  const fake = await startFakeServer(script, options)
  stops.push(fake)
  const connector = connectorFor(fake)
  connectors.push(connector)
  const follower = follow(connector.open, { jid: 'ada@localhost', password: 'secret', service: fake.service })
  const { state, reason } = await follower.until(() => follower.states.find((told) => told.state !== 'connecting'))
  return { state, reason, chosen, type }
}

const bound = { state: 'online', reason: null, chosen: 'SCRAM-SHA-256-PLUS' }
const both = ['tls-server-end-point', 'tls-exporter'] as const

test('over TLS 1.3 the log-in is bound to the keys of the connection', async () => {
  assert.deepEqual(await logIn(both), { ...bound, type: 'tls-exporter' })
})

test('where the server has no exporter it is bound to its certificate', async () => {
  assert.deepEqual(await logIn(['tls-server-end-point']), { ...bound, type: 'tls-server-end-point' })
})

test('over TLS 1.2 it is bound to the certificate', async () => {
  assert.deepEqual(await logIn(both, { maxVersion: 'TLSv1.2' }), { ...bound, type: 'tls-server-end-point' })
})

for (const type of both) {
  test(`a server that is not at the other end of the connection sees so (${type})`, async () => {
    const own = { ...server, [type]: () => Buffer.alloc(32) }
    const ended = await logIn([type], { own })
    assert.deepEqual(ended, { ...bound, state: 'auth-failed', reason: 'sasl-not-authorized', type })
  })
}
