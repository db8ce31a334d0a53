import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { StreamState } from '../../src/gateway/ports/change.ts'
import { childText } from '../../src/xml/element.ts'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { endedAfterEach } from './ended.ts'
import { type Follower, follow, isMessage } from './support.ts'

/** back-off without waiting, so that a test is as quick as its server */
const quick: Partial<ConnectorOptions> = { bounds: { backoffFirst: 1, backoffMax: 20 } }
const { stops, connector } = endedAfterEach(quick)

describe('with a real server', () => {
  let server: XmppServer
  before(async () => {
    // its archive of files takes longer with each message, and is not what is tested
    server = await startProsody({ modules: ['user_account_management'], users: { ada: 'secret', bob: 'hush' }, mam: false })
  })
  after(() => server.stop())

  const ada = { jid: 'ada@localhost', password: 'secret', resource: 'desk' }
  const bob = { jid: 'bob@localhost', password: 'hush', resource: 'phone' }

  async function proxied(): Promise<TcpProxy & { service: string }> {
    const proxy = await startProxy({ to: server })
    stops.push(proxy)
    return Object.assign(proxy, { service: `xmpp://127.0.0.1:${proxy.port}` })
  }
  const message = (to: string, id: string) => `<message to="${to}" type="chat" id="${id}"><body>${id}</body></message>`
  const idsOf = (follower: Follower) =>
    follower.stanzas.filter(({ stanza }) => stanza.name === 'message').map(({ stanza }) => stanza.attributes.id)

  test('a connection that is reset a hundred times among 1,000 messages loses and repeats nothing in either direction', async () => {
    const proxy = await proxied()
    const { open } = connector(server)
    const [first, second] = [follow(open, { ...ada, service: proxy.service }), follow(open, { ...bob, service: server.service })]
    await Promise.all([first.online(), second.online()])
    const [rounds, each] = [100, 10]
    const count = rounds * each
    for (let round = 0; round < rounds; round += 1) {
      // anywhere: in a stanza of this batch, or in the handshake, log-in, resume or replay after it
      proxy.cutAfter(1 + ((round * 7919) % 6007))
      let last = 0
      for (let index = round * each; index < (round + 1) * each; index += 1) {
        second.connection.send(message('ada@localhost/desk', `in-${index}`))
        const { position } = await first.until(() => {
          try {
            return first.connection.send(message('bob@localhost/phone', `out-${index}`))
          } catch {
            return undefined
          }
        })
        last = position
      }
      if (round % 2 === 0) proxy.cut()
      else await first.acked(last)
    }
    await second.until(() => idsOf(second).length >= count)
    await first.until(() => idsOf(first).length >= count)
    assert.deepEqual(
      idsOf(second),
      Array.from({ length: count }, (_, index) => `out-${index}`),
    )
    assert.deepEqual(
      idsOf(first),
      Array.from({ length: count }, (_, index) => `in-${index}`),
    )
    assert.deepEqual(first.lost, [])
    assert.equal(first.bounds.length, 1)
    assert.ok(first.states.filter(({ state, resumed }) => state === 'online' && resumed === true).length >= rounds / 2)
  })

  test('a link that swallows everything is noticed and the stream resumed', async () => {
    const proxy = await proxied()
    const { open } = connector(server, { bounds: { ...quick.bounds, idle: 100, silence: 200 } })
    const follower = follow(open, { ...ada, service: proxy.service })
    await follower.online()
    proxy.blackhole(true)
    await follower.state('resuming')
    proxy.blackhole(false)
    const back = await follower.until(() => follower.states.find(({ resumed }) => resumed === true))
    assert.equal(back.jid, 'ada@localhost/desk')
    assert.deepEqual(
      follower.states.map(({ state }) => state),
      ['connecting', 'online', 'resuming', 'resuming', 'online'],
    )
    assert.equal(follower.states[2]?.reason, 'silence')
  })

  test('bytes that come one by one are the same text', async () => {
    const proxy = await proxied()
    const { open } = connector(server)
    proxy.slice(1)
    const [first, second] = [follow(open, { ...ada, service: proxy.service }), follow(open, { ...bob, service: server.service })]
    await Promise.all([first.online(), second.online()])
    const body = 'aé漢👩‍💻𝒳'
    second.connection.send(`<message to="ada@localhost/desk" id="bytes"><body>${body}</body></message>`)
    assert.equal(childText(await first.stanza(isMessage('bytes')), 'body'), body)
    first.connection.send(`<message to="bob@localhost/phone" id="back"><body>${body}</body></message>`)
    assert.equal(childText(await second.stanza(isMessage('back')), 'body'), body)
  })

  test('what is received but not stored comes again after a hand-over, what is stored does not', async () => {
    const { open } = connector(server)
    const other = follow(open, { ...bob, service: server.service })
    const first = follow(open, { ...ada, service: server.service }, { store: false })
    await Promise.all([first.online(), other.online()])
    for (const id of ['1', '2', '3', '4']) other.connection.send(message('ada@localhost/desk', id))
    await first.stanza(isMessage('4'))
    const second = first.stanzas.find(({ stanza }) => stanza.attributes.id === '2')
    first.connection.stored(second?.position as number)
    const state = (await first.connection.abandon()) as StreamState
    assert.equal(state.inbound, second?.position)
    other.connection.send(message('ada@localhost/desk', '5'))

    const next = follow(connector(server).open, { ...ada, service: server.service, resume: state })
    const online = await next.online()
    assert.deepEqual([online.resumed, online.jid, next.connection.managed], [true, 'ada@localhost/desk', true])
    await next.stanza(isMessage('5'))
    assert.deepEqual(idsOf(next), ['3', '4', '5'])
    assert.deepEqual(
      next.stanzas.map(({ position }) => position),
      [3, 4, 5].map((each) => each - 2 + state.inbound),
    )
    next.connection.send(message('bob@localhost/phone', 'after'))
    await other.stanza(isMessage('after'))
  })

  test('a server that was killed has forgotten the stream: a new one is bound, and the old one is lost', async () => {
    const { open } = connector(server)
    const follower = follow(open, { ...ada, service: server.service })
    await follower.online()
    await server.kill()
    await follower.state('backoff')
    await server.start()
    await follower.until(() => follower.bounds.length === 2)
    await follower.until(() => follower.states.filter(({ state }) => state === 'online').length === 2)
    assert.deepEqual(follower.lost, [null])
    assert.equal(follower.states.at(-1)?.resumed, false)
  })

  test('a server that restarts is met again', async () => {
    const { open } = connector(server)
    const follower = follow(open, { ...ada, service: server.service })
    await follower.online()
    await server.restart()
    await follower.until(() => follower.states.filter(({ state }) => state === 'online').length === 2)
    assert.ok(follower.states.some(({ state }) => state === 'backoff'))
  })

  test('a conflict from outside is final', async () => {
    const { open } = connector(server)
    const first = follow(open, { ...ada, service: server.service })
    await first.online()
    const second = follow(connector(server).open, { ...ada, service: server.service })
    await second.online()
    const { error } = await first.state('conflict')
    assert.equal(error?.code, 'xmpp-conflict')
    assert.deepEqual(first.lost, [null])
    assert.throws(() => first.connection.send('<presence/>'), { code: 'session-offline' })
    await second.connection.ping()
    assert.equal(first.states.length, 3)
  })

  test('a conflict where a log-in of our own may have come late is answered once, and no more', async () => {
    const first = follow(connector(server).open, { ...ada, service: server.service, inherited: true })
    await first.online()
    const second = follow(connector(server).open, { ...ada, service: server.service })
    await second.state('conflict')
    await first.until(() => first.bounds.length === 2)
    const third = follow(connector(server).open, { ...ada, service: server.service })
    await third.online()
    await first.state('conflict')
    await third.connection.ping()
    assert.equal(first.bounds.length, 2)
  })

  test('a password that was changed meanwhile ends the session after one try', async () => {
    const proxy = await proxied()
    await server.addUser('carl', 'old')
    const { open } = connector(server)
    const follower = follow(open, { jid: 'carl@localhost', password: 'old', service: proxy.service })
    await follower.online()
    await server.setPassword('carl', 'new')
    await server.restart()
    await follower.state('auth-failed')
    assert.ok(
      proxy.connections <= 2 + follower.states.filter(({ reason }) => reason === 'connection-lost' || reason === 'unreachable').length,
    )
    assert.equal(follower.states.at(-1)?.error?.code, 'xmpp-authentication-failed')
  })

  test('an account that was removed meanwhile ends the session after one try', async () => {
    const proxy = await proxied()
    await server.addUser('dora', 'gone soon')
    const { open } = connector(server)
    const dora = { jid: 'dora@localhost', password: 'gone soon' }
    const follower = follow(open, { ...dora, service: proxy.service })
    const other = follow(open, { ...dora, service: server.service, resource: 'other' })
    await Promise.all([follower.online(), other.online()])
    const tries = proxy.connections
    other.connection.send("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>")
    const { error } = await follower.state('auth-failed')
    assert.equal(error?.code, 'xmpp-authentication-failed')
    assert.equal(proxy.connections, tries + 1)
  })

  test('80 stanzas that are not stored stop the reading until they are', async () => {
    const { open } = connector(server)
    const other = follow(open, { ...bob, service: server.service })
    const slow = follow(open, { ...ada, service: server.service }, { store: false })
    await Promise.all([slow.online(), other.online()])
    const count = 600
    const filling = 'x'.repeat(2000)
    for (let index = 0; index < count; index += 1) {
      const { written } = other.connection.send(`<message to="ada@localhost/desk" id="m${index}"><body>${filling}</body></message>`)
      await written
    }
    await other.acked(count)
    await slow.until(() => slow.stanzas.length >= 80)
    // what was in one chunk of the socket may be past the limit, no more
    assert.ok(slow.stanzas.length < 80 + (64 * 1024) / 2000 + 1, String(slow.stanzas.length))
    for (;;) {
      const last = slow.stanzas.at(-1)
      slow.connection.stored(last?.position as number)
      if (slow.stanzas.some(({ stanza }) => stanza.attributes.id === `m${count - 1}`)) break
      await slow.until(() => slow.stanzas.at(-1) !== last)
    }
    assert.equal(idsOf(slow).length, count)
  })
})
