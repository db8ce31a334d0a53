import { illegalCharacter } from './characters.ts'
import { malformed, XmlError } from './xml-error.ts'

/** What must be looked at before it is taken as it is. */
const specialInText = /[\0-\x08\x0b-\x1f&>\ud800-\udfff\ufffe\uffff]/
const specialInCdata = /[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]/
const specialInValue = /[\0-\x1f&<\ud800-\udfff\ufffe\uffff]/

const reference = /&(?:(amp|lt|gt|quot|apos);|#([0-9]+);|#x([0-9A-Fa-f]+);|)/g
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The text between two tags: line ends normalised, references resolved (XML 1.0 sections 2.4, 2.11, 4.1). Throws XmlError. */
export function decodeText(raw: string): string {
  if (!specialInText.test(raw)) return raw
  checkCharacters(raw)
  if (raw.includes(']]>')) throw malformed('"]]>" in text.')
  return resolve(lines(raw))
}

/** The text of a CDATA section. Throws XmlError. */
export function decodeCdata(raw: string): string {
  if (!specialInCdata.test(raw)) return raw
  checkCharacters(raw)
  return lines(raw)
}

/** The text between the quotes of an attribute: white space becomes spaces (XML 1.0 section 3.3.3). Throws XmlError. */
export function decodeValue(raw: string): string {
  if (!specialInValue.test(raw)) return raw
  checkCharacters(raw)
  if (raw.includes('<')) throw malformed('"<" in the value of an attribute.')
  return resolve(raw.replace(/\r\n|[\t\n\r]/g, ' '))
}

function checkCharacters(raw: string): void {
  if (illegalCharacter(raw) !== undefined) throw malformed('A character that XML 1.0 does not allow.')
}

function lines(raw: string): string {
  return raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw
}

function resolve(raw: string): string {
  if (!raw.includes('&')) return raw
  return raw.replace(reference, (all, entity: string | undefined, decimal: string | undefined, hex: string | undefined, at: number) => {
    if (entity !== undefined) return entities[entity] as string
    if (all === '&') {
      if (/^&[^;&#\s]{1,64};/.test(raw.slice(at, at + 66))) throw new XmlError('restricted-xml', 'An entity that XMPP does not allow.')
      throw malformed('"&" without a reference.')
    }
    const codePoint = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    if (codePoint > 0x10ffff) throw malformed('A reference to no character.')
    const character = String.fromCodePoint(codePoint)
    checkCharacters(character)
    return character
  })
}
