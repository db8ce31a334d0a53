/** The fields that payload definitions are made of. A member is optional unless `required` wraps it. */
import { z } from 'zod'
import { knownShape, oneMember, writeMember } from './dictionary.ts'
import type { Element, Node } from './element.ts'
import { type Extension, extensionSchema, put, readExtension, writeExtension } from './extension.ts'
import {
  type AttributeField,
  type ChildField,
  type ContentField,
  type Field,
  type Json,
  leaf,
  type Payload,
  type Place,
  plainText,
  type TextField,
  type Vocabulary,
} from './payload.ts'
import { checkText, invalid, languagePattern, type Path, type Scalar, string } from './scalars.ts'

/** An attribute; its name is the member's unless given. */
export function attribute<T = string>(scalar: Scalar<T> = string as never, name?: string): AttributeField<T, false> {
  return { kind: 'attribute', required: false, name, scalar }
}

/** The text of the element itself. */
export function content<T = string>(scalar: Scalar<T> = string as never): ContentField<T, false> {
  return { kind: 'content', required: false, scalar }
}

/** A child that has text alone; by default of the member's name, in the parent's namespace. */
export function text<T = string>(scalar: Scalar<T> = string as never, name?: string, xmlns?: string): TextField<T, false> {
  return { kind: 'text', required: false, name, xmlns, scalar }
}

/** An element without the member is no such payload, and stays an extension. */
export function required<F extends Field>(field: F): Omit<F, 'required'> & { required: true } {
  return { ...field, required: true }
}

/** Makes a child field of a single value: a second element of that name is left over. */
function single<T>(
  matches: ChildField['matches'],
  schema: (vocabulary: Vocabulary) => z.ZodType<T>,
  read: (element: Element, vocabulary: Vocabulary) => T | undefined,
  write: (value: T, vocabulary: Vocabulary, path: Path | undefined, key: string, xmlns: string) => Element | undefined,
): ChildField<T, false> {
  return {
    kind: 'child',
    required: false,
    matches,
    schema,
    read: (element, before, vocabulary) => (before === undefined ? read(element, vocabulary) : undefined),
    write(value, into, vocabulary, path, key, xmlns) {
      const element = write(value, vocabulary, path, key, xmlns)
      if (element !== undefined) into.push(element)
    },
  }
}

/** Makes a child field of a list: every element adds one value. */
function several<T>(
  matches: ChildField['matches'],
  schema: (vocabulary: Vocabulary) => z.ZodType<T>,
  read: (element: Element, vocabulary: Vocabulary) => T | undefined,
  write: (value: T, vocabulary: Vocabulary, path: Path, key: number, xmlns: string, member: string) => Element,
): ChildField<T[], false> {
  return {
    kind: 'child',
    required: false,
    matches,
    schema: (vocabulary) => z.array(schema(vocabulary)),
    read(element, before, vocabulary) {
      const value = read(element, vocabulary)
      if (value === undefined) return undefined
      if (before === undefined) return [value]
      before.push(value)
      return before
    },
    write(values, into, vocabulary, path, key, xmlns) {
      const here = { outer: path, key }
      for (let index = 0; index < values.length; index += 1) into.push(write(values[index] as T, vocabulary, here, index, xmlns, key))
    },
  }
}

/** A child that is a payload. */
export function one<T>(codec: Payload<T>): ChildField<T, false> {
  return single(codec.matches, (vocabulary) => vocabulary.schema(codec), codec.read, codec.write)
}

/** Children that are payloads. */
export function many<T>(codec: Payload<T>): ChildField<T[], false> {
  return several(codec.matches, (vocabulary) => vocabulary.schema(codec), codec.read, codec.write)
}

/** Children that have text alone. */
export function texts<T = string>(name?: string, scalar: Scalar<T> = string as never, xmlns?: string): ChildField<T[], false> {
  return several<T>(
    [[name, xmlns]],
    () => scalar.schema,
    (element) => exact(scalar, plainText(element)),
    (value, _, path, key, parent, member) => leaf(name ?? member, xmlns ?? parent, out(scalar, value, path, key)),
  )
}

/** A child that is there or not: true. It has no content. */
export function flag(name?: string, xmlns?: string): ChildField<true, false> {
  return single<true>(
    [[name, xmlns]],
    () => z.literal(true),
    (element) => (isBare(element) ? true : undefined),
    (_value, _vocabulary, _path, key, parent) => leaf(name ?? key, xmlns ?? parent),
  )
}

/** A child whose name is the value: `<composing/>`. */
export function named<const V extends string>(names: readonly V[], xmlns?: string): ChildField<V, false> {
  const known = new Set<string>(names)
  return single<V>(
    names.map((name) => [name, xmlns] as const),
    () => z.enum(names as readonly [V, ...V[]]) as unknown as z.ZodType<V>,
    (element) => (known.has(element.name) && isBare(element) ? (element.name as V) : undefined),
    (value, _vocabulary, _path, _key, parent) => leaf(value, xmlns ?? parent),
  )
}

/** Empty children, each of them a value by its name: `<no-store/><no-copy/>`. */
export function names<const V extends string>(all: readonly V[], xmlns?: string): ChildField<V[], false> {
  const known = new Set<string>(all)
  return several<V>(
    all.map((name) => [name, xmlns] as const),
    () => z.enum(all as readonly [V, ...V[]]) as unknown as z.ZodType<V>,
    (element) => (known.has(element.name) && isBare(element) ? (element.name as V) : undefined),
    (value, _vocabulary, _path, _key, parent) => leaf(value, xmlns ?? parent),
  )
}

/** A child that is nothing but one attribute: `<replace id='…'/>` is `replace: '…'`. */
export function attributeOf<T = string>(
  name: string,
  attributeName: string,
  scalar: Scalar<T> = string as never,
  xmlns?: string,
): ChildField<T, false> {
  return single<T>(
    [[name, xmlns]],
    () => scalar.schema,
    (element) => exact(scalar, onlyAttribute(element, attributeName)),
    (value, _vocabulary, path, key, parent) => withAttribute(name, xmlns ?? parent, attributeName, out(scalar, value, path, key)),
  )
}

/** Children that are nothing but one attribute each. */
export function attributesOf<T = string>(
  name: string,
  attributeName: string,
  scalar: Scalar<T> = string as never,
  xmlns?: string,
): ChildField<T[], false> {
  return several<T>(
    [[name, xmlns]],
    () => scalar.schema,
    (element) => exact(scalar, onlyAttribute(element, attributeName)),
    (value, _vocabulary, path, key, parent) => withAttribute(name, xmlns ?? parent, attributeName, out(scalar, value, path, key)),
  )
}

/** Text by language: children that have an xml:lang and text, `{en: 'Hello', de: 'Hallo'}`. */
export function languages(name: string, xmlns?: string): ChildField<Record<string, string>, false> {
  return {
    kind: 'child',
    required: false,
    matches: [[name, xmlns]],
    schema: () => z.record(z.string().regex(languagePattern), z.string()),
    read(element, before) {
      let language: string | undefined
      for (const key in element.attributes) {
        if (key !== 'xml:lang') return undefined
        language = element.attributes[key]
      }
      if (language === undefined || !languagePattern.test(language) || (before !== undefined && Object.hasOwn(before, language)))
        return undefined
      let words = ''
      for (const node of element.children) {
        if (typeof node !== 'string') return undefined
        words += node
      }
      const all = before ?? {}
      put(all, language, words)
      return all
    },
    write(value, into, _vocabulary, path, key, parent) {
      const here = { outer: path, key }
      for (const language of Object.keys(value)) {
        const words = value[language] as string
        if (!languagePattern.test(language)) throw invalid(here, language, 'is not a language tag')
        checkText(words, here, language)
        into.push({ ...leaf(name, xmlns ?? parent, words), attributes: { 'xml:lang': language } })
      }
    },
  }
}

/** A child without attributes that does nothing but hold a list: the member is the list. */
export function within<T>(name: string | undefined, xmlns: string | undefined, field: ChildField<T[], boolean>): ChildField<T[], false> {
  return single<T[]>(
    [[name, xmlns]],
    field.schema,
    (element, vocabulary) => {
      for (const _ in element.attributes) return undefined
      let all: T[] = []
      for (const node of element.children) {
        if (typeof node === 'string') {
          if (/[^ \t\r\n]/.test(node) || element.children.length === 1) return undefined
          continue
        }
        if (!field.matches?.some(([one, space]) => one === node.name && (space ?? element.xmlns) === node.xmlns)) return undefined
        const more = field.read(node, all, vocabulary)
        if (more === undefined) return undefined
        all = more
      }
      return all
    },
    (value, vocabulary, path, key, parent) => {
      const children: Node[] = []
      field.write(value, children, vocabulary, path, key, xmlns ?? parent)
      return { ...leaf(name ?? key, xmlns ?? parent), children }
    },
  )
}

/** A child whose members stand in the JSON of its parent. It must have nothing else. */
export function spread<T extends object>(
  codec: Payload<T>,
  ...members: (keyof T & string)[]
): ChildField<T, false> & { spread: readonly string[] } {
  return {
    ...single<T>(
      codec.matches,
      codec.schema,
      (element, vocabulary) => {
        const json = codec.read(element, vocabulary)
        return json !== undefined && Object.keys(json).every((key) => members.includes(key as never)) && Object.keys(json).length > 0
          ? json
          : undefined
      },
      codec.write,
    ),
    spread: members,
  }
}

/** One of several elements: its name is the member `type`, its own members stand beside. */
export function choice<C extends Record<string, Payload>>(
  codecs: C,
): Payload<{ [K in keyof C & string]: { type: K } & (C[K] extends Payload<infer T> ? T : never) }[keyof C & string]> {
  type Chosen = { type: string } & Json
  const all = Object.entries(codecs)
  const chosen: Payload<Chosen> = {
    matches: all.flatMap(([, codec]) => codec.matches),
    read(element, vocabulary) {
      for (const [type, codec] of all) {
        if (!codec.matches.some(([name, xmlns]) => name === element.name && xmlns === element.xmlns)) continue
        const json = codec.read(element, vocabulary) as Json | undefined
        return json === undefined ? undefined : { type, ...json }
      }
      return undefined
    },
    write({ type, ...json }, vocabulary, path, key) {
      const codec = codecs[type]
      if (codec === undefined) throw invalid({ outer: path, key }, 'type', `is none of ${Object.keys(codecs).join(', ')}`)
      return codec.write(json, vocabulary, path, key)
    },
    schema(vocabulary) {
      const options = all.map(([type, codec]) => {
        const inner = codec.schema(vocabulary) as z.ZodObject
        const id = z.globalRegistry.get(inner)?.id
        return z.strictObject({ type: z.literal(type), ...inner.shape }).meta(id === undefined ? {} : { id })
      })
      return z.discriminatedUnion('type', options as never) as unknown as z.ZodType<Chosen>
    },
  }
  return chosen as never
}

/** A child that may be any element: what the vocabulary knows for the place is a member by its name, another one is `element`. */
export function known(place: Place): ChildField<Json, false> {
  const id = `${place.charAt(0).toUpperCase()}${place.slice(1)}Content`
  const description = 'One known payload by its name, or any other as `element`'
  return single<Json>(
    undefined,
    (vocabulary) =>
      vocabulary.lazy(id, () => oneMember({ element: extensionSchema.optional(), ...knownShape(place, vocabulary) }, { id, description })),
    (element, vocabulary) => vocabulary.known(place).read(element, vocabulary) ?? { element: readExtension(element) },
    (value, vocabulary, path, key) =>
      writeMember(place, value, vocabulary, path, key, (name, here) =>
        name === 'element' ? writeExtension(value.element as Extension, here, name) : undefined,
      ),
  )
}

/** A child that is any element, kept whole; not those of `except`. */
export function anyElement(except?: string): ChildField<Extension, false> {
  return single<Extension>(
    undefined,
    () => extensionSchema,
    (element) => (element.xmlns === except ? undefined : readExtension(element)),
    (value, _vocabulary, path, key) => writeExtension(value, path, key),
  )
}

/** Stanzas of any kind as `{message: …}`, `{presence: …}`, `{iq: …}`. */
export function stanza(): ChildField<Json, false> & { spread: readonly string[] } {
  const kinds = ['message', 'presence', 'iq']
  return {
    kind: 'child',
    required: false,
    matches: kinds.map((kind) => [kind, 'jabber:client'] as const),
    spread: kinds,
    schema: (vocabulary) =>
      z.strictObject(
        Object.fromEntries(kinds.map((kind) => [kind, z.lazy(() => vocabulary.schema(vocabulary.stanza(kind) as Payload)).optional()])),
      ) as unknown as z.ZodType<Json>,
    read(element, before, vocabulary) {
      const json = before === undefined ? vocabulary.stanza(element.name)?.read(element, vocabulary) : undefined
      return json === undefined ? undefined : { [element.name]: json }
    },
    write(value, into, vocabulary, path) {
      for (const kind of Object.keys(value)) into.push(vocabulary.stanza(kind)?.write(value[kind], vocabulary, path, kind) as Element)
    },
  }
}

function isBare(element: Element): boolean {
  for (const _ in element.attributes) return false
  return element.children.length === 0
}

function onlyAttribute(element: Element, name: string): string | undefined {
  if (element.children.length > 0) return undefined
  for (const key in element.attributes) if (key !== name) return undefined
  return element.attributes[name]
}

function withAttribute(name: string, xmlns: string, attributeName: string, value: string): Element {
  return { ...leaf(name, xmlns), attributes: { [attributeName]: value } }
}

/** the value, if it is written as it was read */
function exact<T>(scalar: Scalar<T>, received: string | undefined): T | undefined {
  const value = received === undefined ? undefined : scalar.parse(received)
  return value !== undefined && (!scalar.loose || scalar.print(value) === received) ? value : undefined
}

function out<T>(scalar: Scalar<T>, value: T, path: Path | undefined, key: string | number): string {
  scalar.check?.(value, path, key as string)
  const printed = scalar.print(value)
  checkText(printed, path, key)
  return printed
}
