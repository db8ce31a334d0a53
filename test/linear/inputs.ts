/** Worst inputs of a size, made of what the vocabulary can hold: whatever is defined anew is in them. */
import type { Definition } from '../../src/codec/definition.ts'
import type { ChildField, Place } from '../../src/codec/model.ts'
import type { StanzaKind, Translator } from '../../src/codec/translate.ts'
import { CLIENT, type Element, elements, isElement, type Node } from '../../src/xml/element.ts'
import { xmlLimits } from '../../src/xml/limits.ts'
import { serialize } from '../../src/xml/serialize.ts'
import { createSamples, texts } from './samples.ts'

/** XML of about so many characters; `rare`: others are as likely to show what is wrong */
export interface Input {
  what: string
  rare: boolean
  xml(size: number): string
}

/** characters of a child of which many are to be in an input */
const LARGE = 400

/** the body of a message takes this part of its bytes */
const BODY_PART = 4

/** an element, and those around it from the stanza on */
interface Found {
  element: Element
  around: readonly Element[]
}

/** The worst inputs of each definition that others do not have already. */
export function createInputs(translator: Translator): (definition: Definition) => Input[] {
  const samples = createSamples()
  const met = new Set<string>()
  return (definition) =>
    definition.on
      .flatMap((place) => jsonOf(translator, definition, { place, samples }))
      .map(({ kind, json }) => translator.write(kind, json))
      .flatMap((stanza) => inputsOf(stanza, met))
}

function jsonOf(
  { schemas }: Translator,
  { name, field }: Definition,
  { place, samples }: { place: Place; samples: ReturnType<typeof createSamples> },
): { kind: StanzaKind; json: Record<string, unknown> }[] {
  // what an item can hold is in the requests about items
  if (place === 'item') return []
  if (place === 'iq') {
    const { shape } = schemas.payload as unknown as { shape: Readonly<Record<string, unknown>> }
    return samples(shape[name] as never).map((one) => ({ kind: 'iq', json: { type: 'set', id: '1', payload: { [name]: one } } }))
  }
  const names = (field as ChildField<never>).spread ?? [name]
  const all = names.map((one) => samples((schemas[place].shape as Readonly<Record<string, unknown>>)[one] as never))
  return all.flatMap((values, index) =>
    values.map((value) => ({
      kind: place,
      json: {
        from: 'juliet@example.com/balcony',
        ...Object.fromEntries(names.map((one, at) => [one, at === index ? value : all[at]?.[0]])),
      },
    })),
  )
}

/** What can become much in each element that a stanza holds. */
function inputsOf(stanza: Element, met: Set<string>): Input[] {
  const fresh = (key: string) => !met.has(key) && !!met.add(key)
  return within({ element: stanza, around: [] }).flatMap((found) => {
    const inside = unique(elements(found.element)).map(small)
    const signature = `${found.element.xmlns} ${inside.map(({ name, xmlns }) => `${xmlns} ${name}`).join()}`
    const repeated = inside.filter(({ name }) => fresh(`${signature} ${name}`)).map((child) => repeat(found, child))
    return fresh(signature) ? [...repeated, ...mixtures(found, inside)] : repeated
  })
}

function within({ element, around }: Found): Found[] {
  return [{ element, around }, ...elements(element).flatMap((child) => within({ element: child, around: [...around, element] }))]
}

function unique(all: readonly Element[]): Element[] {
  return [...new Map(all.map((one) => [`${one.xmlns} ${one.name}`, one])).values()]
}

/** What is in a large one has its own turn. */
const small = (element: Element): Element => (serialize(element).length > LARGE ? { ...element, children: [] } : element)

const nameOf = ({ element, around }: Found) => [...around.slice(1), element].map(({ name }) => name).join(' > ')

function repeat(found: Found, child: Element): Input {
  return { what: `${nameOf(found)} > ${child.name}, again and again`, rare: false, xml: (size) => filled(found, size, () => child) }
}

function mixtures(found: Found, inside: readonly Element[]): Input[] {
  const input = (what: string, child: (index: number, count: number) => Node, rare = false) => ({
    what: `${nameOf(found)}: ${what}`,
    rare,
    xml: (size: number) => filled(found, size, child),
  })
  const all = [input('what is not known', () => unknown, true)]
  if (inside.length === 0) return all
  const at = (index: number) => inside[index % inside.length] as Element
  const more = (index: number, attributes: Record<string, string>) => ({
    ...at(index),
    attributes: { ...at(index).attributes, ...attributes },
  })
  const odd = (index: number, length: number) => (texts[index % texts.length] as string).repeat(length).slice(0, length)
  return [
    ...all,
    input('all in turn', at),
    input('all with more than is known', (index) => more(index, { z: '1' })),
    input('all with languages', (index) => more(index, { 'xml:lang': `a-${index.toString(36)}` })),
    input('all with odd texts', (index) => withText(at(index), odd(index, 20))),
    input('all with longer odd texts', (index) => withText(at(index), odd(index, 1000)), true),
    input('all in runs', (index, count) => inside[Math.floor((Math.min(index, count - 1) / count) * inside.length)] as Element, true),
    input('all with text between', (index) => (index % 2 === 0 ? 'text' : at(index >> 1)), true),
    ...inside.slice(0, 1).map((child) => ({
      what: `${nameOf(found)}: a long text`,
      rare: true,
      xml: (size: number) => filled(found, size, () => withText(child, 'a '.repeat(size / 2 - 200))),
    })),
  ]
}

const unknown: Element = { name: 'z', xmlns: 'urn:z', attributes: { z: '1' }, children: [] }

/** everything in it says so */
function withText({ children, attributes, ...element }: Element, text: string): Element {
  return {
    ...element,
    attributes: Object.fromEntries(Object.keys(attributes).map((name) => [name, text])),
    children:
      children.length === 0
        ? []
        : children.some(isElement)
          ? children.map((node) => (isElement(node) ? withText(node, text) : text))
          : [text],
  }
}

/** As many children as the size and the limit of children allow; `count` is about how many these are. */
function filled({ element, around }: Found, size: number, child: (index: number, count: number) => Node): string {
  const path = [...around, element]
  const tags = path.map((one, index) => tag(one, path[index - 1]))
  // what is said about a body is said about a long one
  const body = path[0]?.name === 'message' ? `<body>${'\u{1f44b}a'.repeat(size / BODY_PART / 6)}</body>` : ''
  const start = [tags[0], body, ...tags.slice(1)].join('')
  const end = path
    .map(({ name }) => `</${name}>`)
    .toReversed()
    .join('')
  const room = size - start.length - end.length
  const most = Math.floor((xmlLimits.children * size) / xmlLimits.bytes) - 1
  const written = new Map<Node, string>()
  const textOf = (node: Node) => {
    const text = written.get(node) ?? (typeof node === 'string' ? node : serialize(node, element.xmlns))
    written.set(node, text)
    return text
  }
  const about = Math.min(most, Math.floor(room / textOf(child(0, 1)).length))
  let inner = ''
  for (let index = 0; index < most; index += 1) {
    const text = textOf(child(index, about))
    if (inner.length + text.length > room) break
    inner += text
  }
  return start + inner + end
}

function tag(element: Element, outer: Element | undefined): string {
  return serialize({ ...element, children: ['.'] }, outer?.xmlns ?? CLIENT).slice(0, -`.</${element.name}>`.length)
}
