/** One tenant asks for all that it can; another one, who is there too, must hardly notice. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { features, mechanisms, scramServer, textOf, toTls } from '../support/fake-log-in.ts'
import { namespaces, type Peer, startFakeServer } from '../support/fake-server.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, users } from './account.ts'

/** ms that a bystander may wait longer than it does alone */
const DELAY_MAX = 1_000
/** what the attacker does at one time */
const MANY = 200
/** log-ins of the bystander, one after the other */
const names = ['romeo', 'juliet', 'nurse', 'tybalt']

/** a server that takes all that it may of those who log in, and then says nothing */
async function costly(peer: Peer): Promise<void> {
  await toTls(peer)
  await peer.opened()
  peer.header()
  peer.write(features(mechanisms('SCRAM-SHA-512')))
  const auth = await peer.next(({ name }) => name === 'auth')
  const scram = scramServer('secret', { iterations: 1_000_000, hash: 'sha512' })
  peer.write(`<challenge xmlns='${namespaces.sasl}'>${scram.first(textOf(auth))}</challenge>`)
  await peer.closed
}

/** takes the connection, and that is all */
const silent = (peer: Peer) => peer.closed

describe('while one tenant logs in hundreds of times, another is not kept waiting', { timeout: 180_000 }, () => {
  let server: XmppServer
  let gateway: TestGateway
  before(async () => {
    server = await startProsody({ users: users(...names) })
    gateway = await startGateway({ server, tenants: ['attacker', 'bystander'] })
  })
  after(async () => {
    for (const one of [gateway, server]) await one?.stop()
  })

  /** ms of the longest log-in of the bystander, one after the other */
  async function longestLogin(): Promise<number> {
    const key = gateway.keys.bystander!
    let longest = 0
    for (const name of names) {
      const began = performance.now()
      const body = { jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service }
      const { status, text, body: session } = await gateway.api('POST', '/sessions', { key, body })
      longest = Math.max(longest, performance.now() - began)
      assert.equal(status, 201, text)
      assert.equal((await gateway.api('DELETE', `/sessions/${session.id}`, { key })).status, 204)
    }
    return longest
  }

  async function whileLoggingIn(t: TestContext, service: string): Promise<void> {
    const alone = await longestLogin()
    const key = gateway.keys.attacker!
    const attack = Array.from({ length: MANY }, (_, n) =>
      gateway.api('POST', '/sessions', {
        key,
        body: { jid: `user${n}@localhost`, password: 'secret', service },
        headers: { prefer: 'respond-async' },
      }),
    )
    const sessions = await Promise.all(attack)
    assert.ok(sessions.every(({ status }) => status === 202))
    const beside = await longestLogin()
    t.diagnostic(`alone ${alone.toFixed(0)} ms, beside ${MANY} others ${beside.toFixed(0)} ms`)
    assert.ok(beside - alone < DELAY_MAX, `${beside.toFixed(0)} ms in place of ${alone.toFixed(0)} ms`)
    await Promise.all(sessions.map(({ body }) => gateway.api('DELETE', `/sessions/${body.id}`, { key })))
  }

  it('on a server that asks for a million iterations of SCRAM', async (t) => {
    const hostile = await startFakeServer(costly)
    t.after(() => hostile.stop())
    await whileLoggingIn(t, hostile.service)
  })

  it('on a server that takes connections and says nothing', async (t) => {
    const hostile = await startFakeServer(silent)
    t.after(() => hostile.stop())
    await whileLoggingIn(t, hostile.service)
  })
})
