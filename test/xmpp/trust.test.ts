import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createSecureContext, TLSSocket } from 'node:tls'
import { authority } from '../support/authority.ts'
import { answerBind, bindFeature, features, mechanisms, scramServer, serve, starttls, textOf, toTls } from '../support/fake-log-in.ts'
import { namespaces } from '../support/fake-server.ts'
import { findProgram, temporaryFolder } from '../support/processes.ts'
import { ada, connectors, header, raw, refused, scripted } from './refused.ts'
import { connectorFor, follow } from './support.ts'

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
