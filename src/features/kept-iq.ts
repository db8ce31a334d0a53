/** An iq whose outcome is kept, as callers see it. */
import { z } from 'zod'
import { Problem, problemJson } from '../errors/problem.ts'
import type { KeptIq } from '../gateway/ports/change.ts'

/** ms after its time that the outcome of a request may take to be kept */
const OVERDUE = 5_000

export const keptSchema = z
  .object({
    id: z.string(),
    status: z.enum(['pending', 'result', 'error', 'timeout']),
    iq: z.unknown().optional().meta({ description: 'The answer as stanza JSON' }),
    error: z.unknown().optional().meta({ description: 'A problem document' }),
  })
  .meta({ id: 'KeptIq', description: 'An iq whose answer is kept for an hour' })

/** One whose time is over, and whose session has no owner that could say so, is of unknown outcome. */
export function keptJson({ session: _, until, ...kept }: KeptIq): z.infer<typeof keptSchema> {
  if (kept.status !== 'pending' || until === undefined || Date.now() < until + OVERDUE) return kept
  const error = problemJson(new Problem('outcome-unknown', 'The session was lost before the answer came.'))
  return { ...kept, status: 'timeout', error }
}
