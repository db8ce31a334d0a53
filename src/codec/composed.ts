/** Payloads made of other payloads, or of a text alone. */
import { z } from 'zod'
import { exact, printed } from './children.ts'
import type { Json, Payload } from './model.ts'
import { plainText } from './reading.ts'
import { invalid, type Scalar, string } from './scalars.ts'
import { leaf } from './writing.ts'

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
      const options = all.map(([type, codec]) => ({ type, inner: codec.schema(vocabulary) as z.ZodObject }))
      const ids = new Set(options.map(({ inner }) => z.globalRegistry.get(inner)?.id))
      const [first] = options
      if (first !== undefined && ids.size === 1) {
        const types = z.enum(options.map(({ type }) => type) as [string, ...string[]])
        return z.strictObject({ type: types, ...first.inner.shape }).meta({ ...z.globalRegistry.get(first.inner) }) as never
      }
      const union = options.map(({ type, inner }) =>
        z.strictObject({ type: z.literal(type), ...inner.shape }).meta({ ...z.globalRegistry.get(inner) }),
      )
      return z.discriminatedUnion('type', union as never) as unknown as z.ZodType<Chosen>
    },
  }
  return chosen as never
}

/** A payload that is one text: its JSON is the value. */
export function textual<T = string>(name: string, xmlns: string, scalar: Scalar<T> = string as never): Payload<T> {
  return {
    matches: [[name, xmlns]],
    read: (element) => exact(scalar, plainText(element)),
    write: (value, vocabulary, path, key) => leaf(name, xmlns, printed(scalar, value, vocabulary, path, key)),
    schema: () => scalar.schema,
  }
}

/** A payload that is defined further down, or inside itself. */
export function deferred<T>(matches: Payload['matches'], codec: () => Payload<T>): Payload<T> {
  return {
    matches,
    read: (element, vocabulary) => codec().read(element, vocabulary),
    write: (value, vocabulary, path, key) => codec().write(value, vocabulary, path, key),
    schema: (vocabulary) => z.lazy(() => vocabulary.schema(codec())),
    inline: true,
  }
}

/** The same payload under another name of element; the schemas are one. */
export function likewise<T>(base: Payload<T>, codec: Payload<T>): Payload<T> {
  return { ...codec, schema: (vocabulary) => vocabulary.schema(base) }
}
