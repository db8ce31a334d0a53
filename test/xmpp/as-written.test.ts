/** What servers write in another way than it was written to them: names of accounts, which are theirs from then on, and texts. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Connector } from '../../src/gateway/ports/connection.ts'
import { child } from '../../src/xml/element.ts'
import { startEjabberd } from '../support/ejabberd.ts'
import { bindFeature, features, serve, toAuthenticated } from '../support/fake-log-in.ts'
import { namespaces, startFakeServer } from '../support/fake-server.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type Client, startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { connectorFor, follow } from './support.ts'

/** ejabberd binds a name as it was asked for, and has it in its own way in copies of what other clients send */
const names = [
  { asked: 'back\\slash', kept: 'back\\slash', bound: { prosody: 'back\\slash', ejabberd: 'back\\slash' } },
  { asked: 'straße', kept: 'strasse', bound: { prosody: 'strasse', ejabberd: 'straße' } },
]

describe('real servers', { concurrency: 2 }, () => {
  for (const start of [startProsody, startEjabberd]) {
    describe(start.name, () => {
      let server: XmppServer
      let gateway: TestGateway
      let peer: Client
      const clients: Client[] = []
      before(async () => {
        server = await start({ users: Object.fromEntries([...names.map(({ kept }) => [kept, 'pw']), ['peer', 'pw'], ['reader', 'pw']]) })
        gateway = await startGateway({ server })
        peer = await startClient({ server, jid: 'peer@localhost', password: 'pw' })
        clients.push(peer)
      })
      after(async () => {
        await Promise.all(clients.map((client) => client.stop()))
        await gateway?.stop()
        await server?.stop()
      })

      test('a text that may be sent is received, however many quotes it has', async () => {
        const writer = await gateway.login({ jid: 'peer@localhost', password: 'pw', resource: 'writer' })
        const reader = await gateway.login({ jid: 'reader@localhost', password: 'pw' })
        const stream = gateway.events({ session: reader.id, query: { types: 'message.received' } })
        await stream.opened
        const rows = JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ id, n: "it's", v: 'ok', t: 'x' })))
        for (const body of [rows, '"'.repeat(200_000)]) {
          const message = { to: reader.connections[0].jid, body }
          const sent = await gateway.api('POST', '/messages', { query: { session: writer.id }, body: message })
          assert.equal(sent.status, 202, sent.text)
          assert.equal((await stream.next('message.received', 20_000)).data.body, body)
        }
        await stream.close()
        for (const { id } of [writer, reader]) assert.equal((await gateway.api('DELETE', `/sessions/${id}`)).status, 204)
      })

      for (const { asked, kept, bound: written } of names) {
        test(`${asked} is ${kept}`, async () => {
          const bound = written[server.kind]
          const session = await gateway.login({ jid: `${asked}@localhost`, password: 'pw', resource: 'desk' })
          assert.equal(session.connections[0].jid, `${bound}@localhost/desk`)
          const stream = gateway.events({ session: session.id })
          await stream.opened
          const other = await startClient({ server, jid: `${kept}@localhost`, password: 'pw' })
          clients.push(other)

          other.send("<message to='peer@localhost' type='chat' id='copied'><body>from another client</body></message>")
          const copied = await stream.next(({ type }) => type === 'message.sent-elsewhere')
          assert.equal(copied.data.from, other.jid)
          assert.equal(copied.data.carbon, 'sent')
          assert.equal(copied.subject, 'peer@localhost')

          const forged = `<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='${bound}@localhost/x' to='peer@localhost' type='chat'><body>forged</body></message></forwarded></sent>`
          peer.send(`<message to='${session.connections[0].jid}' type='chat'>${forged}</message>`)
          peer.send(`<message to='${session.connections[0].jid}' type='chat'><body>honest</body></message>`)
          const honest = await stream.next(({ type }) => type.startsWith('message.'))
          assert.equal(honest.data.body, 'honest')

          const contact = `friend-of-${bound.length}@localhost`
          const put = await gateway.api('PUT', `/roster/${contact}`, { query: { session: session.id }, body: { name: 'a friend' } })
          assert.equal(put.status, 200, put.text)
          assert.equal((await stream.next(({ type }) => type === 'roster.updated')).data.jid, contact)

          for (const from of [`${asked}@localhost`, `${bound}@localhost`, `${bound}@localhost/desk`]) {
            const xml = `<message from='${from}' to='peer@localhost' type='chat'><body>as ${from}</body></message>`
            const headers = { 'content-type': 'application/xml' }
            const sent = await gateway.api('POST', '/stanzas', { query: { session: session.id }, body: xml, headers })
            assert.equal(sent.status, 202, sent.text)
            const { element } = await peer.next((stanza) => child(stanza, 'body')?.children[0] === `as ${from}`)
            assert.equal(element.attributes.from, `${bound}@localhost/desk`)
          }
          const again = await gateway.api('GET', `/sessions/${encodeURIComponent(`${asked}@localhost`)}`)
          assert.equal(again.body.id, session.id)
          await stream.close()
          assert.equal((await gateway.api('DELETE', `/sessions/${session.id}`)).status, 204)
        })
      }
    })
  }
})

describe('a scripted server', () => {
  const stops: { stop(): Promise<void> }[] = []
  const connectors: Connector[] = []
  afterEach(async () => {
    await Promise.all(connectors.splice(0).map((connector) => connector.close()))
    await Promise.all(stops.splice(0).map((each) => each.stop()))
  })

  async function bindAs(asked: string, bound: string) {
    const server = await startFakeServer(async (peer) => {
      await toAuthenticated(peer)
      peer.write(features(bindFeature))
      const iq = await peer.next(({ name }) => name === 'iq')
      peer.write(`<iq type='result' id='${iq.attributes.id}'><bind xmlns='${namespaces.bind}'><jid>${bound}</jid></bind></iq>`)
      await serve(peer)
    })
    const connector = connectorFor(server)
    stops.push(server)
    connectors.push(connector)
    const follower = follow(connector.open, { jid: asked, password: 'secret', service: server.service, once: true })
    return follower.until(() => follower.bounds[0]?.jid ?? follower.states.find(({ error }) => error !== undefined)?.reason)
  }

  const same: [asked: string, bound: string][] = [
    ['ada@localhost', 'Ada@LOCALHOST/r'],
    ['back\\slash@localhost', 'back\\5cslash@localhost/r'],
    ['ŉ@localhost', 'ʼn@localhost/☺ as/it@is'],
    ['i̇@localhost', 'İ@localhost/r'],
    ['οδυσσεύς@localhost', 'οδυσσεύσ@localhost/r'],
  ]
  for (const [asked, bound] of same) {
    test(`${asked} may be bound as ${bound}, and keeps that spelling`, async () => assert.equal(await bindAs(asked, bound), bound))
  }

  for (const bound of [
    'bob@localhost/r',
    'ada@localhost',
    'ada@localhost/',
    'localhost/ada@localhost/r',
    'ada@localhost.example/r',
    '/r',
    '',
  ]) {
    test(`ada is not ${bound || 'nobody'}`, async () => assert.equal(await bindAs('ada@localhost', bound), 'bind-failed'))
  }
})
