/** Arbitrary JSON derived from the schemas of the vocabulary, and arbitrary elements derived from that JSON. */
import fc from 'fast-check'
import type { z } from 'zod'
import { type Element, isElement, type Node } from '../../src/xml/element.ts'

type Arbitrary = fc.Arbitrary<unknown>
type Json = Record<string, unknown>

export interface JsonOptions {
  /** unknown attributes and children too */
  leftovers: boolean
}

/** XML Chars that tend to go wrong, and others */
const text = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'a',
      'Hello',
      '<&>"\'',
      ' lead',
      'trail ',
      'two\nlines',
      '\t',
      '👋🏽 é',
      ']]>',
      'null',
      '__proto__',
      '0',
      '007',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'ab <&\u00e9\u4e2d\u{1f600}\t\n\u0085'), minLength: 1, maxLength: 12 }) },
)
const jid = fc.constantFrom('juliet@example.com', 'example.com', 'a@b.example/c d', 'Bücher@Example.ORG/Ä', 'room@muc.example/nick')
const html = fc.constantFrom(
  '<p>Hi</p>',
  'plain &amp; simple',
  '<a href="https://example.org/">x</a><br/>',
  '<em>a</em> <strong>b</strong>',
  'x\n y',
)
const timestamp = fc.constantFrom('2002-09-10T23:08:25Z', '1969-07-21T02:56:15.123Z', '2024-02-29T00:00:00.5Z')
const unknownName = fc.constantFrom('z', 'z-1', 'constructor', '__proto__', 'toString', 'é')
const unknownXmlns = fc.constantFrom('urn:z', 'urn:z:2', '')

const attributes = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom('z', 'z-2', 'constructor', '{urn:z}a', '{urn:z}id', '{http://www.w3.org/XML/1998/namespace}base'), text),
    {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 2,
    },
  )
  .map((entries) => Object.fromEntries(entries))

const { extension } = fc.letrec<{ extension: Json }>((tie) => ({
  extension: fc.record(
    {
      name: unknownName,
      xmlns: unknownXmlns,
      attributes,
      children: fc
        .array(fc.oneof({ depthSize: 'small', withCrossShrink: true }, text, tie('extension')), { minLength: 1, maxLength: 3 })
        .map(inOnePiece),
    },
    { requiredKeys: ['name', 'xmlns'] },
  ),
}))

/** no text beside text: a parser would give one */
function inOnePiece(children: unknown[]): unknown[] {
  return children.filter((child, index) => typeof child !== 'string' || typeof children[index - 1] !== 'string')
}

/** Arbitrary JSON of a schema; `depth` bounds stanzas inside stanzas. */
export function jsonOf(schema: z.ZodType, options: JsonOptions, depth = 0): Arbitrary {
  const meta = schema.meta() as { id?: string; description?: string; propertyNames?: Json; additionalProperties?: Json } | undefined
  if (meta?.id === 'Jid') return jid
  if (meta?.id === 'Timestamp') return timestamp
  if (meta?.id === 'Extension') return extension
  if (meta?.id === 'Attributes') return attributes
  if (meta?.description?.startsWith('XHTML-IM')) return html
  if (meta?.propertyNames !== undefined) {
    const isHtml = String(meta.additionalProperties?.description).startsWith('XHTML-IM')
    return fc.dictionary(fc.constantFrom('de', 'en', 'fr-CA'), isHtml ? html : text, { minKeys: 1, maxKeys: 2 })
  }
  const { def } = (schema as unknown as { _zod: { def: Json } })._zod
  const inner = (one: unknown) => jsonOf(one as z.ZodType, options, depth)
  switch (def.type) {
    case 'string':
      return stringOf(schema as z.ZodString)
    case 'number':
      return numberOf(schema as z.ZodNumber)
    case 'boolean':
      return fc.boolean()
    case 'literal':
      return fc.constantFrom(...(def.values as unknown[]))
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries as Json))
    case 'optional':
    case 'nullable':
      return inner(def.innerType)
    case 'array':
      return fc.array(inner(def.element), { minLength: 1, maxLength: 2 }).map((all) => (all.includes(undefined) ? undefined : all))
    case 'union':
      return fc.oneof(...(def.options as z.ZodType[]).map(inner))
    case 'lazy':
      return depth > 2 ? fc.constant(undefined) : later((def.getter as () => z.ZodType)(), options, depth + 1)
    case 'object':
      return objectOf(def.shape as Record<string, z.ZodType>, options, depth, (meta as Json | undefined)?.maxProperties === 1)
    default:
      throw new Error(`no arbitrary for ${def.type}`)
  }
}

/** made when it is first needed: the schemas are recursive */
function later(schema: z.ZodType, options: JsonOptions, depth: number): Arbitrary {
  let made: Arbitrary | undefined
  return fc.constant(0).chain(() => {
    made ??= jsonOf(schema, options, depth)
    return made
  })
}

function objectOf(shape: Record<string, z.ZodType>, options: JsonOptions, depth: number, isOne: boolean): Arbitrary {
  const members = Object.entries(shape).filter(
    ([name]) => name !== 'raw' && name !== 'xmlns' && (options.leftovers || !['attributes', 'extensions'].includes(name)),
  )
  const made = members.map(
    ([name, schema]) =>
      [name, name === 'extensions' ? fc.array(extension, { minLength: 1, maxLength: 2 }) : jsonOf(schema, options, depth)] as const,
  )
  const required = members.filter(([, schema]) => schema.type !== 'optional').map(([name]) => name)
  const arbitraries = new Map(made)
  if (isOne) {
    const names = [...arbitraries.keys()].filter((name) => depth < 3 || name === 'element' || name === 'extensions')
    // so deep that nothing may be in it: whoever holds it leaves it out
    if (names.length === 0) return fc.constant(undefined)
    return fc.constantFrom(...names).chain((name) => (arbitraries.get(name) as Arbitrary).map((value) => ({ [name]: value })))
  }
  const optional = [...arbitraries.keys()].filter((name) => !required.includes(name))
  return fc.subarray(optional, { maxLength: Math.min(optional.length, depth > 0 ? 2 : 5) }).chain((names) => {
    const chosen = Object.fromEntries([...required, ...names].map((name) => [name, arbitraries.get(name) as Arbitrary]))
    return fc
      .record(chosen)
      .map((json) => Object.fromEntries(Object.entries(json).filter(([name, value]) => value !== undefined && isWhole(json, name, shape))))
  })
}

/** members that say more of another one, and can't stand alone */
const companions: Record<string, string> = { parentThread: 'thread', firstIndex: 'first', uri: 'condition' }

function isWhole(json: Json, name: string, shape: Record<string, unknown>): boolean {
  // text beside elements is mixed content, which is told as it stands
  if (name === 'elements' && json.text !== undefined) return false
  const principal = companions[name]
  return principal === undefined || !(principal in shape) || json[principal] !== undefined
}

function stringOf(schema: z.ZodString): Arbitrary {
  const checks = (schema as unknown as { _zod: { def: { checks?: { _zod: { def: { pattern?: RegExp } } }[] } } })._zod.def.checks ?? []
  const pattern = checks.map((check) => check._zod.def.pattern).find((one) => one !== undefined)
  return pattern === undefined ? text : fc.stringMatching(pattern)
}

function numberOf(schema: z.ZodNumber): Arbitrary {
  const min = schema.minValue ?? -1000
  const max = schema.maxValue ?? 1000
  if (schema.format?.includes('int')) return fc.integer({ min, max })
  return fc.constantFrom(min, max, 0, 45.5, 0.25, 1e-7).filter((value) => value >= min && value <= max)
}

// ---------------------------------------------------------------- elements

const oddText = fc.oneof(
  text,
  fc.constantFrom('', ' ', '\n  ', '-1', '300', '1.50', '1', 'true', 'yesterday', '2002-09-10T18:08:25-05:00', '@@', 'en'),
)

const odd: fc.Arbitrary<Element> = fc
  .record({
    name: fc.constantFrom('body', 'subject', 'x', 'item', 'query', 'error', 'text', 'thread', 'z', '__proto__'),
    xmlns: fc.constantFrom('jabber:client', 'urn:z'),
    text: oddText,
  })
  .map(({ name, xmlns, text }) => ({ name, xmlns, attributes: {}, children: text === '' ? [] : [text] }))

type Mutation = (element: Element) => Element

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc
    .record({ name: fc.constantFrom('id', 'type', 'jid', 'stamp', 'z', 'xml:lang', '{urn:z}type', '__proto__', 'node'), value: oddText })
    .map(
      ({ name, value }): Mutation =>
        (element) => ({ ...element, attributes: { ...element.attributes, [name]: value } }),
    ),
  oddText.map(
    (value): Mutation =>
      (element) => ({ ...element, attributes: Object.fromEntries(Object.keys(element.attributes).map((name) => [name, value])) }),
  ),
  fc.constant<Mutation>((element) => ({ ...element, attributes: {} })),
  fc.constant<Mutation>((element) => ({ ...element, children: [...element.children].reverse() })),
  fc.constant<Mutation>((element) => ({ ...element, children: element.children.flatMap((child) => [child, child]) })),
  fc.constant<Mutation>((element) => ({ ...element, children: [...element.children, ...element.children] })),
  fc.constant<Mutation>((element) => ({ ...element, children: element.children.slice(1) })),
  fc.constant<Mutation>((element) => ({ ...element, xmlns: 'urn:z' })),
  fc.constant<Mutation>((element) => ({ ...element, children: element.children.flatMap((child) => ['\n  ', child]) })),
  fc.tuple(odd, fc.nat(3)).map(
    ([added, at]): Mutation =>
      (element) => ({ ...element, children: element.children.toSpliced(at, 0, added) }),
  ),
  fc.tuple(oddText, fc.nat(3)).map(
    ([added, at]): Mutation =>
      (element) => ({ ...element, children: element.children.toSpliced(at, 0, added) }),
  ),
)

/** The element after some mutations of itself and of what it holds, never of its name and namespace. */
export function mutated(original: fc.Arbitrary<Element>): fc.Arbitrary<Element> {
  return fc
    .tuple(original, fc.array(fc.tuple(mutation, fc.nat(30)), { maxLength: 4 }))
    .map(([element, steps]) => tidy({ ...steps.reduce((all, [mutate, at]) => applied(all, mutate, at), element), xmlns: element.xmlns }))
}

/** Mutates the `at`th element of the tree, counted from its root. */
function applied(element: Element, mutate: Mutation, at: number): Element {
  let left = at % count(element)
  const walk = (node: Node): Node => {
    if (!isElement(node)) return node
    if (left-- === 0) return mutate(node)
    return { ...node, children: node.children.map(walk) }
  }
  return walk(element) as Element
}

function count(element: Element): number {
  return element.children.reduce<number>((all, node) => all + (isElement(node) ? count(node) : 0), 1)
}

/** as a parser would give it: text in one piece, no empty one */
function tidy(element: Element): Element {
  const children: Node[] = []
  for (const node of element.children) {
    const last = children.at(-1)
    if (isElement(node)) children.push(tidy(node))
    else if (typeof last === 'string') children[children.length - 1] = last + node
    else if (node !== '') children.push(node)
  }
  return { ...element, children }
}
