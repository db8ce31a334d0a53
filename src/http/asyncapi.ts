/**
 * The AsyncAPI 3.0 document: what goes over `GET /events` in both directions, and over webhooks. Made of the OpenAPI document, of whose
 * components it has the same, and of the registry of events.
 */
import type { z } from 'zod'
import { schemaOf } from '../api/event-registry.ts'
import type { EventType, Operation } from '../gateway/contract/operation.ts'
import { createOpenapi } from './openapi.ts'

type Json = Readonly<Record<string, unknown>>

interface Parameter {
  in: 'path' | 'query' | 'header'
  name: string
  required?: boolean
  description?: string
  schema: Json
}

interface HttpOperation {
  operationId: string
  summary: string
  description?: string
  parameters?: readonly (Parameter | { $ref: string })[]
  requestBody?: { required: boolean; content: Readonly<Record<string, { schema: Json }>> }
  responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Json }>> }>>
}

interface OpenapiDocument {
  paths: Readonly<Record<string, Readonly<Record<string, HttpOperation>>>>
  components: {
    schemas: Readonly<Record<string, Json>>
    parameters: Readonly<Record<string, Parameter>>
    securitySchemes: Readonly<Record<string, Json>>
  }
}

const JSON_TYPE = 'application/json'
const CLOUDEVENT = 'application/cloudevents+json'
const ref = (...path: string[]) => ({ $ref: `#/${path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}` })
const mapped = <Value>(names: readonly string[], of: (name: string) => Value) => Object.fromEntries(names.map((name) => [name, of(name)]))

/** `operations`: those that there are only over a WebSocket among them. */
export function createAsyncapi({
  operations,
  event,
  events,
  version,
}: {
  operations: readonly Omit<Operation, 'run'>[]
  /** of every event */
  event: z.ZodType
  events: readonly EventType[]
  version: string
}): Record<string, unknown> {
  const openapi = withoutPayloads(createOpenapi({ operations, event, version }) as unknown as OpenapiDocument)
  const { components } = openapi
  const commands = new Map(
    Object.values(openapi.paths)
      .flatMap((methods) => Object.values(methods))
      .map((operation) => [operation.operationId, operation]),
  )
  const ids = operations.map(({ id }) => id).filter((id) => commands.has(id))
  const told = events.map(({ type }) => type)
  const isTold = (type: string) => ref('channels', 'events', 'messages', type)
  const inCommands = (name: string) => ref('channels', 'commands', 'messages', name)
  const messages = {
    ...Object.fromEntries(events.map((event) => [event.type, eventMessage(event)])),
    ...Object.fromEntries(
      ids.flatMap((id) => [
        [`${id}.request`, requestMessage(commands.get(id)!, components)],
        [`${id}.result`, resultMessage(commands.get(id)!)],
      ]),
    ),
    error: errorMessage,
  }
  const hasWebhooks = commands.has('webhooks.create')
  return {
    asyncapi: '3.0.0',
    info: { title: 'stanzagate', version, description, license: { name: 'MIT' } },
    defaultContentType: JSON_TYPE,
    servers: {
      gateway: {
        host: '{host}',
        protocol: 'ws',
        description: 'A WebSocket; the same events are server-sent events where `Accept: text/event-stream` asks for that',
        variables: { host: { default: 'localhost:8080', description: 'Host and port of the gateway' } },
        security: ['bearer', 'ticket'].map((name) => ref('components', 'securitySchemes', name)),
      },
    },
    channels: {
      events: {
        address: '/events',
        title: 'Events',
        description: 'Each frame of the gateway that is no JSON-RPC response is one event.',
        servers: [ref('servers', 'gateway')],
        messages: mapped(told, (type) => ref('components', 'messages', type)),
        bindings: { ws: { method: 'GET', query: querySchema(commands.get('events.list'), components), bindingVersion: '0.1.0' } },
      },
      commands: {
        address: '/events',
        title: 'Commands',
        description: 'Each frame of the client is a JSON-RPC 2.0 request, and is answered on the same WebSocket.',
        servers: [ref('servers', 'gateway')],
        messages: mapped([...ids.flatMap((id) => [`${id}.request`, `${id}.result`]), 'error'], (name) =>
          ref('components', 'messages', name),
        ),
      },
      ...(hasWebhooks && {
        webhook: {
          address: null,
          title: 'Webhooks',
          description: 'Each event is one HTTP request to the URL of the webhook.',
          messages: mapped(told, (type) => ref('components', 'messages', type)),
        },
      }),
    },
    operations: {
      tellEvents: {
        action: 'send',
        channel: ref('channels', 'events'),
        summary: 'What happens to a session is told, in order',
        messages: told.map(isTold),
      },
      ...(hasWebhooks && {
        callWebhook: {
          action: 'send',
          channel: ref('channels', 'webhook'),
          summary: 'What happens is sent to a URL, signed as Standard Webhooks has it',
          bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
          messages: told.map((type) => ref('channels', 'webhook', 'messages', type)),
        },
      }),
      ...mapped(ids, (id) => ({
        action: 'receive',
        channel: ref('channels', 'commands'),
        summary: commands.get(id)!.summary,
        messages: [inCommands(`${id}.request`)],
        reply: { messages: [inCommands(`${id}.result`), inCommands('error')] },
      })),
    },
    components: {
      messages,
      schemas: { ...components.schemas, ...rpcSchemas },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key, `sgk_…`, or a session token, `sgs_…`' },
        ticket: { type: 'httpApiKey', in: 'query', name: 'ticket', description: 'Of `tickets.create`: one event stream' },
      },
      correlationIds: { request: { location: '$message.payload#/id', description: 'A response has the id of its request' } },
    },
  }
}

const description = [
  'What happens to XMPP accounts, as CloudEvents 1.0 over a WebSocket, and every operation of the HTTP API as a JSON-RPC 2.0 request over the',
  'same one: `method` is its operationId, `params` one object with the members of its path, query and body.',
].join('\n')

const rpcSchemas = {
  RpcVersion: { const: '2.0' },
  RpcId: { type: ['string', 'number', 'null'], description: 'Chosen by the client; without one there is no response' },
}
const rpcHead = { jsonrpc: ref('components', 'schemas', 'RpcVersion'), id: ref('components', 'schemas', 'RpcId') }

const eventMessage = ({ type, description }: EventType) => ({
  name: type,
  summary: description,
  contentType: CLOUDEVENT,
  payload: ref('components', 'schemas', schemaOf(type)),
})

const errorMessage = {
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

function requestMessage({ operationId, summary, description, ...operation }: HttpOperation, components: OpenapiDocument['components']) {
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

function resultMessage({ operationId, responses }: HttpOperation) {
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

function querySchema(operation: HttpOperation | undefined, components: OpenapiDocument['components']): Json {
  const { properties } = paramsOf({ parameters: operation?.parameters ?? [] }, components)
  const { limit: _, ...query } = properties
  return { type: 'object', properties: query }
}

/** of a stanza */
const STANZAS = ['Message', 'Presence', 'Iq', 'Payload']

/**
 * What stanzas may hold, in one another, is described in the OpenAPI document alone: readers of AsyncAPI write every reference out, which
 * makes gigabytes of these.
 */
function withoutPayloads(document: OpenapiDocument): OpenapiDocument {
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

const lastOf = (pointer: string) => pointer.slice(pointer.lastIndexOf('/') + 1)
