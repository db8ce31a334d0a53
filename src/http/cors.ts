import type { FastifyInstance } from 'fastify'

/** seconds that a browser remembers what it may send */
const MAX_AGE = '600'

const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const ALLOWED_HEADERS =
  'Authorization, Content-Type, Accept, Idempotency-Key, If-None-Match, Last-Event-ID, Mcp-Method, Mcp-Name, MCP-Protocol-Version, Prefer, Stanzagate-Version, X-Request-Id'
const EXPOSED_HEADERS = 'Allow, ETag, Idempotency-Replayed, Location, Preference-Applied, Retry-After, WWW-Authenticate, X-Request-Id'

/** Lets the pages of some origins call (Fetch standard, CORS protocol). Without credentials: tokens are sent by the page itself. */
export function registerCors(server: FastifyInstance, allowedOrigins: readonly string[]): void {
  if (allowedOrigins.length === 0) return
  const isAny = allowedOrigins.includes('*')

  server.addHook('onRequest', async (request, reply) => {
    if (!isAny) reply.header('vary', 'Origin')
    const { origin, 'access-control-request-method': wanted } = request.headers
    if (origin === undefined || !(isAny || allowedOrigins.includes(origin))) return
    reply.headers({ 'access-control-allow-origin': isAny ? '*' : origin, 'access-control-expose-headers': EXPOSED_HEADERS })
    if (request.method !== 'OPTIONS' || wanted === undefined) return
    reply.headers({
      'access-control-allow-methods': ALLOWED_METHODS,
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': MAX_AGE,
    })
    return reply.code(204).send()
  })
}
