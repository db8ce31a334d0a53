import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { createServer as createTlsServer, type PeerCertificate } from 'node:tls'
import fc from 'fast-check'
import type { Connector } from '../../../src/gateway/ports/connection.ts'
import { checkIdentity } from '../../../src/xmpp/dial/certificate.ts'
import { findProgram, temporaryFolder } from '../../support/processes.ts'
import { connectorFor, follow } from '../support.ts'

const folder = temporaryFolder('identities')
after(() => rmSync(folder, { recursive: true, force: true }))
const [key, made] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
const openssl = (...args: string[]) => execFileSync(findProgram('openssl'), args, { stdio: 'ignore' })
before(() => openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-out', key))

/** a certificate of these names, as openssl takes them, that is its own authority */
function certify(names: string, name = 'host.example'): string {
  const extension = names === '' ? [] : ['-addext', `subjectAltName=${names}`]
  openssl('req', '-x509', '-new', '-key', key, '-days', '2', '-subj', `/CN=${name}`, ...extension, '-out', made)
  return readFileSync(made, 'utf8')
}

const srv = (name: string) => `otherName:1.3.6.1.5.5.7.8.7;IA5STRING:${name}`
const address = (name: string) => `otherName:1.3.6.1.5.5.7.8.5;UTF8:${name}`

const cases: [names: string, forDomain: boolean, forWeb?: boolean][] = [
  ['DNS:im.org.example', true, true],
  ['DNS:*.org.example', true, true],
  ['DNS:host.example,DNS:im.org.example', true, true],
  [srv('_xmpp-client.im.org.example'), true],
  [`DNS:host.example,${srv('_xmpp-client.im.org.example')}`, true],
  [`${srv('_xmpp-server.im.org.example')},${srv('_XMPP-Client.IM.Org.Example')}`, true],
  [srv('_xmpp-client.*.org.example'), true],
  [address('im.org.example'), true],
  [address('IM.Org.Example'), true],

  ['', false],
  ['DNS:host.example', false],
  ['DNS:*', false],
  ['DNS:*.im.org.example', false],
  ['IP:127.0.0.1', false],
  ['URI:xmpp:im.org.example', false],
  ['email:admin@im.org.example', false],
  [srv('_xmpp-server.im.org.example'), false],
  [srv('_xmpps-client.im.org.example'), false],
  [srv('_imaps.im.org.example'), false],
  [srv('im.org.example'), false],
  [srv('_xmpp-client.other.example'), false],
  [srv('_xmpp-client.im.org.example.other.example'), false],
  [srv('_xmpp-client.'), false],
  [srv('_xmpp-client.*'), false],
  [srv('_xmpp-client.i*.org.example'), false],
  [srv('_xmpp-client.*.im.org.example'), false],
  ['otherName:1.3.6.1.5.5.7.8.9;UTF8:_xmpp-client.im.org.example', false],
  ['otherName:1.3.6.1.5.5.7.8.7;OCTETSTRING:_xmpp-client.im.org.example', false],
  [address('admin@im.org.example'), false],
  [address('other.example'), false],
]

describe('whom a certificate is for', () => {
  for (const [names, forDomain, forWeb = false] of cases) {
    test(names === '' ? 'a common name alone' : names, () => {
      const certificate = new X509Certificate(certify(names, 'im.org.example')).toLegacyObject() as PeerCertificate
      assert.equal(checkIdentity('im.org.example', certificate, { domain: true }) === undefined, forDomain)
      assert.equal(checkIdentity('im.org.example', certificate, { domain: false }) === undefined, forWeb)
      assert.notEqual(checkIdentity('org.example', certificate, { domain: true }), undefined)
    })
  }

  test('names that pretend to be several, or to end early', () => {
    // openssl cannot be given these: they take the place of a name of the same length
    const begin = '_xmpp-client.'
    const place = begin.padEnd(48, 'x')
    const two = ', DNS:im.org.example'
    for (const name of [
      begin.padEnd(place.length - two.length, 'x') + two,
      `${begin}im.org.example\0`.padEnd(place.length, 'x'),
      `x"${two}, othername:"`.padEnd(place.length, 'x'),
    ]) {
      assert.equal(name.length, place.length)
      const der = new X509Certificate(certify(`DNS:host.example,${srv(place)}`)).raw
      const at = der.indexOf(place)
      der.write(name, at)
      const certificate = new X509Certificate(der).toLegacyObject() as PeerCertificate
      assert.ok(certificate.subjectaltname?.includes('im.org.example'), certificate.subjectaltname)
      assert.notEqual(checkIdentity('im.org.example', certificate, { domain: true }), undefined)
    }
  })

  test('any bytes are read to an end', () => {
    const certificate = new X509Certificate(
      certify(`DNS:host.example,${srv('_xmpp-client.other.example')}`),
    ).toLegacyObject() as PeerCertificate
    const raw = Buffer.from(certificate.raw)
    const check = (bytes: Buffer<ArrayBuffer>) =>
      assert.notEqual(checkIdentity('im.org.example', { ...certificate, raw: bytes }, { domain: true }), undefined)
    for (let length = 0; length < raw.length; length += 1) check(raw.subarray(0, length))
    const change = fc.tuple(fc.nat(raw.length - 1), fc.nat(255))
    const changed = fc.array(change, { maxLength: 4 }).map((changes) => {
      const bytes = Buffer.from(raw)
      for (const [at, byte] of changes) bytes[at] = byte
      return bytes
    })
    fc.assert(fc.property(changed, check), { numRuns: 2_000 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => check(Buffer.from(bytes))),
      { numRuns: 2_000 },
    )
  })
})

describe('over each kind of link', () => {
  const stops: (() => Promise<unknown>)[] = []
  const connectors: Connector[] = []
  afterEach(async () => {
    await Promise.all(connectors.splice(0).map((connector) => connector.close()))
    await Promise.all(stops.splice(0).map((stop) => stop()))
  })

  /** what became of the log-in to `service`: only TLS can go well there */
  async function attempt(service: string): Promise<string | null | undefined> {
    const connector = connectorFor({ caFile: made })
    connectors.push(connector)
    const { until, states } = follow(connector.open, { jid: 'ada@localhost', password: 'secret', service, once: true })
    return (await until(() => states.find(({ error }) => error !== undefined)))?.reason
  }

  for (const [names, trusted, forWeb] of [
    [srv('_xmpp-client.localhost'), true, false],
    [srv('_xmpp-server.localhost'), false, false],
    ['DNS:localhost', true, true],
  ] as const) {
    test(names, async () => {
      const cert = certify(names)
      const credentials = { key: readFileSync(key), cert }
      const direct = createTlsServer(credentials, (socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end('no XMPP'),
      )
      const web = createServer(credentials, (_, response) => response.writeHead(404).end())
      for (const server of [direct, web]) {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        stops.push(() => new Promise((resolve) => server.close(resolve)))
      }
      const port = (server: typeof direct | typeof web) => (server.address() as { port: number }).port
      assert.equal((await attempt(`xmpps://localhost:${port(direct)}`)) !== 'tls-failed', trusted)
      assert.equal((await attempt(`wss://localhost:${port(web)}/xmpp`)) !== 'tls-failed', forWeb)
    })
  }
})
