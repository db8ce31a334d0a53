import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { check, refuse } from '../api/validation.ts'
import type { WhichSession } from '../api/which-session.ts'
import { invalidRequest } from '../errors/refusals.ts'
import type { Mcp } from '../mcp/mcp.ts'
import { checkOrigin } from './origin.ts'
import { traceOfRequest } from './request-spans.ts'
import { goneSignal } from './routes.ts'

const query = z.strictObject({ session: z.string().optional() })

/** `POST /mcp`: the tools of one session, that of the token or of `?session=`. */
export function registerMcp(
  server: FastifyInstance,
  { mcp, which, allowedOrigins }: { mcp: Mcp; which: WhichSession; allowedOrigins: readonly string[] },
): void {
  server.post('/mcp', { onRequest: async ({ headers }) => checkOrigin(headers, allowedOrigins) }, async (request, reply) => {
    const { caller, headers, id: requestId, body } = request
    const { faults } = check(query, 'query', request.query)
    if (faults.length > 0) throw refuse(faults)
    const session = await which({ session: 'named' }, { caller, params: {}, query: request.query as Record<string, unknown> })
    request.sessionId = session!.record.id
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalidRequest('body', 'must be one JSON-RPC message')
    const signal = goneSignal(reply)
    const trace = traceOfRequest(request)
    const answer = await mcp.answer({ caller, session: session!.record.id, body, headers, requestId, signal, trace })
    const words = await answer.text()
    reply.code(answer.status)
    return words === '' ? reply.send() : reply.type('application/json; charset=utf-8').send(words)
  })
}
