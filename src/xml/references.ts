/** References in text and values (XML 1.0 section 4.1): to characters, and to the five entities that XMPP allows (RFC 6120 section 11.1). */
import { malformed, XmlError } from './xml-error.ts'

/** characters of a reference: with leading zeros one could be as long as it likes */
const longest = 1000
/** characters of a text: in a longer one there may be so many references that each has to cost nothing */
const short = 256
/** code units of a long one that are put together at one time */
const atOnce = 4096
/** a run without references that is longer is copied in one piece */
const run = 64

const entities = [
  ['&quot;', '"'],
  ['&apos;', "'"],
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
] as const

/** The text with its references resolved, in time linear in its length. Throws XmlError. */
export function resolveReferences(raw: string): string {
  const first = raw.indexOf('&')
  if (first < 0) return raw
  return raw.length < short ? resolveFew(raw, first) : resolveMany(raw, first)
}

function resolveFew(raw: string, first: number): string {
  let text = ''
  let at = 0
  for (let begin = first; begin >= 0; begin = raw.indexOf('&', at)) {
    const codePoint = readReference(raw, begin)
    text += raw.slice(at, begin) + String.fromCodePoint(codePoint)
    at = raw.indexOf(';', begin) + 1
  }
  return text + raw.slice(at)
}

function resolveMany(raw: string, first: number): string {
  const units = new Uint16Array(atOnce)
  let count = 0
  let text = ''
  let at = 0
  const flush = () => {
    text += String.fromCharCode.apply(null, units.subarray(0, count) as unknown as number[])
    count = 0
  }
  for (let begin = first; begin >= 0; begin = raw.indexOf('&', at)) {
    if (begin - at > run) {
      flush()
      text += raw.slice(at, begin)
      at = begin
    }
    if (count + run + 2 > atOnce) flush()
    while (at < begin) units[count++] = raw.charCodeAt(at++)
    const codePoint = readReference(raw, begin)
    if (codePoint > 0xffff) units[count++] = 0xd800 + ((codePoint - 0x10000) >> 10)
    units[count++] = codePoint > 0xffff ? 0xdc00 + (codePoint & 0x3ff) : codePoint
    at = raw.indexOf(';', begin) + 1
  }
  flush()
  return text + raw.slice(at)
}

/** The character that the reference at a place means. */
function readReference(raw: string, begin: number): number {
  if (raw.charCodeAt(begin + 1) === 35 /* # */) return readNumber(raw, begin)
  for (const [spelt, character] of entities) if (raw.startsWith(spelt, begin)) return character.charCodeAt(0)
  if (/^&[^;&#\s]{1,64};/.test(raw.slice(begin, begin + 66))) throw new XmlError('restricted-xml', 'An entity that XMPP does not allow.')
  throw malformed('"&" without a reference.')
}

function readNumber(raw: string, begin: number): number {
  const hex = raw.charCodeAt(begin + 2) === 120 /* x */
  const from = begin + (hex ? 3 : 2)
  let codePoint = 0
  let at = from
  for (let digit = digitAt(raw, at, hex); digit >= 0; digit = digitAt(raw, at, hex)) {
    // beyond the last character it stays there
    codePoint = Math.min(codePoint * (hex ? 16 : 10) + digit, 0x110000)
    at += 1
  }
  if (at === from || raw.charCodeAt(at) !== 59 /* ; */) throw malformed('"&" without a reference.')
  if (at - begin > longest) throw unending()
  if (!isCharacter(codePoint)) throw malformed('A reference to no character.')
  return codePoint
}

/** −1 for what is none */
function digitAt(raw: string, at: number, hex: boolean): number {
  const code = raw.charCodeAt(at)
  if (code >= 48 && code <= 57) return code - 48
  // small letters and large ones differ by one bit
  const letter = code | 32
  return hex && letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** Char of XML 1.0 (section 2.2) */
function isCharacter(codePoint: number): boolean {
  if (codePoint < 32) return codePoint === 9 || codePoint === 10 || codePoint === 13
  return codePoint < 0xd800 || (codePoint >= 0xe000 && codePoint <= 0xfffd) || (codePoint >= 0x10000 && codePoint <= 0x10ffff)
}

/** Where in a text that goes on its last reference begins, if that may go on too; −1 for none. Throws XmlError. */
export function openReference(raw: string): number {
  const begin = raw.lastIndexOf('&')
  if (begin < 0 || raw.indexOf(';', begin) >= 0) return -1
  if (raw.length - begin > longest) throw unending()
  return begin
}

function unending(): XmlError {
  return malformed('A reference that does not end.')
}
