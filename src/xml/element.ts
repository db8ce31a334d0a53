/**
 * An XML element as a plain value: names carry their resolved namespace, there are no prefixes.
 * An attribute in a namespace is keyed `{uri}local`; `xml:lang` keeps its name.
 */
export interface Element {
  readonly name: string
  readonly xmlns: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Node[]
  /** it was over a limit of what is read: what is here is its start tag alone */
  readonly cut?: true
}

export type Node = Element | string

export const CLIENT = 'jabber:client'
/** of the stanzas on a component's stream (XEP-0114), which are read as those of a client's */
export const COMPONENT = 'jabber:component:accept'
export const STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'

/**
 * An empty set of attributes. Its prototype chain is one empty object, so `__proto__` and `constructor` are names like any other;
 * made by a constructor because V8 keeps such objects fast, which it does not with `Object.create(null)`.
 */
export const Attributes = bare as unknown as new () => Record<string, string>
Attributes.prototype = Object.freeze(Object.create(null))

export const none: Readonly<Record<string, string>> = Object.freeze(new Attributes())

/** Builds an element; attributes and children that are undefined are left out. */
export function element(
  name: string,
  xmlns: string,
  attributes?: Readonly<Record<string, string | undefined>>,
  children?: readonly (Node | undefined)[],
): Element {
  return {
    name,
    xmlns,
    attributes: attributes === undefined ? none : defined(attributes),
    children: children === undefined ? [] : children.filter((node): node is Node => node !== undefined && node !== ''),
  }
}

/** The same element with some attributes replaced (undefined removes one). */
export function withAttributes(original: Element, attributes: Readonly<Record<string, string | undefined>>): Element {
  return { ...original, attributes: defined({ ...original.attributes, ...attributes }) }
}

/** The same element with children added at its end. */
export function withChildren(original: Element, ...children: readonly Node[]): Element {
  return { ...original, children: [...original.children, ...children] }
}

export function isElement(node: Node | undefined): node is Element {
  return typeof node === 'object'
}

export function elements(parent: Element): Element[] {
  return parent.children.filter(isElement)
}

/** The first child of that name; without `xmlns` in the namespace of the parent. */
export function child(parent: Element, name: string, xmlns: string = parent.xmlns): Element | undefined {
  for (const node of parent.children) if (isElement(node) && node.name === name && node.xmlns === xmlns) return node
  return undefined
}

/** The text directly inside an element. */
export function text(parent: Element): string {
  let all = ''
  for (const node of parent.children) if (!isElement(node)) all += node
  return all
}

/** The text of the first child of that name, undefined without such a child. */
export function childText(parent: Element, name: string, xmlns?: string): string | undefined {
  const found = child(parent, name, xmlns)
  return found && text(found)
}

function defined(attributes: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const kept = new Attributes()
  for (const key of Object.keys(attributes)) {
    const value = attributes[key]
    if (value !== undefined) kept[key] = value
  }
  return kept
}

function bare(): void {}
