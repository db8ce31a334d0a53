/**
 * The AsyncAPI 3.0 document: what goes over `GET /events` in both directions, and over webhooks. Made of the OpenAPI document, of whose
 * components it has the same, and of the registry of events.
 */
import type { z } from 'zod'
import type { EventType, Operation } from '../gateway/contract/operation.ts'
import { errorMessage, eventMessage, querySchema, requestMessage, resultMessage, rpcSchemas } from './asyncapi-messages.ts'
import { mapped, type OpenapiDocument, ref, withoutPayloads } from './asyncapi-source.ts'
import { createOpenapi } from './openapi.ts'

const JSON_TYPE = 'application/json'

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
