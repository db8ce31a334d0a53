import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { Connector } from '../../src/gateway/ports/connection.ts'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import { authority } from '../support/authority.ts'
import {
  answerBind,
  bindFeature,
  features,
  mechanisms,
  scramServer,
  serve,
  starttls,
  textOf,
  toBound,
  toTls,
} from '../support/fake-log-in.ts'
import { type FakeServer, namespaces, type Peer, startFakeServer } from '../support/fake-server.ts'
import { findProgram, temporaryFolder } from '../support/processes.ts'
import { connectorFor, type Follower, follow, type Told } from './support.ts'

const servers: { stop(): Promise<void> }[] = []
const connectors: Connector[] = []
afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function scripted(script: (peer: Peer) => Promise<void>, options = {}): Promise<FakeServer> {
  const server = await startFakeServer(script, options)
  servers.push(server)
  return server
}

const ada = { jid: 'ada@localhost', password: 'secret', resource: 'desk' }

/** how a log-in that must fail at once ended */
async function refused(server: { service: string; caFile?: string }, options: Partial<ConnectorOptions> = {}): Promise<Told> {
  const connector = connectorFor(server, options)
  connectors.push(connector)
  const follower = follow(connector.open, { ...ada, service: server.service, once: true })
  const told = await follower.until(() => follower.states.find(({ error }) => error !== undefined))
  assert.equal(follower.bounds.length, 0)
  return told
}

/** a server that only knows raw bytes; keeps what it heard */
async function raw(onSocket: (socket: Socket) => void): Promise<{ service: string; heard: () => string }> {
  let heard = ''
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  })
  return { service: `xmpp://127.0.0.1:${(server.address() as { port: number }).port}`, heard: () => heard }
}

const header = `<?xml version='1.0'?><stream:stream from='localhost' id='1' version='1.0' xmlns='jabber:client' xmlns:stream='${namespaces.streams}'>`

describe('no secure link, no byte of SASL', () => {
  test('STARTTLS stripped from the features', async () => {
    const server = await raw((socket) => socket.once('data', () => socket.write(header + features(mechanisms('SCRAM-SHA-1', 'PLAIN')))))
    const { error, reason } = await refused(server)
    assert.equal(error?.code, 'xmpp-tls-failed')
    assert.equal(reason, 'tls-failed')
    assert.doesNotMatch(server.heard(), /<auth|ada/)
  })

  test('STARTTLS refused', async () => {
    const server = await scripted(async (peer) => {
      await peer.opened()
      peer.header()
      peer.write(features(starttls + mechanisms('PLAIN')))
      await peer.next()
      peer.write(`<failure xmlns='${namespaces.tls}'/></stream:stream>`)
      await peer.closed
    })
    assert.equal((await refused(server)).error?.code, 'xmpp-tls-failed')
    assert.doesNotMatch(server.peers[0]?.heard ?? '', /<auth/)
  })

  // an authority of its own is trusted where only the date or the name is wrong
  const certificates: [what: string, days: string, name: string, trusted: boolean, detail: RegExp][] = [
    ['of another name', '2', 'other.example', true, /is not for localhost/],
    ['self-signed', '2', 'localhost', false, /not signed by a known authority/],
    ['expired', '-1', 'localhost', true, /has expired/],
  ]
  for (const [what, days, name, trusted, detail] of certificates) {
    test(`a certificate ${what}`, async () => {
      const folder = temporaryFolder('certificate')
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
      const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
      const openssl = (...args: string[]) => execFileSync(findProgram('openssl'), args, { stdio: 'ignore', cwd: folder })
      openssl('req', '-new', ...ec, '-subj', `/CN=${name}`, '-keyout', key, '-out', 'request.pem')
      openssl('x509', '-req', '-in', 'request.pem', '-signkey', key, '-days', days, '-out', cert)
      const credentials = { key: readFileSync(key), cert: readFileSync(cert) }
      let heard = ''
      const server = await raw((socket) => {
        const tls = new TLSSocket(socket, { isServer: true, ...credentials })
        tls.on('error', () => undefined)
        tls.on('data', (chunk) => {
          heard += chunk
        })
      })
      const caFile = trusted ? cert : (await authority()).caFile
      const { error } = await refused({ service: server.service.replace('xmpp:', 'xmpps:'), caFile })
      rmSync(folder, { recursive: true })
      assert.equal(error?.code, 'xmpp-tls-failed')
      assert.match(error?.message ?? '', detail)
      assert.equal(heard, '')
    })
  }

  test('TLS 1.1 at most', async () => {
    const { caFile, certify } = await authority()
    const folder = temporaryFolder('certificate')
    const files = await certify(folder, ['localhost'])
    const secureContext = createSecureContext({
      key: readFileSync(files.key),
      cert: readFileSync(files.certificate),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    rmSync(folder, { recursive: true })
    const server = await raw((socket) => {
      const tls = new TLSSocket(socket, { isServer: true, secureContext })
      tls.on('error', () => undefined)
    })
    const { error } = await refused({ service: server.service.replace('xmpp:', 'xmpps:'), caFile })
    assert.equal(error?.code, 'xmpp-tls-failed')
    assert.equal((error?.cause as NodeJS.ErrnoException | undefined)?.code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  })
})

test('clear text after <proceed/> ends the connection before TLS', async () => {
  const server = await raw((socket) => {
    socket.once('data', () => {
      socket.write(header + features(starttls))
      socket.once('data', () =>
        socket.write(`<proceed xmlns='${namespaces.tls}'/><stream:features>${mechanisms('PLAIN')}</stream:features>`),
      )
    })
  })
  const { error } = await refused(server)
  assert.equal(error?.code, 'xmpp-tls-failed')
  assert.match(error?.message ?? '', /clear text/)
  assert.match(server.heard(), /<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'\/>$/)
})

test('stream compression is never negotiated', async () => {
  const server = await scripted(async (peer) => {
    await toTls(peer)
    await peer.opened()
    peer.header()
    peer.write(
      features(`<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>${mechanisms('PLAIN')}`),
    )
    await peer.next(({ name }) => name === 'auth')
    peer.write(`<success xmlns='${namespaces.sasl}'/>`)
    await peer.opened()
    peer.header()
    peer.write(features(`<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>${bindFeature}`))
    await answerBind(peer, { sm: false })
    await serve(peer)
  })
  const connector = connectorFor(server)
  connectors.push(connector)
  await follow(connector.open, { ...ada, service: server.service }).online()
  assert.doesNotMatch(server.peers[0]?.heard ?? '', /compress/)
})

describe('a log-in that is not safe', () => {
  const scram = (options: { iterations?: number; forge?: boolean; early?: boolean } = {}) =>
    scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(features(mechanisms('SCRAM-SHA-1')))
      const auth = await peer.next(({ name }) => name === 'auth')
      const side = scramServer('secret', options)
      const first = side.first(textOf(auth))
      if (options.early === true) return peer.write(`<success xmlns='${namespaces.sasl}'/>`)
      peer.write(`<challenge xmlns='${namespaces.sasl}'>${first}</challenge>`)
      const response = await peer.next(({ name }) => name === 'response')
      peer.write(`<success xmlns='${namespaces.sasl}'>${side.last(textOf(response))}</success>`)
      await peer.opened()
      peer.header()
      peer.write(features(bindFeature))
      await answerBind(peer, { sm: false })
      await serve(peer)
    })

  test('the true signature of the server is accepted', async () => {
    const server = await scram()
    const connector = connectorFor(server)
    connectors.push(connector)
    await follow(connector.open, { ...ada, service: server.service }).online()
  })

  test('a forged signature', async () => {
    const { error, reason } = await refused(await scram({ forge: true }))
    assert.equal(error?.code, 'xmpp-server-not-trusted')
    assert.equal(reason, 'server-not-trusted')
  })

  test('success without any proof', async () => {
    assert.equal((await refused(await scram({ early: true }))).error?.code, 'xmpp-server-not-trusted')
  })

  for (const iterations of [1, 4095, 1_000_001, 1e9]) {
    test(`${iterations} iterations`, async () => {
      assert.equal((await refused(await scram({ iterations }))).error?.code, 'xmpp-server-not-trusted')
    })
  }

  for (const [what, answers] of [
    ['a second challenge while the first is answered', 2],
    ['challenges without end', 60],
  ] as const) {
    test(`${what}: no key is derived for it`, async () => {
      const server = await scripted(async (peer) => {
        await toTls(peer)
        await peer.opened()
        peer.header()
        peer.write(features(mechanisms('SCRAM-SHA-1')))
        const first = scramServer('secret').first(textOf(await peer.next(({ name }) => name === 'auth')))
        peer.write(`<challenge xmlns='${namespaces.sasl}'>${first}</challenge>`.repeat(answers))
        await peer.closed
      })
      assert.equal((await refused(server)).error?.code, 'xmpp-server-not-trusted')
      await server.ran(1)
      assert.doesNotMatch(server.peers[0]?.heard ?? '', /<response/)
    })
  }

  test('challenges one after the other, more than the mechanism has', async () => {
    const server = await scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(features(mechanisms('SCRAM-SHA-1')))
      const side = scramServer('secret')
      const challenge = (data: string) => peer.write(`<challenge xmlns='${namespaces.sasl}'>${data}</challenge>`)
      challenge(side.first(textOf(await peer.next(({ name }) => name === 'auth'))))
      const last = side.last(textOf(await peer.next(({ name }) => name === 'response')))
      for (;;) {
        challenge(last)
        await peer.next(({ name }) => name === 'response')
      }
    })
    assert.equal((await refused(server)).error?.code, 'xmpp-server-not-trusted')
    assert.equal(server.peers[0]?.heard.match(/<response/g)?.length, 2)
  })

  test('features that come again begin no second log-in', async () => {
    const server = await scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(features(mechanisms('SCRAM-SHA-1')).repeat(200))
      await peer.closed
    })
    assert.equal((await refused(server)).reason, 'received-bad-format')
    await server.ran(1)
    assert.ok((server.peers[0]?.heard.match(/<auth /g) ?? []).length <= 1)
  })

  test('PLAIN is not used in clear text, even where clear text is allowed', async () => {
    const server = await scripted(async (peer) => {
      await peer.opened()
      peer.header()
      peer.write(features(mechanisms('PLAIN')))
      await peer.closed
    })
    const { error } = await refused(server, { plaintextHosts: ['127.0.0.1'] })
    assert.equal(error?.code, 'xmpp-authentication-failed')
    assert.ok(server.peers.every(({ heard }) => !heard.includes('<auth')))
  })
})

describe('see-other-host', () => {
  const elsewhere = (host: string) =>
    `<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${host}</see-other-host></stream:error></stream:stream>`

  test('is followed once over TLS, with the certificate of the original domain', async () => {
    const second = await scripted(async (peer) => {
      await toBound(peer)
      await serve(peer)
    })
    const first = await scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(elsewhere(`127.0.0.1:${second.port}`))
    })
    const connector = connectorFor(first)
    connectors.push(connector)
    const follower = follow(connector.open, { ...ada, service: first.service })
    await follower.online()
    assert.deepEqual([first.peers.length, second.peers.length], [1, 1])
  })

  test('to a host with a valid certificate of its own is refused', async () => {
    const second = await scripted(async (peer) => void (await toBound(peer)), { certificateNames: ['elsewhere.example'] })
    const first = await scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(elsewhere(`127.0.0.1:${second.port}`))
    })
    const { error } = await refused(first)
    assert.equal(error?.code, 'xmpp-tls-failed')
    assert.equal(second.peers.length, 1)
    assert.doesNotMatch(second.peers[0]?.heard ?? '', /<auth/)
  })

  test('is followed only once', async () => {
    let own = 0
    const server = await scripted(async (peer) => {
      await toTls(peer)
      await peer.opened()
      peer.header()
      peer.write(elsewhere(`127.0.0.1:${own}`))
    })
    own = server.port
    const { error, reason } = await refused(server)
    assert.equal(error?.code, 'xmpp-unreachable')
    assert.equal(reason, 'see-other-host')
    assert.equal(server.peers.length, 2)
  })

  test('before TLS is not followed', async () => {
    const second = await raw(() => undefined)
    const first = await raw((socket) => socket.once('data', () => socket.write(header + elsewhere(second.service.slice(7)))))
    assert.equal((await refused(first)).reason, 'see-other-host')
    assert.equal(second.heard(), '')
  })

  describe('on a stream that is bound', () => {
    /** ends its first stream with the address of another server */
    const first = (second: FakeServer) =>
      scripted(async (peer) => {
        await toBound(peer, { sm: false })
        if (peer.number === 1) peer.write(elsewhere(`127.0.0.1:${second.port}`))
        await serve(peer)
      })
    /** `clear`: the servers may be spoken to without TLS */
    function logIn(server: FakeServer, clear = false) {
      const connector = connectorFor(server, {
        bounds: { backoffFirst: 1, backoffMax: 2 },
        plaintextHosts: clear ? ['127.0.0.1'] : [],
      })
      connectors.push(connector)
      return follow(connector.open, { ...ada, service: server.service })
    }
    const onlines = ({ states }: Follower, count: number) => states.filter(({ state }) => state === 'online').length === count

    test('is followed for one attempt; the next one goes to the usual address', async () => {
      const second = await scripted(async (peer) => {
        await toBound(peer, { sm: false })
        await peer.next(({ name }) => name === 'message')
        peer.socket.destroy()
      })
      const server = await first(second)
      const follower = logIn(server)
      await follower.until(() => onlines(follower, 2))
      assert.deepEqual([server.peers.length, second.peers.length], [1, 1])
      follower.connection.send('<message/>')
      await follower.until(() => onlines(follower, 3))
      assert.deepEqual([server.peers.length, second.peers.length], [2, 1])
    })

    test('is not followed further before the next bind', async () => {
      const second = await scripted(async (peer) => {
        await toTls(peer)
        await peer.opened()
        peer.header()
        peer.write(elsewhere(`127.0.0.1:${third.port}`))
      })
      const third = await scripted(async (peer) => peer.closed)
      const server = await first(second)
      const follower = logIn(server)
      await follower.until(() => onlines(follower, 2))
      assert.deepEqual([server.peers.length, second.peers.length, third.peers.length], [2, 1, 0])
    })

    test('leads to a server with the certificate of the original domain, or nowhere', async () => {
      const second = await scripted(async (peer) => void (await toBound(peer)), { certificateNames: ['elsewhere.example'] })
      const server = await first(second)
      const follower = logIn(server)
      await follower.until(() => onlines(follower, 2))
      assert.ok(follower.states.some(({ reason }) => reason === 'tls-failed'))
      assert.deepEqual([server.peers.length, second.peers.length], [2, 1])
      assert.doesNotMatch(second.peers[0]?.heard ?? '', /<auth/)
    })

    test('in clear text is not followed', async () => {
      const second = await scripted(async (peer) => peer.closed)
      const server = await scripted(async (peer) => {
        await peer.opened()
        peer.header()
        peer.write(features(mechanisms('SCRAM-SHA-1')))
        // the stream that only asked for TLS ends here
        const side = scramServer('secret')
        const auth = await peer.next(({ name }) => name === 'auth')
        peer.write(`<challenge xmlns='${namespaces.sasl}'>${side.first(textOf(auth))}</challenge>`)
        const last = side.last(textOf(await peer.next(({ name }) => name === 'response')))
        peer.write(`<success xmlns='${namespaces.sasl}'>${last}</success>`)
        await peer.opened()
        peer.header()
        peer.write(features(bindFeature))
        await answerBind(peer, { sm: false })
        if (peer.number === 2) peer.write(elsewhere(`127.0.0.1:${second.port}`))
        await serve(peer)
      })
      const follower = logIn(server, true)
      await follower.until(() => onlines(follower, 2))
      assert.ok(follower.states.some(({ reason }) => reason === 'see-other-host'))
      assert.deepEqual([server.peers.length, second.peers.length], [4, 0])
    })
  })

  for (const host of ['', '169.254.169.254', '10.0.0.1:5222', '[::1]:22', 'a b', 'x@y']) {
    test(`to ${JSON.stringify(host)} goes nowhere`, async () => {
      const server = await scripted(async (peer) => {
        await toTls(peer)
        await peer.opened()
        peer.header()
        peer.write(elsewhere(host))
      })
      const { error } = await refused(server)
      assert.ok(error?.code === 'address-not-allowed' || (host === '' && error?.code === 'xmpp-unreachable'), error?.code)
    })
  }
})
