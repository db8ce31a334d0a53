import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { authority } from '../support/authority.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { childText, type Element } from '../../src/stanza/element.ts'
import { connectorFor, follow } from './support.ts'

let server: XmppServer
const open: { close(): Promise<void> }[] = []

before(async () => {
  server = await startProsody({ users: { ada: 'secret', bob: 'hush' } })
})
after(async () => {
  await Promise.all(open.map((connector) => connector.close()))
  await server.stop()
})

function connector() {
  const made = connectorFor(server)
  open.push(made)
  return made
}

test('two accounts come online over STARTTLS and messages pass both ways, acknowledged by the server', async () => {
  const { open } = connector()
  const ada = follow(open, { jid: 'ada@localhost', password: 'secret', resource: 'desk', service: server.service })
  const bob = follow(open, { jid: 'bob@localhost', password: 'hush', resource: 'phone', service: server.service })
  await Promise.all([ada.online(), bob.online()])
  assert.equal(ada.connection.jid, 'ada@localhost/desk')
  assert.equal(ada.connection.managed, true)
  const { position } = ada.connection.send(`<message to="bob@localhost/phone" type="chat" id="1"><body>你好 👋</body></message>`)
  const got = await bob.stanza((each: Element) => each.name === 'message')
  assert.equal(childText(got, 'body'), '你好 👋')
  await ada.acked(position)
  await Promise.all([ada.connection.close({ status: 'bye' }), bob.connection.close()])
  assert.equal(ada.connection.state, 'stopped')
})
