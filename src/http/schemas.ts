import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

/** Serves JSON Schemas (draft 2020-12) at `/schemas/{name}.json`; each is made when it is first asked for. */
export function registerSchemas(server: FastifyInstance, schemas: Readonly<Record<string, z.ZodType>>): void {
  for (const [name, schema] of Object.entries(schemas)) {
    let text: string | undefined
    server.get(`/schemas/${name}.json`, { config: { token: 'none' } }, async (_request, reply) => {
      text ??= JSON.stringify({ $id: `/schemas/${name}.json`, ...z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'output' }) })
      return reply.type('application/schema+json').send(text)
    })
  }
}
