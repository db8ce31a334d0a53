import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Connector } from '../../../src/gateway/ports/connection.ts'
import type { ConnectorOptions } from '../../../src/xmpp/connector.ts'
import { ack, request, serve, toAuthenticated, toBound } from '../../support/fake-log-in.ts'
import { type Peer, startFakeServer } from '../../support/fake-server.ts'
import { connectorFor, type Follower, follow } from '../support.ts'

const stops: { stop(): Promise<void> }[] = []
const connectors: Connector[] = []
afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(stops.splice(0).map((each) => each.stop()))
})

async function bound(script: (peer: Peer) => Promise<void>, bounds: ConnectorOptions['bounds'] = {}) {
  const server = await startFakeServer(async (peer) => {
    await toBound(peer)
    await script(peer)
  })
  stops.push(server)
  const connector = connectorFor(server, { bounds: { backoffFirst: 1, backoffMax: 20, ...bounds } })
  connectors.push(connector)
  const follower = follow(connector.open, { jid: 'ada@localhost', password: 'secret', service: server.service })
  await follower.online()
  return { server, follower }
}
const silent = (peer: Peer) => peer.closed
const offline = { code: 'session-offline' }

test('only so many stanzas are kept without an acknowledgement', async () => {
  const { follower } = await bound(silent, { unacked: 3 })
  for (const id of [1, 2, 3]) follower.connection.send(`<message id='${id}'/>`)
  assert.throws(() => follower.connection.send('<message/>'), offline)
})

test('… and only so much of them', async () => {
  const { follower } = await bound(silent, { unackedSize: 1000 })
  follower.connection.send(`<message><body>${'x'.repeat(1000)}</body></message>`)
  assert.throws(() => follower.connection.send('<message/>'), offline)
})

test('a server that reads nothing stops the writing at the bound', async () => {
  const { follower } = await bound(
    async (peer) => {
      peer.socket.pause()
      await peer.closed
    },
    { backlog: 200_000 },
  )
  const stanza = `<message><body>${'x'.repeat(10_000)}</body></message>`
  assert.throws(() => {
    for (;;) follower.connection.send(stanza)
  }, offline)
})

/** sends until no more goes out */
async function fill({ connection }: Follower): Promise<void> {
  const stanza = `<message><body>${'x'.repeat(100_000)}</body></message>`
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      connection.send(stanza)
      await new Promise((resolve) => setImmediate(resolve))
    } catch {
      return
    }
  }
  assert.fail('everything was taken')
}

test('a server that asks on and on for what is handled and takes no answer is found dead, although it is heard', async () => {
  const flood = Promise.withResolvers<void>()
  const { follower } = await bound(
    async (peer) => {
      peer.socket.pause()
      await flood.promise
      const pump = () => {
        while (!peer.socket.destroyed && peer.socket.write(request.repeat(1000)));
      }
      peer.socket.on('drain', pump)
      pump()
      await peer.closed
    },
    { backlog: 200_000, unanswered: 100, idle: 50, silence: 100, slowest: 10_000_000 },
  )
  await fill(follower)
  flood.resolve()
  const { reason } = await follower.until(() => follower.states.find((told) => told.reason !== null))
  assert.equal(reason, 'silence')
})

test('a server that takes the answer late has few for all that it asked, the last with the latest number', async () => {
  const asks = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const { server, follower } = await bound(
    async (peer) => {
      peer.socket.pause()
      await asks.promise
      peer.write(`<message id='1'/>${request.repeat(1000)}<message id='2'/>${request}`)
      peer.socket.resume()
      await peer.next(({ name, attributes }) => name === 'a' && attributes.h === '2')
      answered.resolve()
      await peer.closed
    },
    { backlog: 200_000, unanswered: 100 },
  )
  await fill(follower)
  asks.resolve()
  await answered.promise
  const answers = server.peers[0]?.heard.match(/<a /g) ?? []
  assert.ok(answers.length < 50, `${answers.length} answers`)
  assert.equal(follower.connection.state, 'online')
})

test('a promise of a write that is not waited for never becomes an unhandled rejection; one that is tells', async () => {
  const { follower } = await bound(async (peer) => {
    await peer.next()
    peer.socket.destroy()
  })
  follower.connection.send('<message/>')
  await follower.until(() => follower.states.some(({ reason }) => reason === 'connection-lost'))
  assert.throws(() => follower.connection.send('<message/>'), offline)
  await assert.rejects(follower.connection.ping(), offline)
})

test('closing waits for acknowledgements, but not for ever', async () => {
  const { server, follower } = await bound(silent, { closeAcks: 30, closeStream: 30 })
  follower.connection.send("<message id='1'/>")
  await follower.connection.close({ status: 'bye' })
  const heard = server.peers[0]?.heard ?? ''
  assert.match(heard, /<presence type="unavailable"><status>bye<\/status><\/presence><r xmlns="urn:xmpp:sm:3"\/>/)
  assert.match(heard, /<a xmlns="urn:xmpp:sm:3" h="0"\/><\/stream:stream>$/)
  assert.equal(follower.connection.state, 'stopped')
})

test('closing takes acknowledgements that come meanwhile', async () => {
  const { follower } = await bound(async (peer) => {
    await peer.next(({ name }) => name === 'presence')
    peer.write(ack(2))
    await peer.closed
  })
  const { position } = follower.connection.send("<message id='1'/>")
  await follower.connection.close()
  assert.ok((follower.acks.at(-1) as number) >= position)
})

test('a hand-over closes the connection and not the stream, after acknowledgements where it may wait', async () => {
  const { server, follower } = await bound((peer) => serve(peer))
  follower.connection.send("<message id='1'/>")
  const state = await follower.connection.abandon({ acks: 2000 })
  assert.deepEqual([state?.outbound, state?.acked], [1, 1])
  await server.peers[0]?.closed
  assert.doesNotMatch(server.peers[0]?.heard ?? '', /<\/stream:stream>/)
  assert.deepEqual(follower.lost, [])
})

test('whoever may no longer act for the account answers nothing on its stream, and does not dial again', async () => {
  let held = true
  const server = await startFakeServer(async (peer) => {
    await (peer.number === 1 ? toBound(peer) : toAuthenticated(peer))
    await peer.closed
  })
  stops.push(server)
  const connector = connectorFor(server, { bounds: { backoffFirst: 1, backoffMax: 20 } })
  connectors.push(connector)
  const login = { jid: 'ada@localhost', password: 'secret', service: server.service, holdsLease: () => held }
  const follower = follow(connector.open, login)
  await follower.online()
  const [first] = server.peers
  const heard = first?.heard
  held = false
  first?.write(request)
  await first?.closed
  assert.equal(first?.heard, heard)
  await follower.state('backoff')
  assert.equal(server.peers.length, 1)
})

test('a stanza that the handler throws at is left out, and counts', async () => {
  const answers: string[] = []
  const done = Promise.withResolvers<void>()
  const { follower } = await bound(async (peer) => {
    peer.write("<message id='bad'/><message id='good'/>")
    await peer.next(({ name }) => name === 'presence')
    peer.write(request)
    answers.push((await peer.next(({ name }) => name === 'a')).attributes.h as string)
    done.resolve()
    await peer.closed
  })
  // the follower's own array is what throws, once
  const push = follower.stanzas.push.bind(follower.stanzas)
  follower.stanzas.push = (...items) => {
    if (items[0]?.stanza.attributes.id === 'bad') throw new Error('a bug')
    return push(...items)
  }
  await follower.until(() => follower.stanzas.length > 0)
  follower.connection.send('<presence/>')
  await done.promise
  assert.deepEqual(answers, ['2'])
})
