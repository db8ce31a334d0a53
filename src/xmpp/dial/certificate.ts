/** Whom the certificate of a server is for (RFC 6125 section 6, RFC 6120 section 13.7.1.2.1). */
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { normalDomain } from '../../jid.ts'

/** subjectAltName (RFC 5280 section 4.2.1.6) */
const ALTERNATIVE_NAMES = '551d11'
/** id-on-dnsSRV, 1.3.6.1.5.5.7.8.7 (RFC 4985) */
const DNS_SRV = '2b06010505070807'
/** id-on-xmppAddr, 1.3.6.1.5.5.7.8.5 (RFC 6120 section 13.7.1.4) */
const XMPP_ADDRESS = '2b06010505070805'
const SERVICE = '_xmpp-client.'

// tags of DER (X.690); of an otherName, its value and the extensions the number is of their context
const OBJECT_IDENTIFIER = 0x06
const OCTET_STRING = 0x04
const UTF8_STRING = 0x0c
const IA5_STRING = 0x16
const SEQUENCE = 0x30
const OTHER_NAME = 0xa0
const VALUE = 0xa0
const EXTENSIONS = 0xa3

/**
 * Undefined where the certificate is for the host, else what is wrong. A host of XMPP (`domain`) may be named by a DNS name, by the
 * SRV name of its service for clients, or as an XMPP address; one of the web by a DNS name alone. A common name counts for neither.
 */
export function checkIdentity(host: string, certificate: PeerCertificate, { domain }: { domain: boolean }): Error | undefined {
  const wrong = checkServerIdentity(host, withoutCommonName(certificate))
  return wrong === undefined || (domain && namesDomain(host, certificate.raw)) ? undefined : wrong
}

function withoutCommonName(certificate: PeerCertificate): PeerCertificate {
  return { ...certificate, subject: { ...certificate.subject, CN: '' } }
}

function namesDomain(host: string, der: Buffer): boolean {
  for (const { type, name } of otherNames(der)) {
    if (type === DNS_SRV && isService(host, name)) return true
    if (type === XMPP_ADDRESS && normalDomain(name) !== undefined && normalDomain(name) === normalDomain(host)) return true
  }
  return false
}

/** The part after the service is compared as DNS names are (RFC 6125 section 6.5.1). */
function isService(host: string, name: string): boolean {
  const pattern = name.slice(SERVICE.length)
  if (!name.toLowerCase().startsWith(SERVICE) || !/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(pattern)) return false
  return checkServerIdentity(host, { subject: {}, subjectaltname: `DNS:${pattern}` } as PeerCertificate) === undefined
}

/** The names of other types in a certificate, as OID in hex and text. None where it cannot be read exactly. */
function otherNames(certificate: Buffer): { type: string; name: string }[] {
  try {
    const names = alternativeNames(certificate)
    return names === undefined ? [] : values(names).flatMap(({ tag, content }) => (tag === OTHER_NAME ? otherName(content) : []))
  } catch {
    return []
  }
}

/** Node tells them as one text; here they are read where they stand, so that nothing in one can pass for another. */
function alternativeNames(certificate: Buffer): Buffer | undefined {
  const [signed] = values(only(certificate, SEQUENCE))
  const extensions = values(signed?.content ?? certificate).filter(({ tag }) => tag === EXTENSIONS)
  const found = extensions
    .flatMap(({ content }) => values(only(content, SEQUENCE)))
    .map(({ content }) => values(content))
    .filter(([type]) => type?.tag === OBJECT_IDENTIFIER && type.content.toString('hex') === ALTERNATIVE_NAMES)
  const value = found[0]?.at(-1)
  // RFC 5280 section 4.2: an extension is there once
  return found.length === 1 && value?.tag === OCTET_STRING ? only(value.content, SEQUENCE) : undefined
}

function otherName(content: Buffer): { type: string; name: string }[] {
  const [type, value, ...more] = values(content)
  if (type?.tag !== OBJECT_IDENTIFIER || value?.tag !== VALUE || more.length > 0) return []
  const [text, ...rest] = values(value.content)
  if ((text?.tag !== IA5_STRING && text?.tag !== UTF8_STRING) || rest.length > 0) return []
  return [{ type: type.content.toString('hex'), name: text.content.toString() }]
}

/** The content of a value that stands alone. */
function only(der: Buffer, tag: number): Buffer {
  const [value, ...more] = values(der)
  if (value?.tag !== tag || more.length > 0) throw new Error('not such a value')
  return value.content
}

/** The values that stand in a row; each has a tag of one byte and a length of at most three more (X.690 sections 8.1.2, 10.1). */
function values(der: Buffer): { tag: number; content: Buffer }[] {
  const all: { tag: number; content: Buffer }[] = []
  for (let at = 0; at < der.length; ) {
    const tag = der.readUInt8(at)
    const first = der.readUInt8(at + 1)
    const more = first < 0x80 ? 0 : first - 0x80
    if ((tag & 0x1f) === 0x1f || first === 0x80 || more > 3) throw new Error('not as certificates have it')
    const length = more === 0 ? first : der.readUIntBE(at + 2, more)
    const from = at + 2 + more
    if (from + length > der.length) throw new Error('cut')
    all.push({ tag, content: der.subarray(from, from + length) })
    at = from + length
  }
  return all
}
