/** Not split: every element that comes is built here, and each step between files costs what the benchmarks measure. */
import { Attributes, CLIENT, COMPONENT, type Element, type Node, none } from './element.ts'
import type { XmlLimits } from './limits.ts'
import { checkDeclaration, namespaceOf, type Scope } from './namespaces.ts'
import { weightOf, weightOfEnd, weightOfStart } from './weight.ts'
import { malformed, XmlError } from './xml-error.ts'

export const STREAMS = 'http://etherx.jabber.org/streams'

/** Who is told of the elements, and asked about those that are over a limit. */
export interface TreeHandler {
  cuts?(): boolean
  larger?(start: Element, bytes: number): Readonly<XmlLimits> | undefined
  onOpen?(root: Element): void
  onElement(element: Element): void
  onClose?(): void
}

export interface TreeOptions {
  limits: Readonly<XmlLimits>
  /** how deep the elements to tell are: 0 for a document, 1 for the children of a stream */
  level: 0 | 1
  /** default namespace around the root */
  xmlns: string
}

/** An element that is open. */
interface Open {
  tag: string
  element: Element
  children: Node[]
  /** among the children */
  elements: number
  /** in force inside it */
  xmlns: string
  scope: Scope | undefined
  /** open elements, itself included */
  depth: number
  outer: Open | undefined
}

/**
 * Builds elements of tags and text: namespaces are resolved, what they or the limits forbid throws XmlError.
 * A class for the same reason as the reader, which drives it.
 */
export class Tree {
  /** has the root begun? */
  rooted = false
  private readonly handler: TreeHandler
  private readonly level: 0 | 1
  /** of each stanza, unless it may be larger */
  private readonly usual: Readonly<XmlLimits>
  private parent: Open

  // the start tag being read
  private name = ''
  private colon = -1
  private count = 0
  private attributes: Record<string, string> | undefined
  private qualified: string[] | undefined
  private declared: string | undefined
  private prefixes: Map<string, string> | undefined

  /** of this stanza, so far: characters of its namespaces, and its elements */
  private namespaces = 0
  private elements = 0
  /** … and its weight, from when it was spelt in more bytes than that may be */
  private weight: number | undefined
  /** of this stanza */
  limits: Readonly<XmlLimits>
  /** a stanza that is over a limit, whose end is looked for: its start tag once that is complete, and how many of its elements are open */
  private cut: { shell: Element | undefined; open: number } | undefined

  constructor(handler: TreeHandler, { level, limits, xmlns }: TreeOptions) {
    this.handler = handler
    this.level = level
    this.usual = limits
    this.limits = limits
    const children: Node[] = []
    const element: Element = { name: '', xmlns, attributes: none, children }
    this.parent = { tag: '', element, children, elements: 0, xmlns, scope: undefined, depth: 0, outer: undefined }
  }

  /** how many elements are open */
  get depth(): number {
    return this.parent.depth + (this.cut?.open ?? 0)
  }

  /** is what comes left out, since its stanza is over a limit? */
  get cutting(): boolean {
    return this.cut !== undefined
  }

  /** name of the innermost one, as it was written */
  get tag(): string {
    return this.cut === undefined ? this.parent.tag : ''
  }

  /** The stanza was spelt in so many bytes by now. */
  measure(spelt: number): void {
    if (spelt <= this.limits.bytes) return
    this.weight ??= this.weigh()
    if (spelt > this.limits.spelt) this.exceed(`The stanza is spelt in more than ${this.limits.spelt} bytes.`)
    else this.checkWeight(this.weight)
  }

  /** The stanza as it is by now, without the ends of what is open. */
  private weigh(): number {
    const stanza = this.stanza()
    let weight = stanza === undefined ? 0 : weightOf(stanza)
    for (let open: Open | undefined = this.parent; open !== undefined && open.depth > this.level; open = open.outer) {
      if (open.children.length > 0) weight -= weightOfEnd(open.element)
    }
    return weight
  }

  private checkWeight(weight: number): void {
    if (weight > this.limits.bytes) this.exceed(`The stanza is larger than ${this.limits.bytes} bytes.`)
  }

  /** The stanza is larger than it may be, unless it was asked for and may be larger. */
  private exceed(message: string): void {
    if (!this.grow()) this.leaveOut(message)
  }

  /** Nothing of the stanza is kept but its start tag. Throws XmlError where that is not to be. */
  private leaveOut(message: string): void {
    const { level } = this
    const { depth } = this.parent
    if (depth < level || this.handler.cuts?.() !== true) throw new XmlError('policy-violation', message)
    const shell = this.stanza()
    while (this.parent.depth > level) this.parent = this.parent.outer as Open
    this.cut = { shell: shell && { ...shell, children: [], cut: true }, open: depth - level }
  }

  /** Asks whether the stanza may be larger, once its start tag is complete. */
  private grow(): boolean {
    const stanza = this.handler.larger && this.stanza()
    const limits = stanza && this.handler.larger?.(stanza, this.limits.bytes)
    if (limits === undefined || limits.bytes <= this.limits.bytes) return false
    this.limits = limits
    return true
  }

  /** the one that is being read, where its start tag is complete */
  private stanza(): Element | undefined {
    let open: Open | undefined = this.parent
    if (open.depth <= this.level) return undefined
    while (open.outer !== undefined && open.outer.depth > this.level) open = open.outer
    return open.element
  }

  /** A start tag begins; `colon` is where its name has one, −1 without. */
  begin(name: string, colon: number): void {
    this.name = name
    this.colon = colon
    this.count = 0
    if (this.parent.depth <= this.level) {
      this.namespaces = 0
      this.elements = 0
      this.weight = undefined
      this.limits = this.usual
    }
    this.attributes = undefined
    this.qualified = undefined
    this.declared = undefined
    this.prefixes = undefined
  }

  attribute(key: string, colon: number, value: string): void {
    const { limits } = this
    this.count += 1
    if (this.cut === undefined && this.count > limits.attributes) this.leaveOut(`More than ${limits.attributes} attributes.`)
    if (this.cut !== undefined) return
    if (colon >= 0 && key !== 'xml:lang') {
      if (key.startsWith('xmlns:')) this.bindPrefix(key.slice(6), value)
      else if (this.qualified === undefined) this.qualified = [key, value]
      else this.qualified.push(key, value)
    } else if (key === 'xmlns') {
      if (this.declared !== undefined) throw malformed('An attribute that is there twice.')
      checkDeclaration('', value)
      this.declared = value
    } else this.set(key, value)
  }

  /** The start tag is complete. */
  open(empty: boolean): void {
    if (this.cut === undefined) this.checkCounts()
    if (this.cut === undefined) this.build(empty)
    else this.pass(this.cut, empty)
    this.attributes = undefined
  }

  private checkCounts(): void {
    const { parent, limits, level } = this
    const { depth } = parent
    this.elements += 1
    if (depth - level >= limits.depth) this.leaveOut(`Elements deeper than ${limits.depth}.`)
    else if (depth > level && parent.elements >= limits.children) this.exceed(`More than ${limits.children} children.`)
    else if (this.elements > limits.elements) this.exceed(`More than ${limits.elements} elements.`)
  }

  close(name: string): void {
    if (this.cut === undefined) this.checkEnd(name)
    if (this.cut !== undefined) {
      this.passed(this.cut)
      return
    }
    const { element } = this.parent
    const outer = this.parent.outer as Open
    this.parent = outer
    if (outer.depth === this.level) this.handler.onElement(element)
    else if (outer.depth < this.level) this.handler.onClose?.()
  }

  private checkEnd(name: string): void {
    const { tag, element, outer } = this.parent
    if (outer === undefined || name !== tag) throw malformed('An end tag that does not match.')
    if (this.weight === undefined || element.children.length === 0) return
    this.weight += weightOfEnd(element)
    this.checkWeight(this.weight)
  }

  text(text: string): void {
    if (this.cut !== undefined) return
    if (this.weight !== undefined) this.weight += Buffer.byteLength(text)
    const { children } = this.parent
    const last = children.length - 1
    if (last >= 0 && typeof children[last] === 'string') children[last] += text
    else if (text !== '') children.push(text)
  }

  private build(empty: boolean): void {
    const { name, parent, level, limits } = this
    const { depth } = parent
    const scope = this.scope()
    const xmlns = this.declared === COMPONENT && level === 1 && depth <= 1 ? CLIENT : (this.declared ?? parent.xmlns)
    const children: Node[] = []
    const element = this.element(xmlns, scope, children)
    this.namespaces += element.xmlns.length
    if (this.namespaces > limits.namespaces) this.exceed(`Namespaces of more than ${limits.namespaces} characters.`)
    if (this.weight !== undefined && this.cut === undefined) {
      this.weight += weightOfStart(element)
      this.checkWeight(this.weight)
    }
    if (this.cut !== undefined) {
      if (depth === level) this.cut.shell = { ...element, cut: true }
      this.pass(this.cut, empty)
      return
    }
    this.rooted = true
    if (depth > level) {
      parent.elements += 1
      parent.children.push(element)
    }
    if (!empty || depth < level) this.parent = { tag: name, element, children, elements: 0, xmlns, scope, depth: depth + 1, outer: parent }
    if (depth < level) {
      this.openStream(element, xmlns)
      if (empty) this.close(name)
    } else if (empty && depth === level) this.handler.onElement(element)
  }

  /** The start tag of an element that is left out. */
  private pass(cut: NonNullable<typeof this.cut>, empty: boolean): void {
    cut.shell ??= { ...this.element(this.declared ?? this.parent.xmlns, this.scope(), []), cut: true }
    cut.open += 1
    if (empty) this.passed(cut)
  }

  /** The end of an element that is left out. */
  private passed(cut: NonNullable<typeof this.cut>): void {
    cut.open -= 1
    if (cut.open > 0) return
    this.cut = undefined
    this.handler.onElement(cut.shell as Element)
  }

  private scope(): Scope | undefined {
    return this.prefixes === undefined ? this.parent.scope : { prefixes: this.prefixes, outer: this.parent.scope }
  }

  private set(name: string, value: string): void {
    if (this.attributes === undefined) this.attributes = new Attributes()
    else if (this.attributes[name] !== undefined) throw malformed('An attribute that is there twice.')
    this.attributes[name] = value
  }

  private bindPrefix(prefix: string, uri: string): void {
    checkDeclaration(prefix, uri)
    this.prefixes ??= new Map()
    if (this.prefixes.has(prefix)) throw malformed('A prefix that is declared twice.')
    this.prefixes.set(prefix, uri)
  }

  private element(xmlns: string, scope: Scope | undefined, children: Node[]): Element {
    const { name, colon, qualified } = this
    for (let index = 0; qualified !== undefined && index < qualified.length; index += 2) {
      const key = qualified[index] as string
      const end = key.indexOf(':')
      const uri = namespaceOf(key.slice(0, end), scope)
      this.namespaces += uri.length
      this.set(`{${uri}}${key.slice(end + 1)}`, qualified[index + 1] as string)
    }
    const attributes = this.attributes ?? none
    if (colon < 0) return { name, xmlns, attributes, children }
    return { name: name.slice(colon + 1), xmlns: namespaceOf(name.slice(0, colon), scope), attributes, children }
  }

  private openStream(root: Element, xmlns: string): void {
    if (root.name !== 'stream' || root.xmlns !== STREAMS) throw new XmlError('invalid-namespace', 'The root is not a stream.')
    if (xmlns !== CLIENT && xmlns !== '') throw new XmlError('invalid-namespace', 'The stream is not one of a client.')
    this.handler.onOpen?.(root)
  }
}
