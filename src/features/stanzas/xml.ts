import { Problem } from '../../errors.ts'
import type { Element } from '../../stanza/element.ts'
import { parseStanza, XmlError } from '../../stanza/parse.ts'

/** Examples in specifications have comments, which no stream may carry (RFC 6120 section 11.1). */
export function withoutComments(xml: string): string {
  return xml.replace(/<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->/g, (found) => (found.startsWith('<!--') ? '' : found)).trim()
}

/** One element from a caller's XML. Throws xml-malformed, and stanza-too-large beyond `limit` bytes. */
export function readXml(xml: string, path: string, limit: number): Element {
  const size = Buffer.byteLength(xml)
  if (size > limit) throw new Problem('stanza-too-large', `The XML has ${size} bytes; the limit is ${limit}.`)
  try {
    return parseStanza(xml, { bytes: limit })
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    if (error.condition === 'bad-format')
      throw new Problem('not-a-stanza', error.message, { cause: error, errors: [{ path, message: error.message }] })
    throw new Problem('xml-malformed', error.message, { cause: error, errors: [{ path, message: error.message }] })
  }
}
