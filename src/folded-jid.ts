/**
 * The form in which servers compare addresses. Some prepare names by stringprep (RFC 6122: ß is ss, ς is σ), others by PRECIS
 * (RFC 7622), some keep a backslash and some write it as XEP-0106 does; what is one account for any of them has one form here.
 *
 * For finding what belongs to something that we asked or sent: a bound account, an answer, an error, a receipt. Never for trust:
 * two accounts with one form here may be two for the server (`back\slash` and `back\5cslash`), and one of them could speak in the
 * name of the other. Whether the own account or its server speaks is told by the address as the server bound it (`equal` of jid.ts).
 */
import { isPlain, normalDomain } from './jid.ts'

/** UTF-16 units of a part; what is longer is no JID (RFC 7622 section 3.1) and stays as it is, so that no text can cost much */
const longest = 1023
/** RFC 3454 table B.1 and what came to Unicode since */
const ignorable = /[\p{Default_Ignorable_Code_Point}\u1806]/gu
/** a backslash that begins no escape of XEP-0106 section 4.2 */
const backslash = /\\(?!20|22|26|27|2f|3a|3c|3e|40|5c)/g
const space = /\p{Zs}/gu

/** The full or bare JID in that form. Never throws: what is no JID is compared as text. */
export function folded(text: string): string {
  if (hasOneSpelling(text)) return text
  const slash = text.indexOf('/')
  const account = foldedBare(text)
  return slash < 0 ? account : `${account}/${foldedResource(text.slice(slash + 1))}`
}

/** The bare JID in that form. Never throws. */
export function foldedBare(text: string): string {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  if (hasOneSpelling(address)) return address
  const at = address.indexOf('@')
  const domain = foldedDomain(address.slice(at + 1))
  return at < 0 ? domain : `${foldedLocal(address.slice(0, at))}@${domain}`
}

/** Does every server write it like this? */
export function hasOneSpelling(text: string): boolean {
  return isPlain(text) && !text.includes('\\')
}

/** Are both the same account for a server, whatever their resources? For matching, not for trust: see above. */
export function sameAccount(one: string, other: string): boolean {
  return foldedBare(one) === foldedBare(other)
}

function foldedLocal(text: string): string {
  if (text.length > longest) return text
  return foldCase(text.replace(ignorable, '').normalize('NFKC')).normalize('NFKC').replace(backslash, '\\5c')
}

function foldedDomain(text: string): string {
  if (text.length > longest) return text
  return foldCase(normalDomain(text) ?? text.normalize('NFKC').replace(/\.$/, ''))
}

function foldedResource(text: string): string {
  if (text.length > longest) return text
  return text.replace(ignorable, '').replace(space, ' ').normalize('NFKC')
}

/** Full case folding: what differs in upper or lower case alone becomes one, but for the dotless i, which is a letter of its own. */
function foldCase(text: string): string {
  return text
    .split('\u0131')
    .map((part) => part.toLowerCase().toUpperCase().toLowerCase())
    .join('\u0131')
    .replaceAll('ς', 'σ')
}
