/** Not split: every byte that comes goes through it, and each step between files costs what the benchmarks measure. */
import { decodableEnd, decodeCdata, decodeText, decodeValue } from './character-data.ts'
import type { XmlLimits } from './limits.ts'
import { checkName } from './namespaces.ts'
import { Tree, type TreeHandler, type TreeOptions } from './tree.ts'
import { malformed, XmlError } from './xml-error.ts'

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

/** Of the ASCII characters: 0 may begin a name. */
const GOES_ON = 1
const COLON = 2
const ENDS = 3
const nameCharacters = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[A-Za-z_]/.test(character)) return 0
  if (character === ':') return COLON
  return /[0-9.-]/.test(character) ? GOES_ON : ENDS
})

/**
 * The tokens of XML, read in one pass over each chunk; what they mean is the tree's matter.
 * A class because one is made for each connection and each document: as closures it took half as much time again.
 */
export class Reader {
  private state = TEXT
  private pristine = true

  // Of the chunk: where we are, where the token and the stanza began.
  private data = ''
  private at = 0
  private from = 0
  private began = 0
  // Of the chunks before: their part of the token, its last two characters, the bytes of the stanza.
  private part = ''
  private tail = ''
  private bytes = 0

  private name = ''
  private colon = -1
  private spaced = false
  private quote = '"'

  private readonly level: 0 | 1
  private readonly limits: Readonly<XmlLimits>
  private readonly tree: Tree

  constructor(handler: TreeHandler, options: TreeOptions) {
    this.level = options.level
    this.limits = options.limits
    this.tree = new Tree(handler, options)
  }

  write(text: string): void {
    if (this.state === DEAD) return
    this.data = text
    this.at = 0
    this.from = 0
    this.began = 0
    try {
      while (this.at < this.data.length) this.step()
      if (this.state !== DEAD) this.keep()
    } catch (error) {
      this.state = DEAD
      throw error
    } finally {
      this.data = ''
    }
  }

  stop(): string {
    const rest = this.data.slice(this.at)
    this.data = ''
    this.state = DEAD
    return rest
  }

  /** The token that ends here, wherever it began. */
  private take(): string {
    const end = this.data.slice(this.from, this.at)
    if (this.part === '') return end
    const whole = this.part + end
    this.part = ''
    return whole
  }

  /** Reads `name` and `colon`; false where it may go on in the next chunk. */
  private readName(): boolean {
    const text = this.data
    let position = this.at
    let plain = this.part === ''
    for (; position < text.length; position += 1) {
      const code = text.charCodeAt(position)
      const kind = code < 128 ? (nameCharacters[code] as number) : COLON
      if (kind === ENDS) break
      if (kind === COLON || (kind === GOES_ON && position === this.from)) plain = false
    }
    this.at = position
    if (position === text.length) return false
    this.name = this.take()
    this.colon = plain && this.name !== '' ? -1 : checkName(this.name)
    return true
  }

  /** The first character that is not white space; −1 where the chunk has none. */
  private skipSpace(): number {
    for (; this.at < this.data.length; this.at += 1) {
      const code = this.data.charCodeAt(this.at)
      if (code !== 32 && code !== 10 && code !== 9 && code !== 13) return code
      this.spaced = true
    }
    return -1
  }

  /** Goes to the next `mark`; false where the chunk has none. */
  private find(mark: string): boolean {
    const found = this.data.indexOf(mark, this.at)
    this.at = found < 0 ? this.data.length : found
    return found >= 0
  }

  /** Characters are never more than bytes and never less than a third: the exact count is made only where it matters. */
  private checkSize(): void {
    const characters = this.at - this.began
    if (this.tree.cutting) {
      const { skipped } = this.limits
      if (this.bytes + characters > skipped) throw new XmlError('policy-violation', `The stanza is larger than ${skipped} bytes.`)
      return
    }
    if (this.bytes + characters * 3 <= this.tree.limits.bytes) return
    this.bytes += Buffer.byteLength(this.data.slice(this.began, this.at))
    this.began = this.at
    this.tree.measure(this.bytes)
  }

  /** Of a stanza that is over a limit only names are kept, and those no longer than it may be. */
  private leaveOut(): void {
    if (this.state === TEXT || this.state === VALUE || this.state === CDATA) this.part = ''
    if (this.part.length > this.limits.bytes) throw new XmlError('policy-violation', 'A name without an end.')
  }

  private misplaced(): XmlError {
    return this.tree.depth === 0 ? malformed('Text outside of the root element.') : new XmlError('bad-format', 'Text between stanzas.')
  }

  /** White space outside of stanzas: nothing is kept of it. */
  private skipBlank(): void {
    if (this.at === this.from) return
    this.pristine = false
    if (/[^ \t\r\n]/.test(this.data.slice(this.from, this.at))) throw this.misplaced()
  }

  private endTag(): void {
    this.at += 1
    this.from = this.at
    this.state = TEXT
    this.checkSize()
  }

  private readText(): void {
    if (!this.find('<')) return
    if (this.tree.depth > this.level) {
      if (this.at > this.from || this.part !== '') {
        this.checkSize()
        const text = this.take()
        if (!this.tree.cutting) this.tree.text(decodeText(text))
      }
    } else {
      this.skipBlank()
      this.began = this.at
      this.bytes = 0
    }
    this.at += 1
    this.state = OPEN
  }

  private readOpen(): void {
    const code = this.data.charCodeAt(this.at)
    this.from = this.at + 1
    if (code === 47) this.state = END_NAME
    else if (code === 33) this.state = BANG
    else if (code === 63) {
      if (!this.pristine) throw new XmlError('restricted-xml', 'A processing instruction, or an XML declaration that is not first.')
      this.state = DECLARATION
    } else {
      if (this.tree.rooted && this.tree.depth === 0) throw new XmlError('bad-format', 'More than one root element.')
      this.from = this.at
      this.state = NAME
    }
    this.at = this.from
    this.pristine = false
  }

  private readBetween(): void {
    const code = this.skipSpace()
    if (code === 62) {
      this.endTag()
      this.tree.open(false)
    } else if (code === 47) {
      this.at += 1
      this.state = EMPTY
    } else if (code >= 0) {
      if (!this.spaced) throw malformed('No white space before an attribute.')
      this.from = this.at
      this.state = KEY
    }
  }

  private readQuote(): void {
    const code = this.skipSpace()
    if (code < 0) return
    if (code !== 34 && code !== 39) throw malformed('A value without quotes.')
    this.quote = code === 34 ? '"' : "'"
    this.at += 1
    this.from = this.at
    this.state = VALUE
  }

  private readValue(): void {
    if (!this.find(this.quote)) return
    this.checkSize()
    const value = this.take()
    if (!this.tree.cutting) this.tree.attribute(this.name, this.colon, decodeValue(value))
    this.at += 1
    this.spaced = false
    this.state = BETWEEN
  }

  private readBang(): void {
    this.at = Math.min(this.data.length, this.from + 7 - this.part.length)
    const seen = this.part + this.data.slice(this.from, this.at)
    if (!'[CDATA['.startsWith(seen)) {
      throw /^[-A-Z]/.test(seen) ? new XmlError('restricted-xml', 'A comment or document type.') : malformed('"<!" without a meaning.')
    }
    if (seen.length < 7) return
    if (this.tree.depth <= this.level) throw this.misplaced()
    this.part = ''
    this.tail = ''
    this.from = this.at
    this.state = CDATA
  }

  /** The end of the section may be cut itself: the last two characters before the chunk are looked at with its first two. */
  private readCdata(): void {
    const across = this.at === 0 ? (this.tail + this.data.slice(0, 2)).indexOf(']]>') : -1
    if (across >= 0) this.at = across - this.tail.length
    else if (!this.find(']]>')) {
      this.tail = (this.tail + this.data.slice(this.from)).slice(-2)
      return
    }
    this.at += 3
    this.checkSize()
    const text = this.take()
    if (!this.tree.cutting) this.tree.text(decodeCdata(text.slice(0, -3)))
    this.from = this.at
    this.state = TEXT
  }

  private readDeclaration(): void {
    const found = this.find('>')
    if (this.part.length + this.at - this.from > maxDeclaration) throw malformed('The XML declaration does not end.')
    if (!found) return
    const token = this.take()
    if (!/^xml[\s?]/.test(token)) throw new XmlError('restricted-xml', 'A processing instruction.')
    const match = /^[\t\n\r -~]*[?]$/.test(token) ? declaration.exec(token.slice(0, -1)) : null
    if (match === null) throw malformed('The XML declaration is not valid.')
    if ((match[3] ?? 'utf-8').toLowerCase() !== 'utf-8') throw new XmlError('unsupported-encoding', 'XMPP is UTF-8.')
    this.at += 1
    this.from = this.at
    this.state = TEXT
  }

  private readTag(): void {
    if (!this.readName()) return
    this.tree.begin(this.name, this.colon)
    this.spaced = false
    this.state = BETWEEN
  }

  private readKey(): void {
    if (!this.readName()) return
    this.state = EQUALS
    // the usual spelling, without going round
    if (this.data.charCodeAt(this.at) === 61) this.readEquals()
  }

  private readEquals(): void {
    const code = this.skipSpace()
    if (code < 0) return
    if (code !== 61) throw malformed('An attribute without a value.')
    this.at += 1
    this.state = QUOTE
    if (this.at < this.data.length) this.readQuote()
  }

  private readEmpty(): void {
    if (this.data.charCodeAt(this.at) !== 62) throw malformed('"/" inside a tag.')
    this.endTag()
    this.tree.open(true)
  }

  private readEndName(): void {
    const { tag } = this.tree
    const after = this.at + tag.length
    // the usual end tag is not taken apart
    if (this.part === '' && this.data.charCodeAt(after) === 62 && this.data.startsWith(tag, this.at)) {
      this.name = tag
      this.at = after
    } else if (!this.readName()) return
    this.state = AFTER_END
    if (this.at < this.data.length) this.readAfterEnd()
  }

  private readAfterEnd(): void {
    const code = this.skipSpace()
    if (code < 0) return
    if (code !== 62) throw malformed('An end tag with more than its name.')
    this.endTag()
    this.tree.close(this.name)
  }

  /** What has come of a text is decoded now: as it was spelt it may take six times as much memory. */
  private decodePart(): void {
    const { state, part } = this
    if (part === '' || (state !== TEXT && state !== CDATA)) return
    const end = decodableEnd(part, state !== CDATA)
    if (end === 0) return
    this.part = part.slice(end)
    const raw = part.slice(0, end)
    this.tree.text(state === TEXT ? decodeText(raw) : decodeCdata(raw))
  }

  private step(): void {
    if (this.state === TEXT) this.readText()
    else if (this.state === OPEN) this.readOpen()
    else if (this.state === NAME) this.readTag()
    else if (this.state === BETWEEN) this.readBetween()
    else if (this.state === KEY) this.readKey()
    else if (this.state === VALUE) this.readValue()
    else if (this.state === END_NAME) this.readEndName()
    else if (this.state === EMPTY) this.readEmpty()
    else if (this.state === EQUALS) this.readEquals()
    else if (this.state === QUOTE) this.readQuote()
    else if (this.state === AFTER_END) this.readAfterEnd()
    else if (this.state === CDATA) this.readCdata()
    else if (this.state === BANG) this.readBang()
    else this.readDeclaration()
  }

  /** Keeps what of the chunk belongs to a token or stanza that goes on in the next one. */
  private keep(): void {
    if (this.state === TEXT && this.tree.depth <= this.level) {
      this.skipBlank()
      // a name can be a slice that keeps the whole chunk in memory
      this.name = ''
      return
    }
    if (this.state <= DECLARATION) this.part += this.data.slice(this.from)
    if (!this.tree.cutting) this.decodePart()
    this.checkSize()
    if (this.tree.cutting) this.leaveOut()
    this.bytes += Buffer.byteLength(this.data.slice(this.began))
  }
}
