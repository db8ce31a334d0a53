/** JIDs (RFC 7622): parsed, checked and brought to one form, so that equal JIDs are equal strings. */
import { domainToASCII, domainToUnicode } from 'node:url'
import ipaddr from 'ipaddr.js'
import { Problem } from './errors/problem.ts'

export interface Jid {
  /** '' where there is none */
  local: string
  domain: string
  /** '' where there is none */
  resource: string
}

/** bytes of UTF-8, of each part (RFC 7622 sections 3.2 to 3.4) */
const maxPart = 1023

/** ASCII that is in its normal form already; longer ones take the long way */
const plain = /^(?:[a-z0-9.!#$%()*+,;=?[\\\]^_`{|}~-]{1,255}@)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,3}(?:\/[!-~][ -~]{0,254})?$/

/** ASCII that is in its normal form already */
export function isPlain(text: string): boolean {
  return plain.test(text) && !text.includes('xn--')
}

/**
 * Parses and normalises. Throws the problem jid-malformed with `path`, the member of the request that the text is from.
 * PRECIS (RFC 8264, RFC 8265) is kept but for the bidi and context rules; resources may hold what servers let through.
 */
export function parseJid(text: string, path?: string): Jid {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const at = address.indexOf('@')
  if (plain.test(text) && !address.includes('xn--')) {
    return { local: at < 0 ? '' : address.slice(0, at), domain: address.slice(at + 1), resource: slash < 0 ? '' : text.slice(slash + 1) }
  }
  const local = at < 0 ? '' : normalLocal(address.slice(0, at))
  const domain = normalDomain(address.slice(at + 1))
  const resource = slash < 0 ? '' : normalResource(text.slice(slash + 1))
  if (local === undefined) throw refusal('The part before the "@" is empty, too long or has a character that is not allowed.', path)
  if (domain === undefined) throw refusal('The domain is empty, too long or not a name that can exist.', path)
  if (resource === undefined) throw refusal('The resource is empty, too long or has a character that is not allowed.', path)
  return { local, domain, resource }
}

/** The JID in its normal form. Throws the problem jid-malformed. */
export function jid(text: string, path?: string): string {
  if (isPlain(text)) return text
  return print(parseJid(text, path))
}

/** The JID in its normal form; undefined where it is none. */
export function jidIfValid(text: string): string | undefined {
  try {
    return jid(text)
  } catch {
    return undefined
  }
}

/** The JID in its normal form; what is none by RFC 7622, but one for a server, stays as it came. */
export function comparable(text: string): string {
  return jidIfValid(text) ?? text
}

/** The bare JID of one, comparable. */
export function accountOf(text: string): string {
  return comparable(withoutResource(text))
}

/** The bare JID of one, as it is written there. */
export function withoutResource(text: string): string {
  const slash = text.indexOf('/')
  return slash < 0 ? text : text.slice(0, slash)
}

/**
 * An address to look for among those that came in, comparable: some servers have others than RFC 7622 allows. Throws the problem
 * jid-malformed for what no server can have.
 */
export function soughtJid(text: string, path: string): string {
  const bare = withoutResource(text)
  if (bare === '' || bare.startsWith('@') || bare.endsWith('@') || text === `${bare}/`) return jid(text, path)
  return comparable(text)
}

/** The bare JID, normalised. Throws the problem jid-malformed. */
export function bare(text: string): string {
  return print({ ...parseJid(text), resource: '' })
}

/** The domain, normalised. Throws the problem jid-malformed. */
export function domainOf(text: string): string {
  return parseJid(text).domain
}

/** Has a JID no resource? */
export function isBare(text: string): boolean {
  return !text.includes('/')
}

/** Are both the same JID? What is no JID equals nothing. */
export function equal(one: string, other: string): boolean {
  const address = jidIfValid(one)
  return address !== undefined && address === jidIfValid(other)
}

function print({ local, domain, resource }: Jid): string {
  const address = local === '' ? domain : `${local}@${domain}`
  return resource === '' ? address : `${address}/${resource}`
}

function refusal(message: string, path: string | undefined): Problem {
  return new Problem('jid-malformed', message, path === undefined ? {} : { errors: [{ path, message }] })
}

function fits(part: string): boolean {
  return part !== '' && (part.length * 3 <= maxPart || Buffer.byteLength(part) <= maxPart)
}

// ---------------------------------------------------------------- local part: UsernameCaseMapped (RFC 8265 section 3.3)

const wideOrNarrow = /[\u3000\uff01-\uffef]/g
/** RFC 7622 section 3.3.1 */
const notInLocal = /["&'/:<>@]/
/** Identifier class (RFC 8264 section 4.2): ASCII without space, letters, digits, marks, and its exceptions. */
const identifier =
  /^[!-~\p{Ll}\p{Lu}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}\u00b7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb\p{Join_Control}]+$/u
const notIdentifier = /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/
const ignorable = /(?!\p{Join_Control})\p{Default_Ignorable_Code_Point}/u

function normalLocal(text: string): string | undefined {
  if (text.length > maxPart) return undefined
  const mapped = text.replace(wideOrNarrow, (character) => character.normalize('NFKC'))
  if (!isIdentifier(mapped)) return undefined
  const local = mapped.toLowerCase().normalize('NFC')
  return isIdentifier(local) && fits(local) ? local : undefined
}

function isIdentifier(text: string): boolean {
  if (notInLocal.test(text) || !identifier.test(text) || notIdentifier.test(text) || ignorable.test(text)) return false
  for (const character of text) if (character > '\u007f' && character.normalize('NFKC') !== character) return false
  return true
}

// ---------------------------------------------------------------- domain (RFC 7622 section 3.2)

const asciiName = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/
const unicodeName = /^[\p{L}\p{M}\p{N}_.\-\u00b7\p{Join_Control}\u3002\u30fb\u0375\u05f3\u05f4]+$/u

/** The domain in its normal form, undefined for what is none. */
export function normalDomain(text: string): string | undefined {
  if (text.length > maxPart) return undefined
  if (text.startsWith('[')) return normalAddress(text)
  const name = text.normalize('NFKC').toLowerCase().replaceAll('\u3002', '.').replace(/\.$/, '')
  if (asciiName.test(name) && !name.includes('xn--')) return fits(name) ? name : undefined
  if (!unicodeName.test(name)) return undefined
  const ascii = domainToASCII(name)
  const domain = domainToUnicode(ascii)
  return asciiName.test(ascii) && fits(domain) ? domain : undefined
}

function normalAddress(text: string): string | undefined {
  const address = text.slice(1, -1)
  return text.endsWith(']') && !address.includes('%') && ipaddr.IPv6.isValid(address)
    ? `[${ipaddr.IPv6.parse(address).toString()}]`
    : undefined
}

// ---------------------------------------------------------------- resource: OpaqueString (RFC 8265 section 4.2)

const space = /\p{Zs}/gu
const notInResource = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u

function normalResource(text: string): string | undefined {
  if (text.length > maxPart) return undefined
  const resource = text.replace(space, ' ').normalize('NFC')
  return notInResource.test(resource) || resource.startsWith(' ') || !fits(resource) ? undefined : resource
}
