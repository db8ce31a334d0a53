import { isIP, type Socket } from 'node:net'
import { connect, createSecureContext, getCACertificates, type SecureContext, type TLSSocket } from 'node:tls'
import { Problem } from '../../errors/problem.ts'
import type { ClientCertificate } from '../../gateway/ports/session-record.ts'
import { normalHost } from '../../net/address.ts'
import { type Failure, failure } from '../failure.ts'
import { checkIdentity } from './certificate.ts'

/**
 * One context for all connections: reading the authorities is the dear part of a TLS client. `ca` (PEM) is trusted beside the system's.
 * A connection with a client certificate needs one of its own. Throws the problem xmpp-authentication-failed for a certificate that TLS does not take.
 */
export function trustedContext(ca: string | undefined, certificate?: ClientCertificate): SecureContext {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...certificate,
      ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
    })
  } catch (cause) {
    if (certificate === undefined) throw cause
    throw new Problem('xmpp-authentication-failed', 'The client certificate cannot be used.', { cause })
  }
}

/**
 * TLS over a connected socket. The certificate is checked against `name`: the XMPP domain (RFC 6120 section 13.7.2), or for a
 * WebSocket, without `domain`, the host of its URL. Rejects with xmpp-tls-failed; the socket is destroyed then.
 */
export function secure(
  socket: Socket,
  { name, domain, context, alpn, signal }: { name: string; domain: boolean; context: SecureContext; alpn?: string; signal: AbortSignal },
): Promise<TLSSocket> {
  const host = normalHost(name) ?? name
  return new Promise((resolve, reject) => {
    const tls = connect({
      socket,
      secureContext: context,
      rejectUnauthorized: true,
      checkServerIdentity: (_, certificate) => checkIdentity(host, certificate, { domain }),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
    })
    const abort = () => give(signal.reason)
    const closed = () =>
      give(Object.assign(new Error('The server closed the connection during the TLS handshake.'), { code: 'ECONNRESET' }))
    function settle(): void {
      signal.removeEventListener('abort', abort)
      tls.removeListener('error', give)
      tls.removeListener('close', closed)
    }
    function give(cause: unknown): void {
      settle()
      tls.on('error', () => undefined)
      tls.destroy()
      socket.destroy()
      reject(signal.aborted ? signal.reason : tlsFailure(host, cause))
    }
    tls.once('error', give)
    tls.once('close', closed)
    tls.once('secureConnect', () => {
      settle()
      resolve(tls)
    })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

/** the network, not the peer: says nothing about trust */
const broken = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])
const expired = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])
const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function tlsFailure(host: string, cause: unknown): Failure {
  const code = (cause as { code?: string } | undefined)?.code ?? ''
  if (broken.has(code)) return failure('connection-lost', 'xmpp-unreachable', 'The connection was lost in the TLS handshake.', cause)
  const detail =
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? `The certificate of the server is not for ${host}.`
      : expired.has(code)
        ? `The certificate of the server of ${host} has expired or is not valid yet.`
        : unknownAuthority.has(code)
          ? `The certificate of the server of ${host} is not signed by a known authority; XMPP_CA_FILE can name a private one.`
          : `No TLS connection could be made with the server of ${host}.`
  return failure('tls-failed', 'xmpp-tls-failed', detail, cause)
}
