/** Fields of children that hold other fields, and of those that a XEP leaves open. */
import { z } from 'zod'
import { CLIENT, type Element, type Node } from '../xml/element.ts'
import { several, single } from './children.ts'
import { knownShape, oneMember, writeMember } from './dictionary.ts'
import { type Extension, extensionSchema, readExtension, writeExtension } from './extension.ts'
import type { ChildField, Json, Payload, Place } from './model.ts'
import { leaf } from './writing.ts'

/** A child without attributes that does nothing but hold a list (or one value): that is the member. */
export function within<T>(name: string | undefined, xmlns: string | undefined, field: ChildField<T, boolean>): ChildField<T, false> {
  return single<T>(
    [[name, xmlns]],
    field.schema,
    (element, vocabulary) => {
      for (const _ in element.attributes) return undefined
      let all = field.list === true ? ([] as T) : undefined
      for (const node of element.children) {
        if (typeof node === 'string') {
          if (/[^ \t\r\n]/.test(node) || element.children.length === 1) return undefined
          continue
        }
        const fits =
          field.matches === undefined || field.matches.some(([one, space]) => one === node.name && (space ?? element.xmlns) === node.xmlns)
        const more = fits ? field.read(node, all, vocabulary) : undefined
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
        name === 'element' ? writeExtension(value.element as Extension, vocabulary.isName, here, name) : undefined,
      ),
  )
}

/** A child that is any element, kept whole; not those of `except`. */
export function anyElement(except?: string): ChildField<Extension, false> {
  return single<Extension>(
    undefined,
    () => extensionSchema,
    (element) => (element.xmlns === except ? undefined : readExtension(element)),
    (value, vocabulary, path, key) => writeExtension(value, vocabulary.isName, path, key),
  )
}

/** All children that no other field knows, kept whole: for places that a XEP leaves open. */
export function elements(): ChildField<Extension[], false> {
  return several<Extension>(
    undefined,
    () => extensionSchema,
    readExtension,
    (value, vocabulary, path, key) => writeExtension(value, vocabulary.isName, path, key),
  )
}

/** Stanzas of any kind as `{message: …}`, `{presence: …}`, `{iq: …}`. */
export function stanza(): ChildField<Json, false> & { spread: readonly string[] } {
  const kinds = ['message', 'presence', 'iq']
  return {
    kind: 'child',
    required: false,
    matches: kinds.map((kind) => [kind, CLIENT] as const),
    spread: kinds,
    schema: (vocabulary) =>
      z.strictObject(
        Object.fromEntries(kinds.map((kind) => [kind, z.lazy(() => vocabulary.schema(vocabulary.stanza(kind) as Payload)).optional()])),
      ) as unknown as z.ZodType<Json>,
    read(element, before, vocabulary) {
      const json = before?.[element.name] === undefined ? vocabulary.stanza(element.name)?.read(element, vocabulary) : undefined
      return json === undefined ? undefined : { [element.name]: json }
    },
    write(value, into, vocabulary, path) {
      for (const kind of Object.keys(value)) into.push(vocabulary.stanza(kind)?.write(value[kind], vocabulary, path, kind) as Element)
    },
  }
}
