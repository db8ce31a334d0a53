/** `npm run client`: writes src/client/types.ts and src/client/operations.ts from openapi.yaml. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { parse } from 'yaml'

const root = new URL('..', import.meta.url)
const SCHEMAS = '#/components/schemas/'
const XML_TYPE = 'application/xml'
const banner = 'Written by `npm run client` from openapi.yaml: not for hands.'

type Schema = JSONSchema & { $ref?: string }
type Content = Record<string, { schema: Schema }>

interface Parameter {
  in: 'path' | 'query' | 'header'
  name: string
  required?: boolean
  description?: string
  schema: Schema
}

interface DescribedOperation {
  operationId: string
  tags: string[]
  summary: string
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, { content?: Content }>
}

interface Document {
  paths: Record<string, Record<string, DescribedOperation>>
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> }
}

/** members of a call that are no parameter of the operation, by the header that they become */
const reserved: Record<string, Record<string, Schema>> = {
  'Idempotency-Key': {
    idempotencyKey: { type: 'string', description: 'Makes the call safe to repeat for 24 h; a call without one gets one of its own' },
  },
  Prefer: {
    wait: { type: 'integer', description: 'Seconds to wait, where the operation says for what' },
    respondAsync: { type: 'boolean', description: 'Answer at once, where the operation can' },
  },
}

/** JSON in, XML out, and the other way round: its answer is either. */
const EITHER_WAY = 'translate'

/** Both files as they follow from the document. */
export async function generateClient(document: Document): Promise<{ types: string; operations: string }> {
  const definitions: Record<string, Schema> = { ...document.components.schemas }
  const signatures: string[] = []
  const rows: string[] = []
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.tags.includes('system')) continue
      const parameters = (operation.parameters ?? []).map((one) =>
        '$ref' in one ? document.components.parameters[one.$ref.split('/').at(-1)!]! : one,
      )
      const { name, summary } = { name: typeName(operation.operationId), summary: operation.summary }
      const params = paramsOf(operation, parameters, name, definitions)
      const result = resultOf(operation, name, definitions)
      signatures.push(`  /** ${summary} */\n  '${operation.operationId}': { params: ${params}; result: ${result} }`)
      rows.push(rowOf(operation, method, path, parameters, document))
    }
  }
  const schemas = JSON.stringify(definitions).replaceAll(SCHEMAS, '#/$defs/')
  const printed = await compile({ type: 'object', $defs: JSON.parse(schemas) }, 'Root', {
    additionalProperties: false,
    unreachableDefinitions: true,
    bannerComment: `/** ${banner} */\n`,
    style: { semi: false, singleQuote: true, printWidth: 140, trailingComma: 'all' },
  })
  const interfaces = withoutOrigins(printed)
  const table = `\n/** What each operation takes, as one flat object of its path, query and body members, and what it gives. */\nexport interface Operations {\n${signatures.join('\n')}\n}\n`
  return { types: interfaces + table, operations: operationsFile(rows) }
}

const typeName = (id: string) =>
  id
    .split('.')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('')

function paramsOf(operation: DescribedOperation, parameters: Parameter[], name: string, definitions: Record<string, Schema>): string {
  const properties: Record<string, Schema> = {}
  const required: string[] = []
  for (const parameter of parameters) {
    if (parameter.in === 'header') continue
    const description = parameter.description?.replace(', percent-encoded', '')
    properties[parameter.name] = description === undefined ? parameter.schema : { description, ...parameter.schema }
    if (parameter.required) required.push(parameter.name)
  }
  for (const { name } of parameters.filter((parameter) => parameter.in === 'header')) {
    for (const [member, schema] of Object.entries(reserved[name] ?? {})) properties[member] ??= schema
  }
  const own = Object.keys(properties).length > 0
  if (own) definitions[`${name}Params`] = { type: 'object', properties, required }
  const { content, required: isRequired } = operation.requestBody ?? {}
  if (isOfBytes(operation.requestBody)) {
    properties.bytes = { description: 'The body', tsType: 'Uint8Array<ArrayBuffer> | Blob' }
    properties.mediaType = { type: 'string', description: 'Of the body' }
    required.push('bytes')
  }
  const json = content?.['application/json']?.schema
  const body = json === undefined ? [] : [typeOf(json, `${name}Body`, definitions)]
  const isXml = content?.[XML_TYPE] !== undefined
  const bodies = [...body, ...(isXml ? ['{ xml: string }'] : [])]
  const either = bodies.length > 1 ? `(${bodies.join(' | ')})` : bodies[0]
  const taken = either === undefined || isRequired ? either : `Partial<${either}>`
  return [...(own ? [`${name}Params`] : []), ...(taken === undefined ? [] : [taken])].join(' & ') || 'Record<never, never>'
}

function resultOf({ operationId, responses }: DescribedOperation, name: string, definitions: Record<string, Schema>): string {
  const results = new Set<string>()
  for (const [status, { content }] of Object.entries(responses)) {
    if (!status.startsWith('2')) continue
    const json = content?.['application/json']?.schema
    if (content === undefined) results.add('undefined')
    else if (json === undefined || operationId === EITHER_WAY) results.add(content[XML_TYPE] ? 'string' : 'Uint8Array')
    if (json !== undefined) results.add(typeOf(json, `${name}Result`, definitions))
  }
  return [...results].join(' | ')
}

/** Neither JSON nor XML: of any media type, or of images. */
const isOfBytes = (of: { content?: Content } | undefined) => Object.keys(of?.content ?? {}).some((type) => /^(?:image|[*])\//.test(type))

/** The name of a schema; one without is given `name`. */
function typeOf(schema: Schema, name: string, definitions: Record<string, Schema>): string {
  if (schema.$ref?.startsWith(SCHEMAS)) return schema.$ref.slice(SCHEMAS.length)
  definitions[name] = schema
  return name
}

function membersOf(schema: Schema | undefined, definitions: Record<string, Schema>): string[] {
  const target = schema?.$ref?.startsWith(SCHEMAS) ? definitions[schema.$ref.slice(SCHEMAS.length)] : schema
  return Object.keys(target?.properties ?? {})
}

/** `'messages.send': ['POST', '/messages', ['session', 'level'], { … }]` */
function rowOf(operation: DescribedOperation, method: string, path: string, parameters: Parameter[], document: Document): string {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)
  const inQuery = parameters.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name)
  const content = operation.requestBody?.content
  const inBody = membersOf(content?.['application/json']?.schema, document.components.schemas)
  const named = [...inPath, ...inQuery, ...inBody]
  const twice = named.find((name, index) => named.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`${operation.operationId} has ${twice} in two places`)
  const traits = [
    ...(isOfBytes(operation.requestBody) ? ['bytes: true'] : operation.requestBody ? ['body: true'] : []),
    ...(isOfBytes(operation.requestBody) || Object.values(operation.responses).some(isOfBytes) ? ['httpAlone: true'] : []),
    ...(content?.[XML_TYPE] ? ['xml: true'] : []),
    ...(parameters.some(({ name }) => name === 'Idempotency-Key') ? ['repeatable: true'] : []),
  ]
  const query = inQuery.map((name) => `'${name}'`).join(', ')
  const row = [`'${method.toUpperCase()}'`, `'${path}'`, `[${query}]`, ...(traits.length > 0 ? [`{ ${traits.join(', ')} }`] : [])]
  return `  ${operation.operationId.includes('.') ? `'${operation.operationId}'` : operation.operationId}: [${row.join(', ')}],`
}

/** The compiler says of each type where its schema stood, which says nothing to a reader. */
function withoutOrigins(text: string): string {
  return text
    .replace(/ \*\n \* This interface was referenced by `Root`'s JSON-Schema\n \* via the `definition` "[^"]*"\.\n/g, '')
    .replace(/\/\*\*\n \* This interface was referenced by `Root`'s JSON-Schema\n \* via the `definition` "[^"]*"\.\n \*\/\n/g, '')
    .replace('export interface Root {}\n', '')
}

const operationsFile = (rows: string[]) => `/** ${banner} */
import type { Operations } from './types.ts'

/** How a call goes over HTTP: its method, its path, and what goes into the query. */
export type Row = readonly [
  method: string,
  path: string,
  query: readonly string[],
  traits?: {
    /** all that is in neither path nor query is the body */
    readonly body?: true
    /** the body is \`bytes\`, of the media type \`mediaType\` */
    readonly bytes?: true
    /** no WebSocket has it */
    readonly httpAlone?: true
    /** the body may be XML, as \`xml\` and nothing beside it */
    readonly xml?: true
    /** with an Idempotency-Key it is done once */
    readonly repeatable?: true
  },
]

export const operations: Readonly<Record<keyof Operations, Row>> = {
${rows.join('\n')}
}
`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { types, operations } = await generateClient(parse(readFileSync(new URL('openapi.yaml', root), 'utf8')))
  writeFileSync(new URL('src/client/types.ts', root), types)
  writeFileSync(new URL('src/client/operations.ts', root), operations)
}
