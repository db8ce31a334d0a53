import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import type { Connector, FastToken } from '../../src/gateway/ports.ts'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import { connectorFor, type Follower, follow } from '../xmpp/support.ts'
import type { FakeServerOptions } from './fake-peer.ts'
import { type FakeServer, startFakeServer } from './fake-server.ts'
import { findProgram, temporaryFolder } from './processes.ts'

const servers: FakeServer[] = []
const connectors: Connector[] = []

afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function start(options: FakeServerOptions): Promise<FakeServer> {
  const server = await startFakeServer(options)
  servers.push(server)
  return server
}

function open(server: FakeServer, spec: object = {}, options: Partial<ConnectorOptions> = {}): Follower {
  const connector = connectorFor({ caFile: server.ca }, { bounds: { backoffFirst: 1, backoffMax: 20 }, ...options })
  connectors.push(connector)
  return follow(connector.open, { jid: 'ada@localhost', password: 'secret', service: server.service, ...spec })
}

const failed = async (follower: Follower) => (await follower.until(() => follower.states.find(({ error }) => error !== undefined))).error

for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-512-PLUS', 'PLAIN']) {
  test(`a log-in by ${mechanism}, with SASL and with SASL2`, async () => {
    for (const sasl2 of [false, true]) {
      const server = await start({ mechanisms: [mechanism], sasl2 })
      const { jid } = await open(server).online()
      assert.match(jid ?? '', /^ada@localhost\//)
      const [peer] = server.connections
      const said = await server.heard(({ name }) => name === (sasl2 ? 'authenticate' : 'auth'))
      assert.equal(said.attributes.mechanism, mechanism)
      assert.equal(peer?.jid, jid)
      assert.equal(peer?.secure, true)
    }
  })
}

test('TLS from the first byte', async () => {
  const server = await start({ tls: 'direct' })
  await open(server).online()
})

test('a wrong password is refused', async () => {
  const server = await start({})
  assert.equal((await failed(open(server, { password: 'wrong', once: true })))?.code, 'xmpp-authentication-failed')
})

test('a dropped connection is resumed, a volatile stream is bound anew', async () => {
  const server = await start({})
  const follower = open(server)
  await follower.online()
  server.connections[0]?.drop()
  await follower.until(() => follower.states.find(({ resumed }) => resumed === true))
  assert.equal(server.connections.length, 2)

  const other = await start({ management: 'volatile' })
  const second = open(other)
  await second.online()
  other.connections[0]?.drop()
  await second.until(() => second.bounds.length === 2)
})

test('a FAST token takes the place of the password, and a revoked one does not lock out', async () => {
  const server = await start({ sasl2: true, tokenMechanisms: ['HT-SHA-256-NONE', 'HT-SHA-256-EXPR'], management: false })
  let kept: FastToken | null = null
  const device = {
    userAgent: 'd4565fa7-4d72-4749-b3d3-740edbf87770',
    token: async () => kept,
    keep: async (token: FastToken | null) => {
      kept = token
    },
  }
  const follower = open(server, { device })
  await follower.online()
  assert.equal(server.tokens.size, 1)
  server.connections[0]?.drop()
  const used = await server.heard(
    ({ name, attributes }, { number }) => number === 2 && name === 'authenticate' && attributes.mechanism !== undefined,
  )
  assert.match(used.attributes.mechanism ?? '', /^HT-SHA-256-/)
  await follower.until(() => follower.bounds.length === 2)
  server.tokens.clear()
  server.connections[1]?.drop()
  await follower.until(() => follower.bounds.length === 3)
})

test('T16: a forged proof, no proof and absurd iterations are not trusted, with SASL and with SASL2', async () => {
  for (const sasl2 of [false, true]) {
    for (const wrong of [{ forge: true }, { silent: true }, { iterations: 1_000_000_000 }, { iterations: 1 }]) {
      const server = await start({ ...wrong, sasl2 })
      assert.equal((await failed(open(server, { once: true })))?.code, 'xmpp-server-not-trusted', JSON.stringify({ ...wrong, sasl2 }))
    }
  }
})

/** A self-signed certificate for localhost, good for so many days. */
function selfSigned(folder: string, days: number): { key: string; cert: string; file: string } {
  const [key, request, cert] = [join(folder, 'key.pem'), join(folder, 'request.pem'), join(folder, `cert${days}.pem`)] as const
  const openssl = (...args: string[]) => execFileSync(findProgram('openssl'), args, { stdio: 'pipe' })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-new', ...ec, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', request)
  openssl('x509', '-req', '-in', request, '-signkey', key, '-copy_extensions', 'copy', '-days', String(days), '-out', cert)
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8'), file: cert }
}

test('T14: with STARTTLS stripped, another name, another authority or an expired certificate not a byte of SASL is sent', async () => {
  const folder = temporaryFolder('certificates')
  try {
    const [own, expired] = [selfSigned(folder, 2), selfSigned(folder, -1)]
    const cases: [FakeServerOptions, trusted?: string][] = [
      [{ tls: 'none' }],
      [{ certificateNames: ['example.com'] }],
      [{ certificate: own }],
      [{ certificate: expired }, expired.file],
    ]
    for (const [options, caFile] of cases) {
      const server = await start(options)
      const follower = open(server, { once: true }, caFile === undefined ? {} : { caFile })
      assert.equal((await failed(follower))?.code, 'xmpp-tls-failed')
      assert.deepEqual(
        server.connections.flatMap(({ heard }) => heard.filter(({ xmlns }) => xmlns.includes('sasl'))),
        [],
      )
    }
    const trusted = await start({ certificate: own })
    await open(trusted, {}, { caFile: own.file }).online()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('T15: what is injected after <proceed/> closes the connection', async () => {
  const server = await start({
    handle: ({ name }, peer) => {
      if (name !== 'starttls') return false
      peer.write(`<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:features/>`)
      return true
    },
  })
  assert.equal((await failed(open(server, { once: true })))?.code, 'xmpp-tls-failed')
})

test('a handler that only says true is a stall, at any point', async () => {
  for (const point of ['stream', 'starttls', 'auth', 'response', 'iq', 'enable']) {
    const server = await start({ handle: ({ name }) => name === point })
    const follower = open(server, { once: true }, { bounds: { backoffFirst: 1, backoffMax: 20, attempt: 300 } })
    const error = await failed(follower)
    assert.ok(error?.code === 'xmpp-timeout' || error?.code === 'xmpp-unreachable', `${point}: ${error?.code}`)
  }
})

test('bytes of any kind can be written', async () => {
  const server = await start({})
  const follower = open(server)
  await follower.online()
  server.connections[0]?.write(Buffer.from([0xc0, 0xaf]))
  await follower.until(() => follower.states.some(({ reason }) => reason !== null))
})
