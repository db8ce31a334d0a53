import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ChannelBinding } from './mechanism.ts'

/** The channel bindings that a TLS connection has, the better first; none without TLS. */
export function channelBindings(tls: TLSSocket | null): ChannelBinding[] {
  const found: ChannelBinding[] = []
  if (tls === null) return found
  // RFC 9266 section 4.2: before TLS 1.3 an exporter is only bound to the handshake with an extension that cannot be asked for here
  if (tls.getProtocol() === 'TLSv1.3') {
    found.push({ type: 'tls-exporter', data: tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) })
  }
  const certificate = tls.getPeerX509Certificate()?.raw
  const algorithm = certificate && signatureHash(certificate)
  if (certificate && algorithm) found.push({ type: 'tls-server-end-point', data: createHash(algorithm).update(certificate).digest() })
  return found
}

/** Object identifiers (DER, hex) of signatures, and the hash that RFC 5929 section 4.1 takes for them: never MD5 or SHA-1. */
const signatures = new Map([
  ['2a864886f70d010104', 'sha256'], // md5WithRSAEncryption
  ['2a864886f70d010105', 'sha256'], // sha1WithRSAEncryption
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'], // ecdsa-with-SHA1
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
])
const rsaPss = '2a864886f70d01010a'
/** inside the parameters of RSASSA-PSS; the first one is the hash, its default SHA-1 */
const pssHashes = new Map([
  ['608648016503040204', 'sha224'],
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
])

/** The hash of a certificate's signature; undefined where RFC 5929 defines none (Ed25519). */
export function signatureHash(certificate: Buffer): string | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, parameters }, … } (RFC 5280 section 4.1)
  const body = contents(certificate, 0)
  const algorithm = contents(certificate, contents(certificate, body.start).end)
  const { start, end } = contents(certificate, algorithm.start)
  const identifier = certificate.toString('hex', start, end)
  if (identifier !== rsaPss) return signatures.get(identifier)
  const parameters = certificate.toString('hex', end, algorithm.end)
  const first = /0609(6086480165030402..)/.exec(parameters)?.[1]
  return first === undefined ? 'sha256' : pssHashes.get(first)
}

/** Where the contents of the DER value at `at` are. */
function contents(der: Buffer, at: number): { start: number; end: number } {
  const length = der.readUInt8(at + 1)
  if (length < 0x80) return { start: at + 2, end: at + 2 + length }
  const size = length & 0x7f
  const start = at + 2 + size
  return { start, end: start + der.readUIntBE(at + 2, size) }
}
