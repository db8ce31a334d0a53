/** A server that takes every question and never answers: whoever asks is told in time, and is not kept waiting for ever. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { serveAccount } from '../support/fake-account.ts'
import { features, mechanisms, toTls } from '../support/fake-log-in.ts'
import { type FakeServer, startFakeServer } from '../support/fake-server.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { serviceRequests } from './services.ts'

/** namespaces that nothing is answered to */
const silent = [
  'http://jabber.org/protocol/disco#info',
  'http://jabber.org/protocol/disco#items',
  'http://jabber.org/protocol/pubsub',
  'http://jabber.org/protocol/pubsub#owner',
  'http://jabber.org/protocol/commands',
  'jabber:iq:register',
  'urn:xmpp:blocking',
  'urn:xmpp:push:0',
  'vcard-temp',
]

let server: FakeServer
/** asked by who has no account yet */
let registrar: FakeServer
let gateway: TestGateway
before(async () => {
  const answers = Object.fromEntries(silent.map((namespace) => [namespace, () => undefined]))
  server = await startFakeServer((peer) => serveAccount(peer, { answers }))
  registrar = await startFakeServer(async (peer) => {
    await toTls(peer)
    await peer.opened()
    peer.header()
    peer.write(features(`${mechanisms('PLAIN')}<register xmlns='http://jabber.org/features/iq-register'/>`))
    await peer.next(({ name }) => name === 'nothing')
  })
  gateway = await startGateway({ server })
})
after(async () => {
  await gateway?.stop()
  await Promise.all([server?.stop(), registrar?.stop()])
})

it('is told of as a timeout, within two minutes', { timeout: 240_000 }, async () => {
  const at = { domain: 'localhost', service: registrar.service }
  const account = 'ada@localhost'
  const outcomes = await Promise.all(
    serviceRequests({ account, at }).map(async ({ method, path, options, isForNone, silent: expected = 'xmpp-timeout' }, index) => {
      // each of a session of its own: what changes a card waits for its turn
      const { id } = await gateway.login({ jid: account, password: 'secret', service: server.service, resource: `r${index}`, mds: true })
      const query = { ...(!isForNone && { session: id }), ...options.query }
      const answer = await gateway.api(method, path, { ...options, query, timeout: 120_000 })
      return [`${method} ${path}`, answer.body?.code ?? null, expected]
    }),
  )
  for (const [what, code, expected] of outcomes) assert.equal(code, expected, what)
})
