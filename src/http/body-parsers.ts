import type { FastifyInstance, FastifyRequest } from 'fastify'
import { decodeBody, parseJson } from '../api/json.ts'
import { Problem } from '../errors/problem.ts'

/** The media types that a body may have, and no others: JSON, and XML as the text that it is. */
export function registerBodyParsers(server: FastifyInstance): void {
  const parsers = { 'application/json': parseJson, 'application/xml': (text: string) => text }
  server.removeAllContentTypeParsers()
  for (const [type, parse] of Object.entries(parsers)) {
    server.addContentTypeParser(type, { parseAs: 'buffer' }, (request: FastifyRequest, bytes: Buffer, done) => {
      let body: unknown
      try {
        body = bytes.length === 0 ? undefined : parse(textOf(request, bytes))
      } catch (error) {
        return done(error as Error)
      }
      done(null, body)
    })
  }
}

function textOf(request: FastifyRequest, bytes: Buffer): string {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = request.headers
  const charset = /;\s*charset="?([^";\s]+)/i.exec(type)?.[1]
  if (encoding !== 'identity') throw new Problem('unsupported-media-type', 'The body must not be compressed.')
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw new Problem('unsupported-media-type', 'The body must be UTF-8.')
  return decodeBody(bytes)
}
