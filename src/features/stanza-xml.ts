import { speaker } from '../api/speaker.ts'
import { stanzaKinds } from '../codec/translate.ts'
import { Problem } from '../errors/problem.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import { accountOf, jid } from '../jid.ts'
import { CLIENT, type Element, withAttributes } from '../xml/element.ts'
import { parseStanza, XmlError } from '../xml/parse.ts'

/**
 * One element from a caller's XML. Throws xml-malformed, and stanza-too-large beyond `limit` bytes, before anything is looked for in it.
 * Examples in specifications have comments, which no stream may carry (RFC 6120 section 11.1): with `comments` they are left out.
 */
export function readXml(xml: string, path: string, limit: number, { comments = false } = {}): Element {
  const size = Buffer.byteLength(xml)
  if (size > limit) throw new Problem('stanza-too-large', `The XML has ${size} bytes; the limit is ${limit}.`)
  try {
    return parseStanza(comments ? withoutComments(xml) : xml, { bytes: limit })
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    if (error.condition === 'bad-format')
      throw new Problem('not-a-stanza', error.message, { cause: error, errors: [{ path, message: error.message }] })
    throw new Problem('xml-malformed', error.message, { cause: error, errors: [{ path, message: error.message }] })
  }
}

/** Comments outside of CDATA sections go, and white space around it all. What has no end stays: the parser says what is wrong with it. */
export function withoutComments(xml: string): string {
  let kept = ''
  let from = 0
  for (let at = xml.indexOf('<!'); at >= 0; ) {
    const isComment = xml.startsWith('--', at + 2)
    const end = isComment ? xml.indexOf('-->', at + 4) : xml.startsWith('[CDATA[', at + 2) ? xml.indexOf(']]>', at + 9) : at
    if (end < 0) break
    const after = end + (end === at ? 2 : 3)
    if (isComment) {
      kept += xml.slice(from, at)
      from = after
    }
    at = xml.indexOf('<!', after)
  }
  return (kept + xml.slice(from)).trim()
}

/**
 * A stanza without its sender, and the session as that: a component says as whom it sends. For an account the server says it; a caller
 * may say it only if it is true. Rejects with from-not-allowed, jid-malformed, invalid-request.
 */
export async function spoken(stanza: Element, session: SessionHandle): Promise<{ stanza: Element; session: SessionHandle }> {
  const { from } = stanza.attributes
  const unsigned = () => withAttributes(stanza, { from: undefined })
  if (session.as !== undefined) return { stanza: unsigned(), session: speaker(session, from) }
  if (from === undefined) return { stanza, session }
  const sender = jid(from, 'body.from')
  const { connections } = await session.status()
  // the server may write the account in another way than it was asked for
  const bound = connections.flatMap((connection) => connection.jid ?? [])
  const isOwn = [session.record.jid, ...bound, ...bound.map(accountOf)].includes(sender)
  return { stanza: unsigned(), session: isOwn ? session : speaker(session, from) }
}

/** XML of a caller: a message, presence or iq; one that was received may be of another namespace. */
export function checked(stanza: Element, received: boolean): Element {
  if ((received || stanza.xmlns === CLIENT) && stanzaKinds.some((kind) => kind === stanza.name)) return stanza
  throw new Problem('not-a-stanza', `<${stanza.name} xmlns="${stanza.xmlns}"/> is not a message, presence or iq of jabber:client.`)
}
