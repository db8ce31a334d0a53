import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import {
  answerBind,
  bindFeature,
  features,
  mechanisms,
  serve,
  smFeature,
  toAuthenticated,
  toBound,
  toLoggedIn,
  toResume,
  toTls,
} from '../support/fake-log-in.ts'
import { namespaces, type Peer } from '../support/fake-server.ts'
import { endedAfterEach } from './ended.ts'
import { type Follower, follow } from './support.ts'

const ada = { jid: 'ada@localhost', password: 'secret', resource: 'desk' }
const quick = { backoffFirst: 1, backoffMax: 2, reconnectRate: 1000, reconnectBurst: 1000 }
const { stops, connector, scripted } = endedAfterEach({ bounds: quick })

describe('a server that stalls', () => {
  /** each ends when the client waits for what does not come */
  const stalls: Record<string, (peer: Peer) => Promise<unknown>> = {
    'before its header': (peer) => peer.opened(),
    'in the TLS handshake': async (peer) => {
      await peer.opened()
      peer.header()
      peer.write(features(`<starttls xmlns='${namespaces.tls}'/>`))
      await peer.next()
      peer.write(`<proceed xmlns='${namespaces.tls}'/>`)
      // the client's half of it
      await once(peer.socket, 'data')
    },
    'at SASL': async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(features(mechanisms('PLAIN')))
      await peer.next(({ name }) => name === 'auth')
    },
    'at the bind': async (peer) => {
      await toAuthenticated(peer)
      peer.write(features(bindFeature + smFeature))
      await peer.next(({ name }) => name === 'iq')
    },
    'at the resume': toResume,
    'when stream management is asked for': async (peer) => {
      await toAuthenticated(peer)
      peer.write(features(bindFeature + smFeature))
      const iq = await peer.next(({ name }) => name === 'iq')
      peer.write(`<iq type='result' id='${iq.attributes.id}'><bind xmlns='${namespaces.bind}'><jid>ada@localhost/desk</jid></bind></iq>`)
      await peer.next(({ name }) => name === 'enable')
    },
  }
  for (const [where, stall] of Object.entries(stalls)) {
    test(`${where}: 50 attempts end by their deadline and leave nothing behind`, async (t) => {
      let reached = 0
      const server = await scripted(async (peer) => {
        await stall(peer)
        reached += 1
        await peer.closed
      })
      const resume = { id: 'sm-0', jid: 'ada@localhost/desk', inbound: 0, outbound: 0, acked: 0, max: 600, savedAt: 0 }
      const made = connector(server, { bounds: { ...quick, attempt: 250 } })
      const count = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'TCPSocketWrap').length
      const before = count()
      // listeners that are left on a signal or a socket, eleven or more, are told of by the platform
      const warnings: Error[] = []
      const warned = (warning: Error) => warnings.push(warning)
      process.on('warning', warned)
      const followers = Array.from({ length: 4 }, (_, index) =>
        follow(made.open, { ...ada, resource: `${index}`, service: server.service, resume: where === 'at the resume' ? resume : null }),
      )
      const ended = ({ states }: Follower) => states.filter(({ state }) => state === 'backoff').length
      await Promise.all(followers.map((each) => each.until(() => ended(each) >= 13 && reached >= 50)))
      for (const { states } of followers) assert.ok(states.every(({ reason }) => reason === null || reason === 'timeout'))
      await Promise.all(followers.map(({ connection }) => connection.close()))
      await t.waitFor(() => assert.equal(server.open, 0), { timeout: 10_000 })
      assert.ok(count() <= before, `${count()} after ${before}`)
      process.off('warning', warned)
      assert.deepEqual(warnings, [])
      assert.ok(followers.every(({ connection }) => connection.state === 'stopped'))
    })
  }
})

/** SRV records of a server with STARTTLS alone */
const records = (port: number) => async (name: string) =>
  name.startsWith('_xmpp-client') ? [{ name: 'xmpp.example', port, priority: 0, weight: 0 }] : []

test('a name that cannot be looked up is tried for ever, and reached when it can be', async () => {
  const server = await scripted(async (peer) => {
    await toBound(peer)
    await serve(peer)
  })
  let asked = 0
  const host = async () => {
    asked += 1
    if (asked === 1) throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    if (asked === 2) throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })
    if (asked === 3) return new Promise<never>(() => undefined)
    return ['127.0.0.1']
  }
  const srv = records(server.port)
  const made = connector(server, { resolve: { host, srv }, privateHosts: ['xmpp.example'], bounds: { ...quick, lookup: 20 } })
  const follower = follow(made.open, ada)
  await follower.online()
  assert.equal(asked, 4)
  assert.deepEqual(
    follower.states.filter(({ state }) => state === 'backoff').map(({ reason }) => reason),
    ['unreachable', 'unreachable', 'unreachable'],
  )
})

test('a name whose second look-up is another address is not asked a second time', async () => {
  const server = await scripted(async (peer) => {
    await toBound(peer)
    await serve(peer)
  })
  let asked = 0
  const host = async () => {
    asked += 1
    return ['192.0.2.1', '10.0.0.1', '169.254.169.254', '::1', '127.0.0.1']
  }
  const srv = records(5222)
  const follower = follow(connector(server, { resolve: { host, srv } }).open, { ...ada, once: true })
  const { error } = await follower.state('stopped')
  assert.equal(error?.code, 'address-not-allowed')
  assert.equal(asked, 1)
  assert.equal(server.peers.length, 0)
})

test('a public address first and a private one later: the private one is never dialled', async () => {
  const server = await scripted(async (peer) => {
    await toBound(peer)
    await serve(peer)
  })
  const answers: string[] = []
  const host = async () => {
    // nobody has the first one: it is public, and leads nowhere
    answers.push(answers.length === 0 ? '2000::1' : '127.0.0.1')
    return answers.slice(-1)
  }
  const bounds = { ...quick, address: 50 }
  const options = { resolve: { host, srv: records(server.port) }, ports: [server.port], bounds }
  const follower = follow(connector(server, options).open, ada)
  await follower.state('stopped')
  const reasons = follower.states.map(({ reason }) => reason)
  assert.equal(reasons[1], 'unreachable')
  assert.deepEqual(new Set(reasons.slice(2)), new Set(['unreachable', 'address-not-allowed']))
  assert.equal(answers.length, 4)
  assert.equal(server.peers.length, 0)
})

test('clear text goes to the address that was found loopback, on its second connection too', async () => {
  const second = Promise.withResolvers<void>()
  const server = await scripted(async (peer) => {
    await peer.opened()
    peer.header()
    peer.write(features(mechanisms('SCRAM-SHA-1')))
    if (peer.number > 1) second.resolve()
    await peer.closed
  })
  let asked = 0
  const host = async () => {
    asked += 1
    return [asked === 1 ? '127.0.0.1' : '127.0.0.2']
  }
  const options = { resolve: { host, srv: records(server.port) }, privateHosts: ['xmpp.example'], plaintextHosts: ['xmpp.example'] }
  const follower = follow(connector(server, options).open, ada)
  await Promise.race([second.promise, follower.state('backoff')])
  assert.deepEqual([asked, server.peers.length], [1, 2])
})

/** an address of loopback that takes connections on this port and says nothing */
async function silent(port: number, address: string): Promise<() => number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined))
  }).listen(port, address)
  await once(server, 'listening')
  stops.push({
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return () => sockets.length
}

test('an address that refuses, or answers and then stalls, is left for the next one', async () => {
  const server = await scripted(async (peer) => {
    await toBound(peer)
    await serve(peer)
  })
  const stalled = await silent(server.port, '127.0.0.3')
  const host = async () => ['127.0.0.2', '127.0.0.3', '127.0.0.1']
  const resolve = { host, srv: records(server.port) }
  const follower = follow(connector(server, { resolve, privateHosts: ['xmpp.example'], bounds: { ...quick, address: 500 } }).open, ada)
  await follower.online()
  assert.equal(stalled(), 1)
  assert.equal(follower.states.length, 2)
})

test('an address that stalls in its TLS handshake is left for the next one', async () => {
  const server = await scripted(
    async (peer) => {
      await toLoggedIn(peer)
      peer.write(features(bindFeature))
      await answerBind(peer, { sm: false })
      await serve(peer)
    },
    { direct: true },
  )
  const stalled = await silent(server.port, '127.0.0.2')
  const srv = async (name: string) =>
    name.startsWith('_xmpps-client') ? [{ name: 'xmpp.example', port: server.port, priority: 0, weight: 0 }] : []
  const resolve = { host: async () => ['127.0.0.2', '127.0.0.1'], srv }
  const follower = follow(connector(server, { resolve, privateHosts: ['xmpp.example'], bounds: { ...quick, address: 500 } }).open, ada)
  await follower.online()
  assert.equal(stalled(), 1)
})

test('a target that does not come to a secure channel in time is left for the next one, the last one never', async () => {
  const server = await scripted(async (peer) => {
    await toBound(peer)
    await serve(peer)
  })
  const stalled = await silent(server.port, '127.0.0.2')
  const srv = async (name: string) =>
    name.startsWith('_xmpp-client')
      ? ['127.0.0.2', '127.0.0.1'].map((target, priority) => ({ name: target, port: server.port, priority, weight: 0 }))
      : []
  const options = { resolve: { srv }, privateHosts: ['127.0.0.1', '127.0.0.2'] }
  const follower = follow(connector(server, { ...options, bounds: { ...quick, target: 500 } }).open, ada)
  await follower.online()
  assert.equal(stalled(), 1)
  assert.equal(follower.states.length, 2)

  const only = { ...ada, service: `xmpp://127.0.0.2:${server.port}` }
  const alone = follow(connector(server, { ...options, bounds: { ...quick, target: 1, address: 1000, attempt: 1500 } }).open, only)
  assert.equal((await alone.state('backoff')).reason, 'timeout')
  assert.equal(stalled(), 2)
})

describe('the deadline is over what comes before the connection, too', () => {
  const never = () => new Promise<never>(() => undefined)
  const cases: Record<string, { options?: Partial<ConnectorOptions>; login?: { sasl: () => Promise<never> } }> = {
    'credentials that do not come': { login: { sasl: never } },
    'a service record that does not come': { options: { resolve: { srv: never } } },
    'an address that does not come': { options: { resolve: { srv: records(5222), host: never } } },
  }
  for (const [what, { options = {}, login = {} }] of Object.entries(cases)) {
    test(what, async () => {
      const server = await scripted(async (peer) => peer.closed)
      const wait = { lookup: 60_000, attempt: 60_000 }
      const spec = { ...ada, ...login, service: options.resolve === undefined ? server.service : null }
      const late = follow(connector(server, { ...options, bounds: { ...quick, ...wait, attempt: 50 } }).open, spec)
      assert.equal((await late.state('backoff')).reason, 'timeout')
      const closed = follow(connector(server, { ...options, bounds: { ...quick, ...wait } }).open, spec)
      await closed.connection.close()
      assert.equal(closed.connection.state, 'stopped')
    })
  }
})

test('the work of a bind that fails ends the stream, and the next one does it again', async () => {
  const server = await scripted(async (peer) => {
    await toBound(peer, { id: `sm-${peer.number}` })
    await serve(peer)
  })
  let tries = 0
  const follower = follow(
    connector(server).open,
    { ...ada, service: server.service },
    {
      bound: async () => {
        tries += 1
        if (tries === 1) throw new Error('no roster')
      },
    },
  )
  await follower.online()
  assert.equal(tries, 2)
  assert.ok(follower.states.some(({ reason }) => reason === 'bind-work-failed'))
})

test('closing in the middle of an attempt ends it at once', async () => {
  const begun = Promise.withResolvers<void>()
  const server = await scripted(async (peer) => {
    await toTls(peer)
    await peer.opened()
    begun.resolve()
    await peer.closed
  })
  const follower = follow(connector(server).open, { ...ada, service: server.service })
  await begun.promise
  await follower.connection.close()
  assert.deepEqual(
    follower.states.map(({ state }) => state),
    ['connecting'],
  )
})
