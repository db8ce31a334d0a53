/** The messages of the AsyncAPI document: events, and the requests and responses of operations. */
import { schemaOf } from '../api/event-registry.ts'
import type { EventType } from '../gateway/contract/operation.ts'
import { type HttpOperation, type Json, lastOf, mapped, type OpenapiDocument, ref } from './asyncapi-source.ts'

const JSON_TYPE = 'application/json'
const CLOUDEVENT = 'application/cloudevents+json'

export const rpcSchemas = {
  RpcVersion: { const: '2.0' },
  RpcId: { type: ['string', 'number', 'null'], description: 'Chosen by the client; without one there is no response' },
}
const rpcHead = { jsonrpc: ref('components', 'schemas', 'RpcVersion'), id: ref('components', 'schemas', 'RpcId') }

export const eventMessage = ({ type, description }: EventType) => ({
  name: type,
  summary: description,
  contentType: CLOUDEVENT,
  payload: ref('components', 'schemas', schemaOf(type)),
})

export const errorMessage = {
  name: 'error',
  summary: 'A request failed',
  correlationId: ref('components', 'correlationIds', 'request'),
  payload: {
    type: 'object',
    required: ['jsonrpc', 'id', 'error'],
    properties: {
      ...rpcHead,
      error: {
        type: 'object',
        required: ['code', 'message', 'data'],
        properties: {
          code: {
            type: 'integer',
            description:
              '-32602 for what HTTP answers with 400 or 422, -32000 for other problems, -32601 unknown method, -32600 no request, -32700 no JSON',
          },
          message: { type: 'string' },
          data: ref('components', 'schemas', 'Problem'),
        },
      },
    },
  },
}

export function requestMessage(
  { operationId, summary, description, ...operation }: HttpOperation,
  components: OpenapiDocument['components'],
) {
  const { properties, required } = paramsOf(operation, components)
  return {
    name: operationId,
    summary,
    ...(description !== undefined && { description }),
    correlationId: ref('components', 'correlationIds', 'request'),
    payload: {
      type: 'object',
      required: ['jsonrpc', 'method', ...(required.length > 0 ? ['params'] : [])],
      properties: {
        ...rpcHead,
        method: { const: operationId },
        params: { type: 'object', properties, ...(required.length > 0 && { required }), additionalProperties: false },
      },
    },
  }
}

export function resultMessage({ operationId, responses }: HttpOperation) {
  const results = Object.entries(responses).flatMap(([status, { content = {} }]) => {
    if (status === '204') return [{ type: 'null' }]
    const { schema } = content[JSON_TYPE] ?? content['application/xml'] ?? {}
    return status.startsWith('2') && schema ? [schema] : []
  })
  const different = [...new Map(results.map((schema) => [JSON.stringify(schema), schema])).values()]
  return {
    name: `${operationId} result`,
    correlationId: ref('components', 'correlationIds', 'request'),
    payload: {
      type: 'object',
      required: ['jsonrpc', 'id', 'result'],
      properties: { ...rpcHead, result: different.length === 1 ? different[0] : { oneOf: different } },
    },
  }
}

/** Path, query and body as one object. What the body has is a reference into its schema. */
function paramsOf(
  { parameters = [], requestBody }: Pick<HttpOperation, 'parameters' | 'requestBody'>,
  components: OpenapiDocument['components'],
): { properties: Record<string, unknown>; required: string[] } {
  const all = parameters.map((one) => ('$ref' in one ? components.parameters[lastOf(one.$ref)]! : one))
  const properties: Record<string, unknown> = {}
  const required: string[] = []
  for (const { in: place, name, required: isRequired, schema, description } of all) {
    if (place === 'header') Object.assign(properties, headers[name])
    else properties[name] = { ...(description !== undefined && { description }), ...schema }
    if (isRequired && place === 'path') required.push(name)
  }
  const { [JSON_TYPE]: json, 'application/xml': xml } = requestBody?.content ?? {}
  const body = json && bodyOf(json.schema, components)
  for (const [name, schema] of Object.entries(body?.properties ?? {})) properties[name] = schema
  if (xml) properties.xml ??= { type: 'string', description: 'The body as XML' }
  else if (requestBody?.required) required.push(...(body?.required ?? []))
  return { properties, required }
}

/** What headers of HTTP say, as members. */
const headers: Readonly<Record<string, Json>> = {
  'Idempotency-Key': { idempotencyKey: { type: 'string', minLength: 1, maxLength: 255, description: 'As the header `Idempotency-Key`' } },
  traceparent: {
    traceparent: { type: 'string', description: 'As the header `traceparent`' },
    tracestate: { type: 'string', description: 'As the header `tracestate`' },
  },
  Prefer: {
    wait: { type: 'integer', minimum: 0, description: 'Seconds, as `Prefer: wait`' },
    respondAsync: { type: 'boolean', description: 'As `Prefer: respond-async`' },
  },
}

function bodyOf(schema: Json, { schemas }: OpenapiDocument['components']): { properties: Json; required: string[] } {
  const name = typeof schema.$ref === 'string' ? lastOf(schema.$ref) : undefined
  const { properties = {}, required = [] } = (name === undefined ? schema : schemas[name]!) as {
    properties?: Json
    required?: string[]
  }
  if (name === undefined) return { properties, required }
  return { properties: mapped(Object.keys(properties), (one) => ref('components', 'schemas', name, 'properties', one)), required }
}

export function querySchema(operation: HttpOperation | undefined, components: OpenapiDocument['components']): Json {
  const { properties } = paramsOf({ parameters: operation?.parameters ?? [] }, components)
  const { limit: _, ...query } = properties
  return { type: 'object', properties: query }
}
