/**
 * One element ⇄ one JSON object ⇄ one zod schema, from one table of fields. What no field knows is kept: attributes in `attributes`,
 * children and text in `extensions`, the text of known members that cannot hold it in `raw`. So reading and writing are inverse
 * by construction: each field reads exactly what it writes, and leaves the rest.
 */
import { z } from 'zod'
import { attributesSchema, extensionsSchema, rawSchema } from './extension.ts'
import type { Field, Fields, Json, JsonOf, Payload, Vocabulary } from './model.ts'
import { readElement } from './reading.ts'
import { tabulate } from './table.ts'
import { writeElement } from './writing.ts'

export interface PayloadOptions {
  description?: string
  examples?: unknown[]
}

/** `id` names the schema (PascalCase, unique), `name` and `xmlns` the element. Members stand in the order in which they came. */
export function payload<const F extends Fields>(
  id: string,
  name: string,
  xmlns: string,
  fields: F,
  options: PayloadOptions = {},
): Payload<JsonOf<F>> {
  const table = tabulate(id, xmlns, fields)
  return {
    matches: [[name, xmlns]],
    read: (element, vocabulary) => readElement(table, element, vocabulary) as JsonOf<F> | undefined,
    write: (json, vocabulary, path, key) => writeElement(table, name, json as Json, vocabulary, key === '' ? path : { outer: path, key }),
    schema: (vocabulary) =>
      z.strictObject({ ...shape(fields, vocabulary), ...leftovers }).meta({ id, ...options }) as unknown as z.ZodType<JsonOf<F>>,
  }
}

const leftovers = { attributes: attributesSchema.optional(), extensions: extensionsSchema.optional(), raw: rawSchema.optional() }

function shape(fields: Fields, vocabulary: Vocabulary): Record<string, z.ZodType> {
  const all: Record<string, z.ZodType> = {}
  for (const [member, given] of Object.entries(fields)) {
    const field = given as Field
    const schema = field.kind === 'child' ? field.schema(vocabulary) : field.scalar.schema
    if (field.kind !== 'child' || field.spread === undefined) all[member] = field.required ? schema : schema.optional()
    else {
      const inner = (schema as z.ZodObject).shape
      for (const one of field.spread) all[one] = field.required ? (inner[one] as z.ZodType) : optional(inner[one] as z.ZodType)
    }
  }
  return all
}

function optional(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? schema : schema.optional()
}
