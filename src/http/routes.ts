import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Input } from '../api/checked-call.ts'
import type { Invoke } from '../api/invoke.ts'
import { parsePrefer } from '../api/prefer.ts'
import { Problem } from '../errors/problem.ts'
import type { Answer, Operation } from '../gateway/contract/operation.ts'
import { negotiate } from './accept.ts'
import { bytesOf } from './bytes.ts'
import { traceOfRequest } from './request-spans.ts'

const JSON_TYPE = 'application/json'
const XML_TYPE = 'application/xml'

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Gives every operation of the table its route. */
export function registerOperations(
  server: FastifyInstance,
  { operations, invoke }: { operations: readonly Operation[]; invoke: Invoke },
): void {
  const route = (operation: Operation) => ({
    ...{ method: operation.method, url: pathPattern(operation.path), handler: handlerOf(operation, invoke) },
    config: { ...(operation.bytesBody && { bytes: true as const }) },
  })
  for (const operation of operations) if (!operation.bytesBody) server.route(route(operation))
  server.register(async (scope) => {
    // whatever type it has, it is not looked at
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const operation of operations) if (operation.bytesBody) scope.route(route(operation))
  })
}

/** `/messages/{id}` as fastify writes it */
const pathPattern = (path: string) => path.replace(/\{(\w+)\}/g, ':$1')

/** What HTTP adds to an operation: media types, `Prefer`, the headers of the answer. */
export function handlerOf(operation: Operation, invoke: Invoke): Handler {
  const offered = typesOf(operation)
  return async (request, reply) => {
    const accepted = negotiate(request.headers.accept, offered)
    if (accepted === undefined && offered.length > 0) throw new Problem('not-acceptable', `This route answers ${offered.join(' or ')}.`)
    const isBytes = operation.bytesBody !== undefined
    const isXml = !isBytes && request.body !== undefined && isXmlType(request.headers['content-type'])
    if (isXml && !operation.xmlBody) throw new Problem('unsupported-media-type', `The body must be ${JSON_TYPE}.`)
    const accept = operation.xmlAnswer && accepted === XML_TYPE ? XML_TYPE : JSON_TYPE
    const answer = await invoke(operation, inputOf(request, reply, { isXml, isBytes, accept }))
    return sendAnswer(reply, isKnown(answer, request.headers['if-none-match']) ? { ...answer, status: 304, body: undefined } : answer)
  }
}

/** A request as what an operation is called with. */
export function inputOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { isXml, isBytes = false, accept }: Pick<Input, 'isXml' | 'isBytes' | 'accept'>,
): Input {
  return {
    caller: request.caller,
    params: request.params as Record<string, unknown>,
    query: request.query as Record<string, unknown>,
    body: isBytes ? bytesOf(request.raw) : request.body,
    isXml,
    isBytes,
    prefer: parsePrefer(request.headers.prefer),
    idempotencyKey: request.headers['idempotency-key']?.toString(),
    accept,
    requestId: request.id,
    signal: goneSignal(reply),
    origin: originOf(request),
    trace: traceOfRequest(request),
    onSession: (session) => {
      request.sessionId = session
    },
  }
}

/** As the proxy before us says it, else as the request does: it is told to this caller alone. */
function originOf({ headers }: FastifyRequest): string | undefined {
  const first = (name: string) => headers[name]?.toString().split(',', 1)[0]?.trim()
  const host = first('x-forwarded-host') ?? headers.host
  const protocol = first('x-forwarded-proto') === 'https' ? 'https' : 'http'
  return host !== undefined && /^[\w.:[\]-]+$/.test(host) ? `${protocol}://${host}` : undefined
}

/** Does the caller have this very answer already (RFC 9110 section 13.1.2)? */
function isKnown({ status, headers }: Answer, ifNoneMatch: string | undefined): boolean {
  const { etag } = headers ?? {}
  if (status !== 200 || etag === undefined || ifNoneMatch === undefined) return false
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}

function sendAnswer(reply: FastifyReply, { status, body, json, contentType, headers, preferenceApplied }: Answer): FastifyReply {
  reply.code(status)
  if (headers) reply.headers(headers)
  if (preferenceApplied !== undefined) reply.header('preference-applied', preferenceApplied)
  if (json !== undefined) return reply.type(`${JSON_TYPE}; charset=utf-8`).send(json)
  if (body === undefined) return reply.send()
  if (contentType === undefined) return reply.type(`${JSON_TYPE}; charset=utf-8`).send(JSON.stringify(body))
  if (body instanceof Uint8Array) return reply.type(contentType).send(body)
  const text = typeof body === 'string' && !contentType.includes('json') ? body : JSON.stringify(body)
  // bytes, for fastify adds a charset to text
  return reply.type(contentType).send(Buffer.from(text))
}

/** Aborts when the caller has gone before the answer was written. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort()
  })
  return controller.signal
}

/** The media types of the answers; empty where there is never a body. */
function typesOf(operation: Operation): string[] {
  const types = Object.values(operation.answers).flatMap(({ schema, contentType, bytes }) =>
    bytes ? [] : (contentType ?? (schema ? JSON_TYPE : [])),
  )
  return [...new Set(operation.xmlAnswer ? [...types, XML_TYPE] : types)].sort((one) => (one === JSON_TYPE ? -1 : 1))
}

const isXmlType = (type = '') => type.trim().toLowerCase().startsWith(XML_TYPE)
