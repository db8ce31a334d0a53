import { z } from 'zod'
import { errorTypes, type ProblemCode, problemCodes } from '../errors/catalogue.ts'
import { Problem, type ProblemOptions, problemJson, toProblem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** A problem as callers get it (RFC 9457). */
export const problemBody = (problem: Problem, requestId: string): Record<string, unknown> => ({ ...problemJson(problem), requestId })

/** The problem that such a body tells. */
export function problemFrom(body: unknown): Problem {
  const { code, detail, errors, xmpp } = body as { code: ProblemCode; detail: string } & Pick<ProblemOptions, 'errors' | 'xmpp'>
  return new Problem(code, detail, { ...(errors && { errors }), ...(xmpp && { xmpp }) })
}

/** The headers that belong to a problem. */
export function problemHeaders(problem: Problem): Record<string, string> {
  const { code, status, options } = problem
  const retryAfter = options.retryAfter ?? defaultRetryAfter(problem)
  return {
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(retryAfter !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
    ...(code === 'draining' && { connection: 'close' }),
    ...options.headers,
  }
}

/** seconds, where the contract wants the header and whoever threw had nothing better to say */
function defaultRetryAfter({ status, options }: Problem): number | undefined {
  if (options.xmpp) return options.xmpp.type === 'wait' ? 5 : undefined
  return status === 429 || status === 503 ? 2 : undefined
}

/** What fastify and node's HTTP parser throw, by their codes, as problems of the catalogue; the rest by `toProblem`. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  const { code = '', statusCode = 0 } = (thrown ?? {}) as { code?: string; statusCode?: number }
  const refuse = (path: string, message: string) => invalidRequest(path, message, { detail: message, cause: thrown })
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Problem('body-too-large', 'The body is larger than BODY_LIMIT allows.', { cause: thrown })
  if (code.startsWith('FST_ERR_CTP_INVALID_MEDIA_TYPE')) {
    return new Problem(
      'unsupported-media-type',
      'The body must be application/json, or application/xml where the route takes a stanza so.',
      {
        cause: thrown,
      },
    )
  }
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') return refuse('header.content-length', 'Content-Length is not the length of the body.')
  if (code === 'FST_ERR_BAD_URL') return refuse('path', 'The path is not percent-encoded UTF-8.')
  if (code.startsWith('FST_ERR_CTP') && statusCode < 500) return refuse('body', 'The body cannot be read.')
  return toProblem(thrown)
}

const StanzaErrorSchema = z
  .object({
    type: z.enum(errorTypes),
    condition: z.string(),
    text: z.string().optional(),
    by: z.string().optional(),
    applicationCondition: z.object({ name: z.string(), xmlns: z.string() }).optional(),
  })
  .meta({ id: 'ProblemXmpp', description: 'The stanza error behind a problem (RFC 6120 section 8.3)' })

/** Schema of a problem, for openapi.yaml. */
export const ProblemSchema = z
  .object({
    type: z.string().meta({ description: 'a URN that ends with the code' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'what happened, for a person' }),
    code: z.enum(problemCodes as [string, ...string[]]).meta({ description: 'what happened, for a program; stable' }),
    retryable: z.boolean().meta({ description: 'the same request may succeed later' }),
    requestId: z.string(),
    errors: z
      .array(z.object({ path: z.string().meta({ example: 'body.to' }), message: z.string() }))
      .optional()
      .meta({ description: 'the members of the request that are wrong' }),
    xmpp: StanzaErrorSchema.optional(),
    maxSize: z.int().optional().meta({ description: 'of body-too-large: the bytes that a file may have' }),
    oldest: z.string().optional().meta({ description: 'of cursor-expired: the oldest cursor that can be read from' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })
