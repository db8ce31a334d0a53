/** The payloads of a place, found by element and by name; and the payload of an iq. */
import { z } from 'zod'
import { type Element, isElement } from '../xml/element.ts'
import type { Definition } from './definition.ts'
import { type Extension, extensionsSchema, readExtension, writeNodes } from './extension.ts'
import type { ChildField, Dictionary, Json, Payload, Place, Vocabulary } from './model.ts'
import { invalid, type Path } from './scalars.ts'

/** Throws on two definitions of one name or of one element for the place. */
export function dictionary(definitions: readonly Definition[], place: Place): Dictionary {
  const byName = new Map<string, Payload>()
  const byElement = new Map<string, { name: string; payload: Payload }[]>()
  for (const { name, on, payload } of definitions) {
    if (!on.includes(place)) continue
    if (payload === undefined) throw new Error(`${name} is no payload for ${place}`)
    if (byName.has(name)) throw new Error(`${name} is defined twice on ${place}`)
    byName.set(name, payload)
    for (const [element, xmlns] of payload.matches) {
      const key = `${element} ${xmlns}`
      byElement.set(key, [...(byElement.get(key) ?? []), { name, payload }])
    }
  }
  return {
    read(element, vocabulary) {
      for (const { name, payload } of byElement.get(`${element.name} ${element.xmlns}`) ?? []) {
        const json = payload.read(element, vocabulary)
        if (json !== undefined) return { [name]: json }
      }
      return undefined
    },
    payload: (name) => byName.get(name),
    entries: () => byName,
  }
}

/** What the place can hold, each payload a member of its own. */
export function knownShape(place: Place, vocabulary: Vocabulary): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {}
  for (const [name, payload] of vocabulary.known(place).entries()) shape[name] = z.lazy(() => vocabulary.schema(payload)).optional()
  return shape
}

/** A schema of objects of which exactly one member is there. */
export function oneMember(shape: Record<string, z.ZodType>, meta: z.GlobalMeta): z.ZodType<Json> {
  return z
    .strictObject(shape)
    .refine((value) => Object.values(value).filter((one) => one !== undefined).length === 1, 'must have exactly one member')
    .meta({ ...meta, minProperties: 1, maxProperties: 1 }) as unknown as z.ZodType<Json>
}

/** The element of such an object; `rest` writes what is not in the dictionary. */
export function writeMember<T>(
  place: Place,
  value: Json,
  vocabulary: Vocabulary,
  path: Path | undefined,
  key: string,
  rest: (member: string, here: Path) => T | undefined,
): Element | T {
  const here = { outer: path, key }
  const [name, ...others] = Object.keys(value).filter((member) => value[member] !== undefined)
  if (name === undefined || others.length > 0) throw invalid(path, key, 'must have exactly one member')
  const payload = vocabulary.known(place).payload(name)
  if (payload !== undefined) return payload.write(value[name], vocabulary, here, name)
  const other = rest(name, here)
  if (other === undefined) throw invalid(here, name, 'is not known')
  return other
}

/** The payload of an iq: `{roster: {…}}`, what is unknown `{extensions: […]}`. */
export const iqPayload: ChildField<Json, false> = {
  kind: 'child',
  required: false,
  matches: undefined,
  schema: (vocabulary) =>
    vocabulary.lazy('payload', () =>
      oneMember(
        { ...knownShape('iq', vocabulary), extensions: extensionsSchema.optional() },
        {
          id: 'Payload',
          description: 'The payload of an iq by its name; one that is not known is in `extensions`',
          examples: [{ ping: {} }],
        },
      ),
    ),
  read(element, before, vocabulary) {
    const json = before === undefined ? vocabulary.known('iq').read(element, vocabulary) : undefined
    if (json !== undefined) return json
    if (before === undefined) return { extensions: [readExtension(element)] }
    if (!Array.isArray(before.extensions)) return undefined
    before.extensions.push(readExtension(element))
    return before
  },
  write(value, into, vocabulary, path, key) {
    const written = writeMember('iq', value, vocabulary, path, key, (name, here) =>
      name === 'extensions' ? writeNodes(value.extensions as Extension[], vocabulary.isName, { outer: here, key: name }) : undefined,
    )
    if (!Array.isArray(written)) into.push(written as Element)
    else for (const node of written) if (isElement(node)) into.push(node)
  },
}
