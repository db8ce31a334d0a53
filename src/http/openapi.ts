import type { FastifyInstance } from 'fastify'
import { Document, type Scalar, visit, type YAMLMap, type YAMLSeq } from 'yaml'
import { z } from 'zod'
import { createDocument, type ZodOpenApiObject, type ZodOpenApiOperationObject } from 'zod-openapi'
import type { Operation } from '../gateway/contract/operation.ts'
import { mergeComponents } from './openapi-components.ts'
import { withEventHead } from './openapi-events.ts'
import { withLeftovers } from './openapi-leftovers.ts'
import { withSharedParameters } from './openapi-parameters.ts'
import { problemReferences, problemResponses } from './openapi-problems.ts'
import { relax } from './schemas.ts'
import { sharedParameters } from './shared-parameters.ts'
import { systemPaths, systemProblems } from './system-paths.ts'

const JSON_TYPE = 'application/json'
const XML_TYPE = 'application/xml'

type Described = Omit<Operation, 'run'>

/** Makes the OpenAPI 3.1 document of the table of operations. */
export function createOpenapi({
  operations,
  event,
  version,
}: {
  operations: readonly Described[]
  /** of every event: what webhooks are sent */
  event: z.ZodType
  version: string
}): Record<string, unknown> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const operation of operations) {
    const path = paths[operation.path] ?? {}
    path[operation.method.toLowerCase()] = operationObject(operation)
    paths[operation.path] = path
  }
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'stanzagate',
        version,
        summary: 'An XMPP-to-HTTP gateway',
        description,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      security: [{ apiKey: [] }, { sessionToken: [] }],
      tags: [...new Set(operations.map(tagOf)), 'system'].map((name) => ({ name, description: tags[name] ?? name })),
      paths: { ...paths, ...systemPaths },
      webhooks: { event: { post: webhookObject(event) } },
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, `sgk_…`: every session of its tenant' },
          sessionToken: { type: 'http', scheme: 'bearer', description: 'A session token, `sgs_…`: its session and nothing else' },
          ticket: { type: 'apiKey', in: 'query', name: 'ticket', description: 'Of `POST /tickets`: one event stream' },
          metricsToken: { type: 'http', scheme: 'bearer', description: 'METRICS_TOKEN' },
        },
        responses: problemResponses(operations, systemProblems),
        parameters: sharedParameters,
      },
    } as ZodOpenApiObject,
    { override: relax },
  )
  return withSharedParameters(withLeftovers(withEventHead(mergeComponents(document)))) as unknown as Record<string, unknown>
}

/** What a consumer of webhooks is asked. */
function webhookObject(event: z.ZodType): ZodOpenApiOperationObject {
  const header = (name: string, text: string) => ({ in: 'header', name, required: true, schema: { type: 'string' }, description: text })
  return {
    operationId: 'webhook',
    tags: ['webhooks'],
    summary: 'One event',
    description: 'Signed as Standard Webhooks 1.0.0 has it. The same event may come again, under the same `webhook-id`.',
    security: [],
    parameters: [
      header('webhook-id', 'The id of the event, the same on every try'),
      header('webhook-timestamp', 'Seconds since 1970, of this try'),
      header('webhook-signature', '`v1,<base64 of HMAC-SHA256 over id.timestamp.body>` for each secret, with spaces between'),
    ],
    requestBody: { required: true, content: { 'application/cloudevents+json': { schema: event } } },
    responses: {
      '2XX': { description: 'It has arrived' },
      '410': { description: 'Nothing more is wanted: the webhook is disabled' },
      default: { description: 'It is tried again; `Retry-After` is heeded' },
    },
  } as ZodOpenApiOperationObject
}

/** Serves a document under its name; made when it is first asked for. */
export function registerDocument(server: FastifyInstance, name: 'openapi' | 'asyncapi', document: () => Record<string, unknown>): void {
  let yaml: string | undefined
  server.get(`/${name}.yaml`, { config: { token: 'none' } }, async (_request, reply) => {
    yaml ??= toYaml(document())
    return reply.type('application/yaml; charset=utf-8').send(yaml)
  })
}

/** characters of a map or list that stands in one line */
const LINE = 900

/** Readers of YAML 1.1 get the same: a time is a string. */
export function toYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' })
  const inOneLine = (_: unknown, node: YAMLMap | YAMLSeq) => {
    node.flow = JSON.stringify(node).length < LINE
    return node.flow ? visit.SKIP : undefined
  }
  // YAML 1.1 takes a question mark in a flow collection for the beginning of a key
  const quoted = (_: unknown, node: Scalar) => {
    if (typeof node.value === 'string' && node.value.includes('?')) node.type = 'QUOTE_DOUBLE'
  }
  visit(document, { Map: inOneLine, Seq: inOneLine })
  visit(document, { Scalar: quoted })
  return document.toString({ lineWidth: 0, indentSeq: false, indent: 1, flowCollectionPadding: false })
}

const description = [
  'A full XMPP account, on any server, for every service that speaks HTTP.',
  '',
  'Send `Authorization: Bearer` with an API key or a session token. With an API key every route that acts for a session needs',
  '`?session=`. `x-scope` is the scope that an operation needs. Readers ignore members that they do not know: changes are additive.',
].join('\n')

const tags: Record<string, string> = {
  sessions: 'Accounts that the gateway keeps online',
  messages: 'Messages out, what became of them, and the archive',
  roster: 'Contacts (RFC 6121)',
  rooms: 'To be in rooms, talk there, and run them (XEP-0045)',
  services: 'Public rooms of a service',
  commands: 'What servers and others can be told to do (XEP-0050)',
  registration: 'Accounts: made, changed, removed (XEP-0077)',
  push: 'Push notifications of the own server (XEP-0357)',
  pubsub: 'Nodes, their items and who listens (XEP-0060), what contacts publish (XEP-0163)',
  blocklist: 'Whom the account does not hear of (XEP-0191)',
  presence: 'Who is there, the own presence, subscriptions',
  iq: 'Requests to other entities and their answers',
  disco: 'What others are, and what belongs to them (XEP-0030)',
  capabilities: 'What others can do, in words',
  stanzas: 'Any stanza, as JSON or XML',
  translate: 'Stanza XML ⇄ JSON, without sending',
  events: 'What happened, by cursor: pages, server-sent events, WebSocket',
  tickets: 'One-time tickets for browsers',
  hooks: 'Messages from services that can only call a URL',
  webhooks: 'Events by HTTP requests of the gateway',
  profile: 'What the account tells of itself',
  profiles: 'What others tell of themselves',
  chats: 'How far conversations were displayed',
  uploads: 'Files that others can get',
  me: 'Who is calling',
  stats: 'How many there are of what',
  keys: 'API keys that may do less',
  audit: 'Who made, changed or ended what, and who was refused',
  system: 'For operators',
}

function operationObject(operation: Described): ZodOpenApiOperationObject {
  const { id, summary, description: text, scope, params, query, body, xmlBody, bytesBody, answers } = operation
  const shared = [
    ...(operation.session === 'named' || (operation.session !== 'none' && operation.session.by !== 'session') ? ['session'] : []),
    ...(operation.components === 'generic' ? ['from'] : []),
    ...(operation.idempotency === undefined ? [] : ['idempotencyKey']),
    ...(operation.traced ? ['traceparent'] : []),
    ...(operation.prefer === undefined ? [] : ['prefer']),
  ]
  const given = examplesOf(operation.examples.body)
  const content = {
    ...(body && { [JSON_TYPE]: { schema: body, ...given.json } }),
    ...(xmlBody && { [XML_TYPE]: { schema: z.string(), ...given.xml } }),
    ...Object.fromEntries((bytesBody?.mediaTypes ?? []).map((type) => [type, { schema: {} }])),
    ...(bytesBody?.form && { 'multipart/form-data': { schema: formWithFile } }),
  }
  const responses = Object.entries(answers).map(([status, answer]) => [
    status,
    answerObject(operation, answer, examplesOf(operation.examples[Number(status)])),
  ])
  return {
    operationId: id,
    tags: [tagOf(operation)],
    summary,
    ...(text !== undefined && { description: text }),
    ...(scope !== null && { 'x-scope': scope }),
    ...(operation.streams && { security: [{ apiKey: [] }, { sessionToken: [] }, { ticket: [] }] }),
    requestParams: { ...(params && { path: params }), ...(query && { query }) },
    parameters: shared.map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ...(Object.keys(content).length > 0 && {
      requestBody: { required: bytesBody !== undefined || (body !== undefined && !isOptional(body)), content },
    }),
    responses: { ...Object.fromEntries(responses), ...problemReferences(operation) },
  } as ZodOpenApiOperationObject
}

/** An answer as JSON, as XML, or as both. */
function answerObject(
  operation: Described,
  { description: text, schema, contentType, bytes = [] }: Operation['answers'][number],
  { json, xml }: ReturnType<typeof examplesOf>,
) {
  const isXml = contentType === XML_TYPE
  const content = {
    ...(schema && !isXml && { [contentType ?? JSON_TYPE]: { schema, ...json } }),
    ...((isXml || (schema && operation.xmlAnswer)) && { [XML_TYPE]: { schema: { type: 'string' }, ...xml } }),
    ...Object.fromEntries(bytes.map((type) => [type, { schema: {} }])),
    ...(schema && operation.streams && { 'text/event-stream': { schema: { type: 'string' } } }),
  }
  return { description: text, ...(Object.keys(content).length > 0 && { content }) }
}

const formWithFile = { type: 'object' as const, properties: { file: { contentMediaType: 'application/octet-stream' } }, required: ['file'] }

/** By name, those that are JSON and those that are XML. */
function examplesOf(examples: Readonly<Record<string, unknown>> = {}) {
  const all = Object.entries(examples).map(([name, value]) => [name, { value }] as const)
  const named = (kept: typeof all) => (kept.length === 0 ? {} : { examples: Object.fromEntries(kept) })
  return {
    json: named(all.filter(([, { value }]) => typeof value !== 'string')),
    xml: named(all.filter(([, { value }]) => typeof value === 'string')),
  }
}

const tagOf = ({ path }: Pick<Operation, 'path'>) => path.split('/')[1] ?? ''

const isOptional = (schema: z.ZodType) => schema.safeParse(undefined).success
