import { illegalCharacter } from './characters.ts'
import { openReference, resolveReferences } from './references.ts'
import { malformed } from './xml-error.ts'

/** What must be looked at before it is taken as it is. */
const specialInText = /[\0-\x08\x0b-\x1f&>\ud800-\udfff\ufffe\uffff]/
const specialInCdata = /[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]/
const specialInValue = /[\0-\x1f&<\ud800-\udfff\ufffe\uffff]/

/** The text between two tags: line ends normalised, references resolved (XML 1.0 sections 2.4, 2.11, 4.1). Throws XmlError. */
export function decodeText(raw: string): string {
  if (!specialInText.test(raw)) return raw
  checkCharacters(raw)
  if (raw.includes(']]>')) throw malformed('"]]>" in text.')
  return resolveReferences(lines(raw))
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
  return resolveReferences(raw.replace(/\r\n|[\t\n\r]/g, ' '))
}

/** How much of a text that goes on can be decoded by itself: all but what may be cut: a reference, a line end, "]]>", a pair of surrogates. */
export function decodableEnd(raw: string, references: boolean): number {
  const begun = references ? openReference(raw) : -1
  if (begun >= 0) return begun
  let end = raw.length
  for (let held = 0; held < 2 && end > 0 && /[\]\r\ud800-\udbff]/.test(raw[end - 1] as string); held += 1) end -= 1
  return end
}

function checkCharacters(raw: string): void {
  if (illegalCharacter(raw) !== undefined) throw malformed('A character that XML 1.0 does not allow.')
}

function lines(raw: string): string {
  return raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw
}
