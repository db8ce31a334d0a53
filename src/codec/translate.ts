import { z } from 'zod'
import { Problem } from '../errors/problem.ts'
import { isNCName, isReadableName } from '../xml/characters.ts'
import { CLIENT, type Element, isElement, type Node } from '../xml/element.ts'
import type { Definition } from './definition.ts'
import { dictionary, iqPayload } from './dictionary.ts'
import { extensionSchema } from './extension.ts'
import { one } from './fields.ts'
import type { Dictionary, Fields, Json, Payload, Vocabulary } from './model.ts'
import { payload } from './payload.ts'
import { checkText, invalid } from './scalars.ts'
import { stanzaError, stanzaFields } from './stanza.ts'
import { known } from './structures.ts'

export type { Definition } from './definition.ts'

export type StanzaKind = 'message' | 'presence' | 'iq'
/** One stanza as flat JSON: `{to, from, id, lang, type, body, …}`. */
export type StanzaJson = Record<string, unknown>

export const stanzaKinds: readonly StanzaKind[] = ['message', 'presence', 'iq']

/** The whole vocabulary, made of the definitions of all rooms. Pure: no socket, no store. */
export interface Translator {
  /**
   * XML → JSON; nothing is dropped, never throws on a stanza that the parser let through. With `received` it takes stanzas
   * of another namespace than jabber:client too: it is the member `xmlns` then.
   */
  read(stanza: Element, options?: { received?: boolean }): { kind: StanzaKind; json: StanzaJson }
  /**
   * JSON (valid by the schema) → XML; throws the problems illegal-character, jid-malformed, invalid-request with the path.
   * What a stanza can hold that was received, but not one to send, is written only with `received`: addresses that RFC 7622 does
   * not allow, `xmlns`, names that not every edition of XML has.
   */
  write(kind: StanzaKind, json: StanzaJson, options?: { received?: boolean }): Element
  /** payload of an iq: `{roster: {…}}` ⇄ element; what is unknown is `{extensions: […]}` */
  readPayload(payload: Element): Record<string, unknown>
  writePayload(payload: Record<string, unknown>): Element
  /** One element by its definition alone; undefined for another one, and for one that could not be given back equal. */
  readAs<T>(codec: Payload<T>, element: Element | undefined): T | undefined
  writeAs<T>(codec: Payload<T>, json: T): Element
  schemaOf<T>(codec: Payload<T>): z.ZodType<T>
  /** zod schemas of what `read` gives and `write` takes */
  schemas: {
    message: StanzaSchema
    presence: StanzaSchema
    iq: StanzaSchema
    payload: z.ZodType<Record<string, unknown>>
    /** what a pubsub item holds: `{mood: {…}}` */
    item: z.ZodType<Record<string, unknown>>
    error: z.ZodType
    extension: z.ZodType
  }
  /** A schema made of these that several rooms have, by its id: made once, since no two may have one id. */
  schemaOnce(id: string, make: () => z.ZodType): z.ZodType
}

type OptionalText = z.ZodOptional<z.ZodType<string, string>>

/** What all stanzas have; the members that the definitions add are known when the program runs. */
type StanzaSchema = z.ZodObject<
  Record<'to' | 'from' | 'id' | 'type' | 'lang', OptionalText> & { error: z.ZodOptional<z.ZodType> },
  z.core.$loose
>

/** Throws on definitions that contradict each other: it is called once, at start. */
export function createTranslator(definitions: readonly Definition[]): Translator {
  const schemas = new Map<unknown, z.ZodType>()
  const dictionaries = new Map<string, Dictionary>()
  const remember = <T>(key: unknown, make: () => z.ZodType<T>): z.ZodType<T> => {
    const made = (schemas.get(key) as z.ZodType<T> | undefined) ?? make()
    schemas.set(key, made)
    return made
  }
  const vocabulary: Vocabulary = {
    isName: isNCName,
    received: false,
    known(place) {
      const made = dictionaries.get(place) ?? dictionary(definitions, place)
      dictionaries.set(place, made)
      return made
    },
    stanza: (kind) => stanzas[kind as StanzaKind],
    schema: (codec) => (codec.inline ? codec.schema(vocabulary) : remember(codec, () => codec.schema(vocabulary))),
    lazy: remember,
  }
  const lenient: Vocabulary = { ...vocabulary, isName: isReadableName, received: true }
  const stanzas: Record<StanzaKind, Payload<Json>> = {
    message: stanza('Message', 'message', definitions),
    presence: stanza('Presence', 'presence', definitions),
    iq: stanza('Iq', 'iq', definitions),
  }

  return {
    read(element, { received = false } = {}) {
      const kind = element.name as StanzaKind
      const known = stanzaKinds.includes(kind) && (received || element.xmlns === CLIENT)
      const json = known ? stanzas[kind].read(element, lenient) : undefined
      if (json === undefined) throw notStanza('The element is not a message, presence or iq of jabber:client.')
      return { kind, json: element.xmlns === CLIENT ? json : { xmlns: element.xmlns, ...json } }
    },
    write(kind, json, { received = false } = {}) {
      const raw = json.raw as Record<string, string> | undefined
      if (raw !== undefined && !received) {
        for (const name of ['to', 'from']) if (raw[name] !== undefined) throw malformed(name)
      }
      if (json.xmlns === undefined) return stanzas[kind].write(json, received ? lenient : vocabulary, undefined, '')
      const { xmlns, ...rest } = json as { xmlns: string }
      if (xmlns !== CLIENT && !received) throw notStanza('A stanza of another namespace than jabber:client is never sent.')
      checkText(xmlns, undefined, 'xmlns')
      return { ...stanzas[kind].write(rest, received ? lenient : vocabulary, undefined, ''), xmlns }
    },
    readPayload: (element) => iqPayload.read(element, undefined, lenient) as Json,
    writePayload(json) {
      const written: Node[] = []
      iqPayload.write(json, written, vocabulary, undefined, 'payload', CLIENT)
      const [first, ...others] = written
      if (!isElement(first) || others.length > 0) throw invalid(undefined, 'payload', 'must be exactly one element')
      return first
    },
    readAs(codec, element) {
      const fits = element !== undefined && codec.matches.some(([name, xmlns]) => name === element.name && xmlns === element.xmlns)
      return fits ? codec.read(element, lenient) : undefined
    },
    writeAs: (codec, json) => codec.write(json, vocabulary, undefined, ''),
    schemaOf: vocabulary.schema,
    schemas: {
      message: vocabulary.schema(stanzas.message) as unknown as StanzaSchema,
      presence: vocabulary.schema(stanzas.presence) as unknown as StanzaSchema,
      iq: vocabulary.schema(stanzas.iq) as unknown as StanzaSchema,
      payload: iqPayload.schema(vocabulary),
      item: known('item').schema(vocabulary),
      error: vocabulary.schema(stanzaError),
      extension: extensionSchema,
    },
    schemaOnce: remember,
  }
}

function stanza(id: string, kind: StanzaKind, definitions: readonly Definition[]): Payload<Json> {
  const fields: Fields = { ...stanzaFields[kind] }
  if (kind === 'iq') fields.payload = iqPayload
  else {
    for (const { name, on, field } of definitions) {
      if (!on.includes(kind)) continue
      if (Object.hasOwn(fields, name)) throw new Error(`${name} is defined twice on ${kind}`)
      fields[name] = field
    }
  }
  fields.error = one(stanzaError)
  const codec = payload(id, kind, CLIENT, fields) as unknown as Payload<Json>
  return {
    ...codec,
    schema(vocabulary) {
      const schema = codec.schema(vocabulary) as unknown as z.ZodObject
      return schema.extend({ xmlns: namespace.optional() }).meta({ ...schema.meta() }) as unknown as z.ZodType<Json>
    },
  }
}

const namespace = z.string().meta({ description: 'Only where the stanza is not in jabber:client; such a stanza is never sent' })

function notStanza(detail: string): Problem {
  return new Problem('not-a-stanza', detail)
}

function malformed(name: string): Problem {
  const message = `raw.${name} is not a JID.`
  return new Problem('jid-malformed', message, { errors: [{ path: name, message }] })
}
