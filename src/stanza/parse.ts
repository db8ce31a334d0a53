import { decodeCdata, decodeText, decodeValue } from './character-data.ts'
import { Attributes, CLIENT, type Element, type Node, none } from './element.ts'
import { type XmlLimits, xmlLimits } from './limits.ts'
import { checkDeclaration, checkName, namespaceOf, type Scope } from './namespaces.ts'
import { malformed, XmlError } from './xml-error.ts'

export { type XmlCondition, XmlError } from './xml-error.ts'

export const STREAMS = 'http://etherx.jabber.org/streams'

export interface StreamParserOptions {
  limits?: Partial<XmlLimits>
  /** `<stream:stream>`, without children */
  onOpen(root: Element): void
  /** a whole child of the stream: stanza or nonza */
  onElement(element: Element): void
  /** `</stream:stream>` */
  onClose(): void
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
export function createStreamParser({ limits, onOpen, onElement, onClose }: StreamParserOptions): StreamParser {
  return createReader({ limits: { ...xmlLimits, ...limits }, top: 1, xmlns: '', onOpen, onElement, onClose })
}

/** Reads a document that is one element. Elements that no xmlns is declared for are in jabber:client. Throws XmlError. */
export function parseStanza(xml: string, limits?: Partial<XmlLimits>): Element {
  let found: Element | undefined
  const onElement = (element: Element) => {
    found = element
  }
  createReader({ limits: { ...xmlLimits, ...limits }, top: 0, xmlns: CLIENT, onElement }).write(xml)
  if (found === undefined) throw malformed('The document ends before its element does.')
  return found
}

// What the reader is in the middle of: first the tokens that may go on in the next chunk, then the places between tokens.
const TEXT = 0
const NAME = 1
const KEY = 2
const VALUE = 3
const END_NAME = 4
const BANG = 5
const CDATA = 6
const DECLARATION = 7
const OPEN = 8
const BETWEEN = 9
const EMPTY = 10
const EQUALS = 11
const QUOTE = 12
const AFTER_END = 13
const DEAD = 14

/** characters: longer XML declarations do not exist */
const maxDeclaration = 200
const declaration =
  /^xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])([A-Za-z][\w.-]*)\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\4)?\s*$/

/** Of the ASCII characters: may begin a name · may go on in it · needs a closer look (colon) · ends it. */
const GOES_ON = 1
const LOOK = 2
const ENDS = 3
const nameCharacters = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[A-Za-z_]/.test(character)) return 0
  if (character === ':') return LOOK
  return /[0-9.-]/.test(character) ? GOES_ON : ENDS
})

interface ReaderOptions {
  limits: XmlLimits
  /** how deep the elements to tell are: 0 for a document, 1 for the children of a stream */
  top: 0 | 1
  /** default namespace around the root */
  xmlns: string
  onOpen?(root: Element): void
  onElement(element: Element): void
  onClose?(): void
}

function createReader({ limits, top, xmlns: around, onOpen, onElement, onClose }: ReaderOptions): StreamParser {
  let state = TEXT
  let pristine = true
  let rooted = false

  // Of the chunk: where we are, where the token and the stanza began. Of the chunks before it: their part of the token, the bytes of the stanza.
  let data = ''
  let at = 0
  let from = 0
  let began = 0
  let part = ''
  let tail = ''
  let bytes = 0

  // The open elements, outermost first.
  const names: string[] = []
  const nodes: Node[][] = []
  const counts: number[] = []
  const defaults: string[] = []
  const scopes: (Scope | undefined)[] = []
  let xmlns = around
  let scope: Scope | undefined
  let stanza: Element | undefined

  // The tag being read.
  let tag = ''
  let colon = -1
  let spaced = false
  let quote = '"'
  let key = ''
  let keyColon = -1
  let count = 0
  let attributes: Record<string, string> | undefined
  let qualified: string[] | undefined
  let declared: string | undefined
  let prefixes: Map<string, string> | undefined

  /** The token that ends here, wherever it began. */
  function take(): string {
    const end = data.slice(from, at)
    if (part === '') return end
    const whole = part + end
    part = ''
    return whole
  }

  /** Takes a name; answers where its colon is. */
  function readName(): boolean {
    const text = data
    const { length } = text
    const whole = part === ''
    let plain = whole
    let position = at
    for (; position < length; position += 1) {
      const code = text.charCodeAt(position)
      const kind = code < 128 ? (nameCharacters[code] as number) : LOOK
      if (kind === ENDS) break
      if (kind === LOOK || (kind === GOES_ON && position === from)) plain = false
    }
    at = position
    if (position === length) return false
    key = take()
    keyColon = plain && key !== '' ? -1 : checkName(key)
    return true
  }

  function skipSpace(): number {
    for (; at < data.length; at += 1) {
      const code = data.charCodeAt(at)
      if (code !== 32 && code !== 10 && code !== 9 && code !== 13) return code
      spaced = true
    }
    return -1
  }

  /** Characters are never more than bytes and never less than a third: the exact count is made only where it matters. */
  function checkSize(): void {
    const characters = at - began
    if (bytes + characters * 3 <= limits.bytes) return
    if (bytes + characters > limits.bytes || bytes + Buffer.byteLength(data.slice(began, at)) > limits.bytes) {
      throw new XmlError('policy-violation', `The stanza is larger than ${limits.bytes} bytes.`)
    }
  }

  function checkBlank(text: string): void {
    if (!/[^ \t\r\n]/.test(text)) return
    throw names.length === 0 ? malformed('Text outside of the root element.') : new XmlError('bad-format', 'Text between stanzas.')
  }

  function append(text: string): void {
    const siblings = nodes[nodes.length - 1] as Node[]
    const last = siblings.length - 1
    if (last >= 0 && typeof siblings[last] === 'string') siblings[last] += text
    else if (text !== '') siblings.push(text)
  }

  function addAttribute(value: string): void {
    if (keyColon >= 0 && key !== 'xml:lang') {
      if (key.startsWith('xmlns:')) declare(key.slice(6), value)
      else if (qualified === undefined) qualified = [key, value]
      else qualified.push(key, value)
    } else if (key === 'xmlns') {
      if (declared !== undefined) throw malformed('An attribute that is there twice.')
      checkDeclaration('', value)
      declared = value
    } else set(key, value)
  }

  function set(name: string, value: string): void {
    attributes ??= new Attributes()
    if (attributes[name] !== undefined) throw malformed('An attribute that is there twice.')
    attributes[name] = value
  }

  function declare(prefix: string, uri: string): void {
    checkDeclaration(prefix, uri)
    prefixes ??= new Map()
    if (prefixes.has(prefix)) throw malformed('A prefix that is declared twice.')
    prefixes.set(prefix, uri)
  }

  function start(empty: boolean): void {
    checkSize()
    const depth = names.length
    if (depth - top >= limits.depth) throw new XmlError('policy-violation', `Elements deeper than ${limits.depth}.`)
    const inner = prefixes === undefined ? scope : { prefixes, outer: scope }
    const inherited = declared ?? xmlns
    if (qualified !== undefined) {
      for (let index = 0; index < qualified.length; index += 2) {
        const name = qualified[index] as string
        const end = name.indexOf(':')
        set(`{${namespaceOf(name.slice(0, end), inner)}}${name.slice(end + 1)}`, qualified[index + 1] as string)
      }
    }
    const children: Node[] = []
    const element: Element = {
      name: colon < 0 ? tag : tag.slice(colon + 1),
      xmlns: colon < 0 ? inherited : namespaceOf(tag.slice(0, colon), inner),
      attributes: attributes ?? none,
      children,
    }
    if (depth > top) {
      const siblings = (counts[depth - 1] as number) + 1
      if (siblings > limits.children) throw new XmlError('policy-violation', `More than ${limits.children} children.`)
      counts[depth - 1] = siblings
      ;(nodes[depth - 1] as Node[]).push(element)
    } else if (depth === top) stanza = element
    if (!empty) {
      names.push(tag)
      nodes.push(children)
      counts.push(0)
      defaults.push(xmlns)
      scopes.push(scope)
      xmlns = inherited
      scope = inner
    }
    rooted = true
    from = at
    state = TEXT
    if (depth < top) open(element, inherited)
    if (empty) closed(depth)
  }

  function open(root: Element, inherited: string): void {
    if (root.name !== 'stream' || root.xmlns !== STREAMS) throw new XmlError('invalid-namespace', 'The root is not a stream.')
    if (inherited !== CLIENT && inherited !== '') throw new XmlError('invalid-namespace', 'The stream is not one of a client.')
    onOpen?.(root)
  }

  function end(): void {
    checkSize()
    names.pop()
    nodes.pop()
    counts.pop()
    xmlns = defaults.pop() as string
    scope = scopes.pop()
    from = at
    state = TEXT
    closed(names.length)
  }

  /** an element of that depth is complete */
  function closed(depth: number): void {
    if (depth > top || state === DEAD) return
    if (depth < top) {
      onClose?.()
      return
    }
    const complete = stanza as Element
    stanza = undefined
    onElement(complete)
  }

  function readDeclaration(token: string): void {
    if (!/^xml[\s?]/.test(token)) throw new XmlError('restricted-xml', 'A processing instruction.')
    const match = /^[\t\n\r -~]*[?]$/.test(token) ? declaration.exec(token.slice(0, -1)) : null
    if (match === null) throw malformed('The XML declaration is not valid.')
    if ((match[3] ?? 'utf-8').toLowerCase() !== 'utf-8') throw new XmlError('unsupported-encoding', 'XMPP is UTF-8.')
  }

  function step(): void {
    switch (state) {
      case TEXT: {
        const found = data.indexOf('<', at)
        at = found < 0 ? data.length : found
        if (found < 0) return
        if (names.length > top) {
          if (at > from || part !== '') {
            checkSize()
            append(decodeText(take()))
          }
        } else {
          if (at > from) {
            pristine = false
            checkBlank(data.slice(from, at))
          }
          began = at
          bytes = 0
        }
        at += 1
        state = OPEN
        return
      }
      case OPEN: {
        const code = data.charCodeAt(at)
        if (code === 47) state = END_NAME
        else if (code === 33) state = BANG
        else if (code === 63) {
          if (!pristine) throw new XmlError('restricted-xml', 'A processing instruction, or an XML declaration that is not first.')
          state = DECLARATION
        } else {
          if (rooted && names.length === 0) throw malformed('More than one root element.')
          state = NAME
          at -= 1
        }
        pristine = false
        at += 1
        from = at
        return
      }
      case NAME:
        if (!readName()) return
        tag = key
        colon = keyColon
        count = 0
        attributes = undefined
        qualified = undefined
        declared = undefined
        prefixes = undefined
        spaced = false
        state = BETWEEN
        return
      case BETWEEN: {
        const code = skipSpace()
        if (code === 62) {
          at += 1
          start(false)
        } else if (code === 47) {
          at += 1
          state = EMPTY
        } else if (code >= 0) {
          if (!spaced) throw malformed('No white space before an attribute.')
          count += 1
          if (count > limits.attributes) throw new XmlError('policy-violation', `More than ${limits.attributes} attributes.`)
          from = at
          state = KEY
        }
        return
      }
      case EMPTY:
        if (data.charCodeAt(at) !== 62) throw malformed('"/" inside a tag.')
        at += 1
        start(true)
        return
      case KEY:
        if (readName()) state = EQUALS
        return
      case EQUALS: {
        const code = skipSpace()
        if (code < 0) return
        if (code !== 61) throw malformed('An attribute without a value.')
        at += 1
        state = QUOTE
        return
      }
      case QUOTE: {
        const code = skipSpace()
        if (code < 0) return
        if (code !== 34 && code !== 39) throw malformed('A value without quotes.')
        quote = code === 34 ? '"' : "'"
        at += 1
        from = at
        state = VALUE
        return
      }
      case VALUE: {
        const found = data.indexOf(quote, at)
        at = found < 0 ? data.length : found
        if (found < 0) return
        checkSize()
        addAttribute(decodeValue(take()))
        at += 1
        spaced = false
        state = BETWEEN
        return
      }
      case END_NAME:
        if (!readName()) return
        if (key !== names[names.length - 1]) throw malformed('An end tag that does not match.')
        state = AFTER_END
        return
      case AFTER_END: {
        const code = skipSpace()
        if (code < 0) return
        if (code !== 62) throw malformed('An end tag with more than its name.')
        at += 1
        end()
        return
      }
      case BANG: {
        at = Math.min(data.length, from + 7 - part.length)
        const seen = part + data.slice(from, at)
        if (!'[CDATA['.startsWith(seen)) {
          throw /^[-A-Z]/.test(seen) ? new XmlError('restricted-xml', 'A comment or document type.') : malformed('"<!" without a meaning.')
        }
        if (seen.length < 7) return
        if (names.length <= top)
          throw names.length === 0 ? malformed('Text outside of the root element.') : new XmlError('bad-format', 'Text between stanzas.')
        part = ''
        tail = ''
        from = at
        state = CDATA
        return
      }
      case CDATA: {
        const across = tail === '' ? -1 : (tail + data.slice(0, 2)).indexOf(']]>')
        const found = across < 0 ? data.indexOf(']]>', at) : across - tail.length
        if (found === -1 && across < 0) {
          tail = (tail + data.slice(at)).slice(-2)
          at = data.length
          return
        }
        at = found + 3
        tail = ''
        checkSize()
        append(decodeCdata(take().slice(0, -3)))
        from = at
        state = TEXT
        return
      }
      case DECLARATION: {
        const found = data.indexOf('>', at)
        at = found < 0 ? data.length : found
        if (part.length + at - from > maxDeclaration) throw malformed('The XML declaration does not end.')
        if (found < 0) return
        readDeclaration(take())
        at += 1
        from = at
        state = TEXT
      }
    }
  }

  /** Keeps what of the chunk belongs to a token or stanza that goes on in the next one. */
  function keep(): void {
    if (state === TEXT && names.length <= top) {
      if (at > from) {
        pristine = false
        checkBlank(data.slice(from))
      }
      return
    }
    if (state <= DECLARATION) part += data.slice(from)
    checkSize()
    bytes += Buffer.byteLength(data.slice(began))
  }

  return {
    write(text) {
      if (state === DEAD) return
      data = text
      at = 0
      from = 0
      began = 0
      try {
        while (at < data.length) step()
        if (state !== DEAD) keep()
      } catch (error) {
        state = DEAD
        throw error
      } finally {
        data = ''
      }
    },
    stop() {
      const rest = data.slice(at)
      data = ''
      state = DEAD
      return rest
    },
  }
}
