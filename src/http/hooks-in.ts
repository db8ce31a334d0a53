import type { FastifyInstance } from 'fastify'
import { decodeBody } from '../api/json.ts'
import { Problem } from '../errors/problem.ts'
import type { Trace } from '../gateway/ports/tracing.ts'
import { traceOfRequest } from './request-spans.ts'

/** bytes of what a service sends */
const BODY_MAX = 256 * 1024

/** Says what came by a hook; answers the id of the message. Rejects with a problem. */
export type Receive = (request: {
  token: string
  text: string
  contentType: string
  headers: Readonly<Record<string, string | undefined>>
  trace: Trace | undefined
}) => Promise<{ id: string }>

/** `POST /hooks/in/{token}`: of any media type, for those services send what they send. The token is in the path, and the path in no log. */
export async function registerHooksIn(server: FastifyInstance, receive: Receive): Promise<void> {
  await server.register(async (scope) => {
    // goes on to the handler of the server
    scope.setErrorHandler((thrown) => {
      const isTooLarge = thrown instanceof Error && 'code' in thrown && thrown.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
      throw isTooLarge
        ? new Problem('body-too-large', `What a service sends may have at most ${BODY_MAX} bytes.`, { cause: thrown })
        : thrown
    })
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.post<{ Params: { token: string } }>(
      '/hooks/in/:token',
      { config: { token: 'none' }, bodyLimit: BODY_MAX },
      async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const headers = request.headers as Record<string, string | undefined>
        const { id } = await receive({
          ...{ token: request.params.token, text: decodeBody(body), contentType: headers['content-type'] ?? '', headers },
          trace: traceOfRequest(request),
        })
        return reply.code(202).send({ id })
      },
    )
  })
}
