import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

/**
 * Answers may get more members (readers ignore what they do not know), so an object is closed only where its schema says so;
 * a time is told by its format, without the long pattern that checks it here, and a number without the bounds that all have.
 */
export function relax({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: Record<string, unknown> }): void {
  const { def } = zodSchema._zod
  if (def.type === 'object' && !(def as z.core.$ZodObjectDef).catchall) delete jsonSchema.additionalProperties
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
}

/** Serves JSON Schemas (draft 2020-12) at `/schemas/{name}.json`; each is made when it is first asked for. */
export function registerSchemas(server: FastifyInstance, schemas: Readonly<Record<string, z.ZodType>>): void {
  for (const [name, schema] of Object.entries(schemas)) {
    let text: string | undefined
    server.get(`/schemas/${name}.json`, { config: { token: 'none' } }, async (_request, reply) => {
      text ??= JSON.stringify({
        $id: `/schemas/${name}.json`,
        ...z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'output', override: relax }),
      })
      return reply.type('application/schema+json').send(text)
    })
  }
}
