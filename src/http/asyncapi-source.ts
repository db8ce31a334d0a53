/** What the AsyncAPI document is made of: the OpenAPI document, as far as it is of use. */

export type Json = Readonly<Record<string, unknown>>

interface Parameter {
  in: 'path' | 'query' | 'header'
  name: string
  required?: boolean
  description?: string
  schema: Json
}

export interface HttpOperation {
  operationId: string
  summary: string
  description?: string
  parameters?: readonly (Parameter | { $ref: string })[]
  requestBody?: { required: boolean; content: Readonly<Record<string, { schema: Json }>> }
  responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Json }>> }>>
}

export interface OpenapiDocument {
  paths: Readonly<Record<string, Readonly<Record<string, HttpOperation>>>>
  components: {
    schemas: Readonly<Record<string, Json>>
    parameters: Readonly<Record<string, Parameter>>
    securitySchemes: Readonly<Record<string, Json>>
  }
}

export const ref = (...path: string[]) => ({ $ref: `#/${path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}` })
export const mapped = <Value>(names: readonly string[], of: (name: string) => Value) =>
  Object.fromEntries(names.map((name) => [name, of(name)]))

/** of a stanza */
const STANZAS = ['Message', 'Presence', 'Iq', 'Payload']

/**
 * What stanzas may hold, in one another, is described in the OpenAPI document alone: readers of AsyncAPI write every reference out, which
 * makes gigabytes of these.
 */
export function withoutPayloads(document: OpenapiDocument): OpenapiDocument {
  const { schemas } = document.components
  const payloads = new Set<string>()
  const reach = (name: string): void => {
    for (const inner of namesIn(schemas[name])) {
      if (payloads.has(inner) || STANZAS.includes(inner)) continue
      payloads.add(inner)
      reach(inner)
    }
  }
  STANZAS.forEach(reach)
  const isPayload = (ref: unknown) => typeof ref === 'string' && ref.startsWith(SCHEMAS) && payloads.has(lastOf(ref))
  const kept = Object.entries(schemas).filter(([name]) => !payloads.has(name))
  return JSON.parse(
    JSON.stringify({ ...document, components: { ...document.components, schemas: Object.fromEntries(kept) } }),
    (_key, value) => (isPayload(value?.$ref) ? { 'x-schema': `/openapi.yaml${value.$ref}` } : withoutDiscriminator(value)),
  )
}

const SCHEMAS = '#/components/schemas/'

const namesIn = (schema: unknown) =>
  [...JSON.stringify(schema ?? {}).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!)

/** AsyncAPI has a word `discriminator` of its own. */
function withoutDiscriminator(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('discriminator' in value)) return value
  const { discriminator, ...rest } = value
  return typeof discriminator === 'object' && 'propertyName' in (discriminator ?? {}) ? rest : value
}

export const lastOf = (pointer: string) => pointer.slice(pointer.lastIndexOf('/') + 1)
