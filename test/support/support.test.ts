import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { childText } from '../../src/xml/element.ts'
import { startEjabberd } from './ejabberd.ts'
import { startProsody } from './prosody.ts'
import { startClient } from './second-client.ts'
import type { XmppServer } from './xmpp-server.ts'

const users = { alice: 'alice-pw', 'bob@other.localhost': 'bob-pw' }

for (const [name, start] of Object.entries({ prosody: startProsody, ejabberd: startEjabberd })) {
  describe(`test server ${name}`, () => {
    let server: XmppServer
    before(async () => {
      server = await start({ users, moreDomains: ['other.localhost'] })
    })
    after(() => server.stop())

    it('carries raw stanzas between two clients, over STARTTLS and direct TLS', async () => {
      const alice = await startClient({ server, jid: 'alice@localhost', password: 'alice-pw', resource: 'one', directTls: true })
      const bob = await startClient({ server, jid: 'bob@other.localhost', password: 'bob-pw' })
      try {
        assert.equal(alice.jid, 'alice@localhost/one')
        const body = '你好 🙂 <&> "quoted"'
        bob.send(
          `<message to='${alice.jid}' type='headline' id='m1'><body>${body.replaceAll('&', '&amp;').replace('<', '&lt;')}</body></message>`,
        )
        const { element } = await alice.next(({ attributes }) => attributes.id === 'm1')
        assert.deepEqual(
          { ...element.attributes },
          { to: alice.jid, from: bob.jid, type: 'headline', id: 'm1', ...lang(element.attributes) },
        )
        assert.equal(childText(element, 'body'), body)
        alice.send(`<iq type='get' to='${bob.jid}' id='q1'><ping xmlns='urn:xmpp:ping'/></iq>`)
        await bob.next(({ attributes }) => attributes.id === 'q1')
        bob.send(
          `<iq type='error' to='${alice.jid}' id='q1'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
        )
        const answer = await alice.next(({ attributes }) => attributes.id === 'q1')
        assert.equal(answer.element.attributes.type, 'error')
        const roster = await alice.request({ type: 'get', payload: `<query xmlns='jabber:iq:roster'/>` })
        assert.equal(roster.attributes.type, 'result')
      } finally {
        await Promise.all([alice.stop(), bob.stop()])
      }
    })

    it('refuses a wrong password, and takes a new one at once', async () => {
      await assert.rejects(startClient({ server, jid: 'alice@localhost', password: 'wrong' }), /authentication failed/)
      await server.setPassword('alice', 'changed')
      const alice = await startClient({ server, jid: 'alice@localhost', password: 'changed' })
      await alice.stop()
    })

    it('keeps its accounts when it is killed and started again', async () => {
      await server.addUser('carol', 'carol-pw')
      await server.kill()
      await server.start()
      const carol = await startClient({ server, jid: 'carol@localhost', password: 'carol-pw' })
      await server.halt()
      await carol.closed
      await server.start()
    })
  })
}

/** ejabberd may stamp the sender's language */
function lang(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const value = attributes['xml:lang']
  return value === undefined ? {} : { 'xml:lang': value }
}
