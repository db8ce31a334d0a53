/** What the console tells of each operation of a session, taken from openapi.yaml: its names, its parameters and its examples. */
import type { Described, DescribedParameter, ExampleBody } from '../src/console/described.ts'

interface Schema {
  $ref?: string
  type?: string
  enum?: string[]
  example?: unknown
  examples?: unknown[]
}

interface Parameter {
  in: string
  name: string
  required?: boolean
  description?: string
  schema: Schema
}

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: { content: Record<string, { examples?: Record<string, { value: unknown }> }> }
}

export interface OpenapiDocument {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> }
}

/** Those that take a session, in the order of the document. */
export function describedOperations({ paths, components }: OpenapiDocument): Described[] {
  const found: Described[] = []
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    const { operationId: id, summary, tags, parameters: given = [], requestBody } = operation
    const parameters = given.map((one) => ('$ref' in one ? components.parameters[nameOf(one.$ref)]! : one))
    if (tags.includes('system') || !parameters.some(({ name }) => name === 'session')) continue
    const own = parameters.flatMap((one) => (one.in === 'header' ? headerOf(one) : one.name === 'session' ? [] : one))
    found.push({
      id: id as Described['id'],
      summary,
      parameters: own.map((one) => describedParameter(one, components.schemas)),
      examples: Object.entries(requestBody?.content ?? {}).flatMap(([type, { examples = {} }]) => bodiesOf(type, examples)),
    })
  }
  return found
}

/** A header as the member of a call that becomes it. */
function headerOf(parameter: Parameter): Parameter[] {
  const name = { Prefer: 'wait', 'Idempotency-Key': 'idempotencyKey' }[parameter.name]
  return name === undefined ? [] : [{ ...parameter, name, required: false, schema: {} }]
}

const nameOf = (ref: string) => ref.split('/').at(-1) as string

function describedParameter(parameter: Parameter, schemas: Record<string, Schema>): DescribedParameter {
  const { name, required, description, schema: given } = parameter
  const schema = given.$ref === undefined ? given : schemas[nameOf(given.$ref)]!
  const example = given.example ?? schema.example ?? schema.examples?.[0]
  return {
    name,
    ...(required && { isRequired: true }),
    ...(description !== undefined && { description }),
    ...(schema.enum && { values: schema.enum }),
    ...(example !== undefined && { example: String(example) }),
  }
}

const bodiesOf = (type: string, examples: Record<string, { value: unknown }>): ExampleBody[] =>
  Object.entries(examples).map(([name, { value }]) => ({
    name,
    text: type === 'application/json' ? JSON.stringify(value, undefined, 2) : String(value),
  }))
