import { Problem } from '../../errors.ts'
import type { SessionHandle } from '../../gateway/feature.ts'
import { CLIENT, type Element, withAttributes } from '../../stanza/element.ts'
import { bare, jid } from '../../stanza/jid.ts'
import { parseStanza, XmlError } from '../../stanza/parse.ts'
import { stanzaKinds } from '../../stanza/translate.ts'

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

/** The server says who the sender is; a caller may say it only if it is true. */
export async function withoutFrom(stanza: Element, session: SessionHandle): Promise<Element> {
  const { from } = stanza.attributes
  if (from === undefined) return stanza
  const sender = jid(from, 'body.from')
  const { connections } = await session.status()
  const own = sender === session.record.jid || connections.some((connection) => connection.jid === sender)
  if (own) return withAttributes(stanza, { from: undefined })
  const errors = [{ path: 'body.from', message: 'is not the account of the session' }]
  throw new Problem('address-not-allowed', `The account is ${bare(session.record.jid)}; it cannot send as ${sender}.`, { errors })
}

/** XML of a caller: a message, presence or iq; one that was received may be of another namespace. */
export function checked(stanza: Element, received: boolean): Element {
  if ((received || stanza.xmlns === CLIENT) && stanzaKinds.some((kind) => kind === stanza.name)) return stanza
  throw new Problem('not-a-stanza', `<${stanza.name} xmlns="${stanza.xmlns}"/> is not a message, presence or iq of jabber:client.`)
}
