import { CLIENT, type Element } from './element.ts'
import { limitsWith, type XmlLimits } from './limits.ts'
import { Reader } from './tokenizer.ts'
import { malformed } from './xml-error.ts'

export { STREAMS } from './tree.ts'
export { type XmlCondition, XmlError } from './xml-error.ts'

export type Larger = (start: Element, bytes: number) => Readonly<XmlLimits> | undefined

/** What a parser tells, and asks. */
export interface StreamHandler {
  /** Is a stanza over a limit told as `cut`, instead of refused? Asked when there is one. */
  cuts?(): boolean
  /** May this one be larger than so many bytes? Asked when it is, by its start tag, and again when it comes to the limits answered. */
  larger?(...stanza: Parameters<Larger>): ReturnType<Larger>
  /** `<stream:stream>`, without children */
  onOpen(root: Element): void
  /** a whole child of the stream: stanza or nonza */
  onElement(element: Element): void
  /** `</stream:stream>` */
  onClose(): void
}

export interface StreamParserOptions extends StreamHandler {
  limits?: Partial<XmlLimits>
}

export interface StreamParser {
  /** Takes decoded text, cut anywhere. Throws XmlError, and what a handler throws; after that, and after `stop`, it does nothing. */
  write(text: string): void
  /**
   * For use in a handler: nothing more is read. Answers what was written after the tag that the handler is called for,
   * so that a new parser can go on with it, or the stream be closed because of it.
   */
  stop(): string
}

/** Reads one XMPP stream over TCP (RFC 6120 section 4), in time linear in its length however it is cut. */
export function createStreamParser(options: StreamParserOptions, limits = limitsWith(options.limits)): StreamParser {
  return new Reader(options, { limits, level: 1, xmlns: '' })
}

/**
 * Reads a document that is one element. Elements that no xmlns is declared for are in jabber:client. Throws XmlError; with `cuts`
 * an element over a limit is `cut` instead.
 */
export function parseStanza(xml: string, limits?: Partial<XmlLimits>, handler: Pick<StreamHandler, 'cuts' | 'larger'> = {}): Element {
  let found: Element | undefined
  const document = {
    cuts: () => handler.cuts?.() === true,
    larger: (...stanza: Parameters<Larger>) => handler.larger?.(...stanza),
    onElement(element: Element) {
      found = element
    },
  }
  new Reader(document, { limits: limitsWith(limits), level: 0, xmlns: CLIENT }).write(xml)
  if (found === undefined) throw malformed('The document ends before its element does.')
  return found
}

/** Reads what `serialize` wrote of an element that came within the limits: as XML it may have become larger. */
export const reparse = (xml: string): Element => parseStanza(xml, { bytes: Number.POSITIVE_INFINITY, namespaces: Number.POSITIVE_INFINITY })
