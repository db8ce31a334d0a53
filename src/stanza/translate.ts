import type { z } from 'zod'
import type { Element } from './element.ts'

export type StanzaKind = 'message' | 'presence' | 'iq'
/** One stanza as flat JSON: `{to, from, id, lang, type, body, …}`. */
export type StanzaJson = Record<string, unknown>

/** One payload: its XML and its JSON, read in both directions from one place. */
export interface Definition {
  /** member of the stanza's JSON (or, on iq, key of `payload`) */
  name: string
  on: readonly StanzaKind[]
  schema: z.ZodType
}

/** The whole vocabulary, made of the definitions of all rooms. Pure: no socket, no store. */
export interface Translator {
  /** XML → JSON; nothing is dropped, never throws on a stanza that the parser let through */
  read(stanza: Element): { kind: StanzaKind; json: StanzaJson }
  /** JSON (valid by the schema) → XML; throws the problems illegal-character, jid-malformed, invalid-request with the path */
  write(kind: StanzaKind, json: StanzaJson): Element
  /** payload of an iq: `{roster: {…}}` ⇄ element; what is unknown is `{extensions: […]}` */
  readPayload(payload: Element): Record<string, unknown>
  writePayload(payload: Record<string, unknown>): Element
  /** zod schemas of what `read` gives and `write` takes */
  schemas: { message: z.ZodObject; presence: z.ZodObject; iq: z.ZodObject; payload: z.ZodType; error: z.ZodType; extension: z.ZodType }
}
