import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, createServer, type SecureVersion, type TLSSocket } from 'node:tls'
import { channelBindings, signatureHash } from '../../../../src/xmpp/login/mechanisms/channel-binding.ts'
import { findProgram, temporaryFolder } from '../../../support/processes.ts'

/** A self-signed certificate made by openssl with these options. */
function certificate(options: readonly string[]): { key: string; cert: string } {
  const folder = temporaryFolder('binding')
  try {
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
    execFileSync(findProgram('openssl'), ['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=localhost', ...options, ...files], {
      stdio: 'pipe',
    })
    return { key: readFileSync(join(folder, 'key.pem'), 'utf8'), cert: readFileSync(join(folder, 'cert.pem'), 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
const pss = (hash: string) => ['-newkey', 'rsa:2048', `-${hash}`, '-sigopt', 'rsa_padding_mode:pss']

test('the end point of a server is hashed as its certificate is signed, but never with less than SHA-256', () => {
  for (const [options, hash] of [
    [[...ec, '-sha256'], 'sha256'],
    [[...ec, '-sha384'], 'sha384'],
    [[...ec, '-sha512'], 'sha512'],
    [[...ec, '-sha1'], 'sha256'],
    [['-newkey', 'rsa:2048', '-sha256'], 'sha256'],
    [['-newkey', 'rsa:2048', '-sha512'], 'sha512'],
    [pss('sha256'), 'sha256'],
    [pss('sha384'), 'sha384'],
    [['-newkey', 'ed25519'], undefined],
  ] as const) {
    assert.equal(signatureHash(new X509Certificate(certificate(options).cert).raw), hash, options.join(' '))
  }
})

test('both ends of a TLS connection see the same bindings', async () => {
  const { key, cert } = certificate([...ec, '-sha384'])
  const server = createServer({ key, cert })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const handshake = async (version: SecureVersion) => {
    const accepted = once(server, 'secureConnection')
    const socket = connect({ port, host: '127.0.0.1', ca: cert, servername: 'localhost', minVersion: version, maxVersion: version })
    await once(socket, 'secureConnect')
    const [other] = (await accepted) as [TLSSocket]
    return { bindings: channelBindings(socket), other, close: () => [socket, other].forEach((end) => void end.destroy()) }
  }
  try {
    const endPoint = { type: 'tls-server-end-point', data: createHash('sha384').update(new X509Certificate(cert).raw).digest() }
    const newer = await handshake('TLSv1.3')
    const exported = newer.other.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    assert.deepEqual(newer.bindings, [{ type: 'tls-exporter', data: exported }, endPoint])
    newer.close()
    const older = await handshake('TLSv1.2')
    assert.deepEqual(older.bindings, [endPoint])
    older.close()
    assert.deepEqual(channelBindings(null), [])
  } finally {
    server.close()
  }
})
