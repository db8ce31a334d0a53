/** Problems as responses: of a request, and of bytes that are none. */

import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PROBLEM_TYPE, problemBody, problemHeaders, problemOf } from '../api/problem.ts'
import { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import type { Log } from '../gateway/ports/log.ts'
import { linesOfEveryResponse, ofEveryResponse } from './every-response.ts'

/** A sane id of the caller is kept, so that it can be followed through several services. */
export function requestId(given: string | string[] | undefined): string {
  if (typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given)) return given
  return `req_${randomUUID()}`
}

export type SendProblem = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => void

/** Answers with what was thrown. What was not meant for callers is told the log, and callers that it was internal. */
export function createSendProblem({ log, isDraining }: { log: Log; isDraining: () => boolean }): SendProblem {
  return (thrown, request, reply) => {
    const problem = problemOf(thrown)
    if (problem.code === 'internal-error') {
      log.error(
        { event: 'http.error', requestId: request.id, session: request.sessionId, route: request.routeOptions?.url, err: problem.cause },
        'A request failed',
      )
    }
    // closed with the rest of the body unread, the connection would be reset, and the response with it
    if (problem.code === 'body-too-large' && !isDraining()) reply.removeHeader('connection')
    void reply
      .code(problem.status)
      .headers({ 'x-request-id': request.id, ...ofEveryResponse, ...problemHeaders(problem) })
      .type(PROBLEM_TYPE)
      // bytes, for fastify adds a charset to text
      .send(Buffer.from(JSON.stringify(problemBody(problem, request.id))))
  }
}

/** What node's HTTP parser cannot read gets a problem too, as far as the socket still takes one. */
export function refuseUnparsable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = unparsable(error)
  const id = requestId(undefined)
  const body = JSON.stringify(problemBody(problem, id))
  const { [problem.status]: reason } = STATUS_CODES
  socket.end(
    `HTTP/1.1 ${problem.status} ${reason}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      [`X-Request-Id: ${id}`, ...linesOfEveryResponse, 'Connection: close', '', body].join('\r\n'),
  )
}

function unparsable(cause: Error & { code?: string }): Problem {
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('request-timeout', 'The request did not arrive in time.', { cause })
  if (cause.code === 'HPE_HEADER_OVERFLOW') return new Problem('headers-too-large', 'The head of the request is too large.', { cause })
  return invalidRequest('request', 'is not HTTP/1.1', { detail: 'Not an HTTP request.', cause })
}
