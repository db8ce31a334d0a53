/**
 * One element ⇄ one JSON object ⇄ one zod schema, from one table of fields. What no field knows is kept: attributes in `attributes`,
 * children and text in `extensions`, the text of known members that cannot hold it in `raw`. So reading and writing are inverse
 * by construction: each field reads exactly what it writes, and leaves the rest.
 */
import { z } from 'zod'
import { Attributes, type Element, isElement, type Node, none } from './element.ts'
import {
  attributesSchema,
  type Extension,
  extensionsSchema,
  put,
  rawSchema,
  readExtension,
  writeAttributes,
  writeNodes,
} from './extension.ts'
import { checkText, invalid, type Path, type Scalar } from './scalars.ts'

/** Where a payload may stand; `item` is a pubsub item or an entry of private storage. */
export type Place = 'message' | 'presence' | 'iq' | 'item'

export type Json = Record<string, unknown>

/** What reading and writing need of the whole vocabulary: payloads inside payloads are found here. */
export interface Vocabulary {
  known(place: Place): Dictionary
  /** a stanza inside a payload */
  stanza(kind: string): Payload | undefined
  /** each schema is made once */
  schema<T>(codec: Payload<T>): z.ZodType<T>
  /** the same for a member that is not an object of its own */
  lazy<T>(key: string, make: () => z.ZodType<T>): z.ZodType<T>
}

export interface Dictionary {
  /** `{[name]: json}`, undefined for what no definition of the place reads */
  read(element: Element, vocabulary: Vocabulary): Json | undefined
  payload(name: string): Payload | undefined
  entries(): Iterable<[string, Payload]>
}

/** An element of one of the names; `read` answers undefined for what it cannot give back equal. */
export interface Payload<T = unknown> {
  readonly matches: readonly (readonly [name: string, xmlns: string])[]
  read(element: Element, vocabulary: Vocabulary): T | undefined
  write(value: T, vocabulary: Vocabulary, path: Path | undefined, key: string | number): Element
  schema(vocabulary: Vocabulary): z.ZodType<T>
}

// ---------------------------------------------------------------- fields

/** The phantom of a field's type: T of its member, R whether it must be there. */
export interface Typed<T, R extends boolean> {
  readonly required: R
  readonly typed?: T
}

export interface AttributeField<T = unknown, R extends boolean = boolean> extends Typed<T, R> {
  readonly kind: 'attribute'
  readonly name: string | undefined
  readonly scalar: Scalar<T>
}

/** the text of the element itself */
export interface ContentField<T = unknown, R extends boolean = boolean> extends Typed<T, R> {
  readonly kind: 'content'
  readonly scalar: Scalar<T>
}

/** a child that is nothing but text */
export interface TextField<T = unknown, R extends boolean = boolean> extends Typed<T, R> {
  readonly kind: 'text'
  readonly name: string | undefined
  readonly xmlns: string | undefined
  readonly scalar: Scalar<T>
}

/** Any other child. `xmlns` undefined is that of the parent, `name` undefined that of the member, no `matches` any child. */
export interface ChildField<T = unknown, R extends boolean = boolean> extends Typed<T, R> {
  readonly kind: 'child'
  readonly matches: readonly (readonly [name: string | undefined, xmlns: string | undefined])[] | undefined
  /** of the member, or of several where the child's members stand in the parent's JSON */
  schema(vocabulary: Vocabulary): z.ZodType<T>
  /** members that stand beside each other instead of one */
  readonly spread?: readonly string[]
  /** `before` is what earlier children gave; undefined refuses this one */
  read(element: Element, before: T | undefined, vocabulary: Vocabulary): T | undefined
  write(value: T, into: Node[], vocabulary: Vocabulary, path: Path | undefined, key: string, xmlns: string): void
  /** The JSON says less than the element: that is kept in `extensions` too and goes out in its place. */
  lossy?(element: Element, value: T): boolean
}

export type Field<T = unknown, R extends boolean = boolean> = AttributeField<T, R> | ContentField<T, R> | TextField<T, R> | ChildField<T, R>

// biome-ignore lint/suspicious/noExplicitAny: a table of fields of any type
export type Fields = Record<string, Field<any, boolean>>

export interface Leftovers {
  attributes?: Record<string, string>
  extensions?: (Extension | string)[]
  raw?: Record<string, string>
}

type Simplify<T> = { [K in keyof T]: T[K] } & {}
type Value<F> = F extends { readonly typed?: infer T } ? Exclude<T, undefined> : never
type Kept<F, K> = F extends { readonly spread: readonly string[] } ? never : K
type Spread<F> = F extends { readonly spread: readonly string[]; readonly typed?: infer T } ? Exclude<T, undefined> : never
type Both<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never

export type JsonOf<F extends Fields> = Simplify<
  { [K in keyof F as F[K]['required'] extends true ? Kept<F[K], K> : never]: Value<F[K]> } & {
    [K in keyof F as F[K]['required'] extends true ? never : Kept<F[K], K>]?: Value<F[K]>
  } & ([Spread<F[keyof F]>] extends [never] ? unknown : Both<Spread<F[keyof F]>>) &
    Leftovers
>

export type TypeOf<P> = P extends Payload<infer T> ? T : never

// ---------------------------------------------------------------- the codec

interface Entry {
  readonly member: string
  readonly xmlns: string
  readonly field: TextField | ChildField
  /** other members have children of this name too: only a run of each is typed, so that their order stays */
  readonly shared: boolean
}

/** white space in an element that holds nothing else has no member */
const WHITE = '#text'
const reserved = ['attributes', 'extensions', 'raw']

const blank = (text: string) => !/[^ \t\r\n]/.test(text)

export interface PayloadOptions {
  description?: string
  example?: unknown
}

/**
 * `id` names the schema (PascalCase, unique), `name` and `xmlns` the element. Members are in the order of `fields` in the schema;
 * in XML and JSON they keep the order in which they came.
 */
export function payload<const F extends Fields>(
  id: string,
  name: string,
  xmlns: string,
  fields: F,
  options: PayloadOptions = {},
): Payload<JsonOf<F>> {
  const attributes = new Map<string, { member: string; scalar: Scalar<unknown> }>()
  const children = new Map<string, Entry[]>()
  const members = new Map<string, Field & { entry?: string }>()
  const required: string[] = []
  let content: { member: string; scalar: Scalar<unknown> } | undefined
  let wildcard: { member: string; field: ChildField } | undefined

  for (const [member, given] of Object.entries(fields)) {
    const field = given as Field
    if (reserved.includes(member)) throw new Error(`${id}: ${member} is reserved`)
    if (field.required) required.push(member)
    if (field.kind === 'attribute') {
      members.set(member, field.name === undefined ? { ...field, name: member } : field)
      attributes.set(field.name ?? member, { member, scalar: field.scalar })
    } else if (field.kind === 'content') {
      members.set(member, field)
      content = { member, scalar: field.scalar }
    } else if (field.kind === 'text') {
      const whole = { ...field, name: field.name ?? member, xmlns: field.xmlns ?? xmlns }
      members.set(member, whole)
      know(member, whole, whole.name, whole.xmlns)
    } else {
      for (const one of field.spread ?? [member]) members.set(one, field)
      if (field.matches === undefined) wildcard = { member, field }
      else for (const [childName, childXmlns] of field.matches) know(member, field, childName ?? member, childXmlns ?? xmlns)
    }
  }

  function know(member: string, field: TextField | ChildField, childName: string, childXmlns: string): void {
    const entries = children.get(childName) ?? []
    const shared = entries.some((other) => other.xmlns === childXmlns && other.member !== member)
    const all = [...entries, { member, xmlns: childXmlns, field, shared }]
    children.set(childName, shared ? all.map((entry) => (entry.xmlns === childXmlns ? { ...entry, shared } : entry)) : all)
  }

  function read(element: Element, vocabulary: Vocabulary): JsonOf<F> | undefined {
    const json: Json = {}
    let raw: Record<string, string> | undefined
    let unknown: Record<string, string> | undefined
    for (const key in element.attributes) {
      const text = element.attributes[key] as string
      const known = attributes.get(key)
      if (known === undefined) put((unknown ??= {}), key, text)
      else if (!scan(json, known, text)) (raw ??= {})[known.member] = text
    }

    const nodes = element.children
    let extensions: (Extension | string)[] | undefined
    let words = ''
    let inside = false
    for (const node of nodes) {
      if (typeof node === 'string') words += node
      else inside = true
    }
    if (words !== '' && (!inside || !blank(words))) {
      if (inside) {
        // Text between elements that nobody expects: their order matters, so they stay as they are.
        extensions = nodes.map((node) => (isElement(node) ? readExtension(node) : node))
        inside = false
      } else if (content !== undefined) {
        if (!scan(json, content, words)) (raw ??= {})[content.member] = words
      } else if (blank(words)) (raw ??= {})[WHITE] = words
      else extensions = [words]
    }

    if (words === '' && content !== undefined && required.includes(content.member)) scan(json, content, '')

    if (inside) {
      /** names with one left over: all later ones are too, so that their order stays */
      let spoiled: Set<string> | undefined
      for (const node of nodes) {
        if (typeof node === 'string') continue
        const entries = children.get(node.name)
        let known = false
        if (entries !== undefined) {
          let taken = false
          for (const entry of entries) {
            if (entry.xmlns !== node.xmlns) continue
            known = true
            if (spoiled?.has(node.name) || (entry.shared && later(json, entry, entries))) continue
            const { field, member } = entry
            if (field.kind === 'text') {
              const text = plainText(node)
              if (text === undefined || member in json || raw?.[member] !== undefined) continue
              if (!scan(json, { member, scalar: field.scalar }, text)) (raw ??= {})[member] = text
            } else {
              const before = field.spread === undefined ? json[member] : field.spread.some((one) => one in json) ? json : undefined
              const value = field.read(node, before, vocabulary)
              if (value === undefined) continue
              if (field.spread !== undefined) Object.assign(json, value)
              else json[member] = value
              if (field.lossy?.(node, value)) {
                ;(extensions ??= []).push(readExtension(node))
                ;(spoiled ??= new Set()).add(node.name)
              }
            }
            taken = true
            break
          }
          if (taken) continue
          if (known) (spoiled ??= new Set()).add(node.name)
        }
        if (!known && wildcard !== undefined) {
          const value = wildcard.field.read(node, json[wildcard.member], vocabulary)
          if (value !== undefined && !spoiled?.has(node.name)) {
            json[wildcard.member] = value
            continue
          }
          ;(spoiled ??= new Set()).add(node.name)
        }
        ;(extensions ??= []).push(readExtension(node))
      }
    }

    for (const member of required) if (json[member] === undefined) return undefined
    if (raw !== undefined) json.raw = raw
    if (unknown !== undefined) json.attributes = unknown
    if (extensions !== undefined) json.extensions = extensions
    return json as JsonOf<F>
  }

  function write(value: JsonOf<F>, vocabulary: Vocabulary, path: Path | undefined, key: string | number): Element {
    const json = value as Json & Leftovers
    const here: Path | undefined = key === '' ? path : { outer: path, key }
    const out = new Attributes()
    const nodes: Node[] = []
    const { raw, extensions } = json
    let words: string | undefined
    for (const member of Object.keys(json)) {
      const given = json[member]
      const field = members.get(member)
      if (field === undefined) {
        if (reserved.includes(member)) continue
        throw invalid(here, member, 'is not a member that is known here')
      }
      if (given === undefined) continue
      if (field.kind === 'child') {
        if (field.spread !== undefined) {
          if (field.spread.find((one) => json[one] !== undefined) === member) {
            const some = Object.fromEntries(field.spread.filter((one) => json[one] !== undefined).map((one) => [one, json[one]]))
            field.write(some, nodes, vocabulary, here, '', xmlns)
          }
        } else if (extensions === undefined || field.lossy === undefined || !replaced(field, member, given, extensions, vocabulary)) {
          field.write(given, nodes, vocabulary, here, member, xmlns)
        }
        continue
      }
      const text = print(field.scalar, given, raw?.[member], here, member)
      if (text === undefined) continue
      if (field.kind === 'attribute') out[field.name as string] = text
      else if (field.kind === 'content') words = text
      else nodes.push(leaf(field.name as string, field.xmlns as string, text))
    }
    if (raw !== undefined) {
      for (const member of Object.keys(raw)) {
        const text = raw[member] as string
        if (member === WHITE && blank(text)) {
          words ??= text
          continue
        }
        const field = members.get(member)
        if (field === undefined || field.kind === 'child')
          throw invalid({ outer: here, key: 'raw' }, member, 'is not a member that has text')
        if (json[member] !== undefined && json[member] !== null) continue
        if (field.scalar.parse(text) !== undefined) throw invalid({ outer: here, key: 'raw' }, member, `is a value that ${member} can hold`)
        checkText(text, here, member)
        if (field.kind === 'attribute') out[field.name as string] = text
        else if (field.kind === 'content') words = text
        else nodes.push(leaf(field.name as string, field.xmlns as string, text))
      }
    }
    if (json.attributes !== undefined) {
      for (const attribute of Object.keys(json.attributes)) {
        const known = attributes.get(attribute)
        if (known !== undefined) throw invalid(here, `attributes.${attribute}`, `is the member ${known.member}`)
      }
      writeAttributes(json.attributes, out, here)
    }
    if (words !== undefined && words !== '') nodes.unshift(words)
    if (extensions !== undefined) nodes.push(...writeNodes(extensions, { outer: here, key: 'extensions' }))
    return { name, xmlns, attributes: out, children: nodes }
  }

  function replaced(
    field: ChildField,
    member: string,
    given: unknown,
    extensions: readonly (Extension | string)[],
    vocabulary: Vocabulary,
  ) {
    for (const extension of extensions) {
      if (typeof extension === 'string') continue
      const entry = children.get(extension.name)?.find((one) => one.member === member && one.xmlns === extension.xmlns)
      if (entry === undefined) continue
      const kept = field.read(writeNodes([extension], { outer: undefined, key: '' })[0] as Element, undefined, vocabulary)
      if (kept === given) return true
    }
    return false
  }

  function schema(vocabulary: Vocabulary): z.ZodType<JsonOf<F>> {
    const shape: Record<string, z.ZodType> = {}
    for (const [member, given] of Object.entries(fields)) {
      const field = given as Field
      if (field.kind === 'child' && field.spread !== undefined) {
        const { shape: inner } = field.schema(vocabulary) as z.ZodObject
        for (const one of field.spread) {
          const whole = inner[one] as z.ZodType
          shape[one] = field.required || whole instanceof z.ZodOptional ? whole : whole.optional()
        }
        continue
      }
      const one = field.kind === 'child' ? field.schema(vocabulary) : field.scalar.schema
      shape[member] = field.required ? one : one.optional()
    }
    Object.assign(shape, leftovers)
    const { description, example } = options
    const meta = { id, ...(description === undefined ? {} : { description }), ...(example === undefined ? {} : { example }) }
    return z.strictObject(shape).meta(meta) as unknown as z.ZodType<JsonOf<F>>
  }

  return { matches: [[name, xmlns]], read, write, schema }
}

export const leftovers = { attributes: attributesSchema.optional(), extensions: extensionsSchema.optional(), raw: rawSchema.optional() }

/** Sets the member; false where the text must be kept beside it. */
function scan(json: Json, { member, scalar }: { member: string; scalar: Scalar<unknown> }, text: string): boolean {
  const value = scalar.parse(text)
  if (value === undefined) {
    if (scalar.nullable) json[member] = null
    return false
  }
  json[member] = value
  return !scalar.loose || scalar.print(value) === text
}

/** The text to write: as received where that still says the same. */
function print(scalar: Scalar<unknown>, value: unknown, received: string | undefined, path: Path | undefined, key: string) {
  if (value === null) return undefined
  if (received !== undefined && scalar.parse(received) === value) {
    checkText(received, path, key)
    return received
  }
  scalar.check?.(value, path, key)
  const text = scalar.print(value)
  checkText(text, path, key)
  return text
}

/** Children of one name belong to several members: true where one of another member has come after the first of this. */
function later(json: Json, entry: Entry, entries: readonly Entry[]): boolean {
  if (!(entry.member in json)) return false
  let seen = false
  for (const key in json) {
    if (key === entry.member) seen = true
    else if (seen && entries.some((other) => other.member === key && other.xmlns === entry.xmlns)) return true
  }
  return false
}

/** The text of an element that has nothing else, undefined for others. */
export function plainText(element: Element): string | undefined {
  for (const _ in element.attributes) return undefined
  let text = ''
  for (const node of element.children) {
    if (typeof node !== 'string') return undefined
    text += node
  }
  return text
}

export function leaf(name: string, xmlns: string, text?: string): Element {
  return { name, xmlns, attributes: none, children: text === undefined || text === '' ? [] : [text] }
}
