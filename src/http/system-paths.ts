/** The operator's routes in the OpenAPI document. */
import { type ProblemSet, problemReference } from './openapi-problems.ts'

const json = (description: string) => ({ description, content: { 'application/json': { schema: { type: 'object' as const } } } })
const text = (description: string, type: string) => ({ description, content: { [type]: { schema: { type: 'string' as const } } } })

const malformed: ProblemSet = { status: 400, codes: ['invalid-request'] }
const unready: ProblemSet = { status: 503, codes: ['draining', 'store-unavailable', 'too-busy'] }
const unauthorized: ProblemSet = { status: 401, codes: ['unauthorized'] }
const unknown: ProblemSet = { status: 404, codes: ['not-found'] }
const noHook: ProblemSet = { status: 404, codes: ['hook-not-found'] }
const noRoom: ProblemSet = { status: 409, codes: ['room-not-joined', 'session-stopped'] }
const noSession: ProblemSet = { status: 400, codes: ['invalid-request', 'session-required'] }
const foreign: ProblemSet = { status: 403, codes: ['origin-not-allowed'] }
const notServed: ProblemSet = { status: 404, codes: ['not-found', 'session-not-found'] }
const tooMany: ProblemSet = { status: 429, codes: ['too-many-requests'] }
const tooLarge: ProblemSet = { status: 413, codes: ['body-too-large'] }
export const systemProblems: readonly ProblemSet[] = [
  ...[malformed, unready, unauthorized, unknown, noHook, noRoom, tooLarge],
  ...[noSession, foreign, notServed, tooMany],
]

function open(operationId: string, summary: string, answer: object) {
  return { get: { operationId, summary, tags: ['system'], security: [], responses: { 200: answer, 400: problemReference(malformed) } } }
}

const ready = open('system.ready', 'Is this instance ready for work?', json('Ready; `checks` lists what was looked at'))

export const systemPaths = {
  '/health/live': open('system.live', 'Does the process run?', json('It does')),
  '/health/ready': {
    get: {
      ...ready.get,
      responses: {
        ...ready.get.responses,
        503: problemReference(unready),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'system.metrics',
      summary: 'Metrics in the Prometheus text format',
      tags: ['system'],
      security: [{ apiKey: [] }, { metricsToken: [] }],
      responses: { 200: text('The metrics', 'text/plain'), 401: problemReference(unauthorized) },
    },
  },
  '/openapi.yaml': open('system.openapi', 'This document', text('OpenAPI 3.1', 'application/yaml')),
  '/asyncapi.yaml': open('system.asyncapi', 'Events and commands over a WebSocket', text('AsyncAPI 3.0', 'application/yaml')),
  '/schemas/{name}.json': {
    get: {
      operationId: 'system.schema',
      summary: 'JSON Schema (draft 2020-12) of message, presence, iq or event',
      tags: ['system'],
      security: [],
      parameters: [
        { in: 'path', name: 'name', required: true, schema: { type: 'string' as const, enum: ['message', 'presence', 'iq', 'event'] } },
      ],
      responses: {
        200: { description: 'The schema', content: { 'application/schema+json': { schema: { type: 'object' as const } } } },
        404: problemReference(unknown),
      },
    },
  },
  '/console': open('system.console', 'The console, where `CONSOLE` is on', text('A page', 'text/html')),
  '/hooks/in/{token}': {
    post: {
      operationId: 'system.hookIn',
      summary: 'Say what another service sends, in the format of its hook',
      description: 'The token in the path is all that is asked for. A delivery that comes again is said once.',
      tags: ['hooks'],
      security: [],
      parameters: [{ in: 'path', name: 'token', required: true, schema: { type: 'string' as const } }],
      requestBody: { required: true, content: { '*/*': { schema: {} } } },
      responses: {
        202: {
          description: 'It is in the outbox',
          content: {
            'application/json': { schema: { type: 'object' as const, required: ['id'], properties: { id: { type: 'string' as const } } } },
          },
        },
        400: problemReference(malformed),
        404: problemReference(noHook),
        409: problemReference(noRoom),
        413: problemReference(tooLarge),
      },
    },
  },
  '/mcp': {
    post: {
      operationId: 'system.mcp',
      summary: 'The session as tools of an assistant (Model Context Protocol, streamable HTTP), where `MCP` is on',
      tags: ['system'],
      parameters: [{ $ref: '#/components/parameters/session' }],
      requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' as const } } } },
      responses: {
        200: json('A JSON-RPC response'),
        202: { description: 'A notification was taken' },
        400: problemReference(noSession),
        401: problemReference(unauthorized),
        403: problemReference(foreign),
        404: problemReference(notServed),
        429: problemReference(tooMany),
      },
    },
  },
  '/docs': open('system.docs', 'This API, to be read in a browser', text('A page', 'text/html')),
}
