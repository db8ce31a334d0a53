/** The fields that payload definitions are made of. A member is optional unless `required` wraps it. */
import { z } from 'zod'
import type { Element } from '../xml/element.ts'
import { exact, printed, several, single } from './children.ts'
import { put, textsByName } from './extension.ts'
import type { AttributeField, ChildField, ContentField, Field, Payload, TextField } from './model.ts'
import { plainText } from './reading.ts'
import { checkText, invalid, languagePattern, type Scalar, string } from './scalars.ts'
import { leaf } from './writing.ts'

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
    (value, vocabulary, path, key, parent, member) => leaf(name ?? member, xmlns ?? parent, printed(scalar, value, vocabulary, path, key)),
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

/** A child whose name is the value: `<composing/>`. `spell` makes the element's name of the value. */
export function named<const V extends string>(
  all: readonly V[],
  xmlns?: string,
  spell: (value: V) => string = String,
): ChildField<V, false> {
  const known = new Map<string, V>(all.map((value) => [spell(value), value]))
  return single<V>(
    [...known.keys()].map((name) => [name, xmlns] as const),
    () => z.enum(all as readonly [V, ...V[]]) as unknown as z.ZodType<V>,
    (element) => (isBare(element) ? known.get(element.name) : undefined),
    (value, _vocabulary, _path, _key, parent) => leaf(spell(value), xmlns ?? parent),
  )
}

/** Empty children, each of them a value by its name: `<no-store/><no-copy/>`. `spell` makes the element's name of the value. */
export function names<const V extends string>(
  all: readonly V[],
  xmlns?: string,
  spell: (value: V) => string = String,
): ChildField<V[], false> {
  const known = new Map<string, V>(all.map((value) => [spell(value), value]))
  return several<V>(
    [...known.keys()].map((name) => [name, xmlns] as const),
    () => z.enum(all as readonly [V, ...V[]]) as unknown as z.ZodType<V>,
    (element) => (isBare(element) ? known.get(element.name) : undefined),
    (value, _vocabulary, _path, _key, parent) => leaf(spell(value), xmlns ?? parent),
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
    (value, vocabulary, path, key, parent) =>
      withAttribute(name, xmlns ?? parent, attributeName, printed(scalar, value, vocabulary, path, key)),
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
    (value, vocabulary, path, key, parent) =>
      withAttribute(name, xmlns ?? parent, attributeName, printed(scalar, value, vocabulary, path, key)),
  )
}

/** The schema of texts by language (BCP 47). */
export const textsByLanguage = (meta: z.GlobalMeta) =>
  textsByName((language) => (languagePattern.test(language) ? undefined : 'is not a language tag'), {
    propertyNames: { type: 'string', pattern: languagePattern.source },
    ...meta,
  })

const languagesSchema = textsByLanguage({ id: 'TextsByLanguage', description: 'Texts by language tag (BCP 47)' })

/** Text by language: children that have an xml:lang and text, `{en: 'Hello', de: 'Hallo'}`. */
export function languages(name: string, xmlns?: string): ChildField<Record<string, string>, false> {
  return {
    kind: 'child',
    required: false,
    matches: [[name, xmlns]],
    schema: () => languagesSchema,
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
