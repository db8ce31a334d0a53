import { Problem } from '../errors/problem.ts'
import type { Answer } from '../gateway/contract/operation.ts'

/**
 * Runs what honours a preference, like `wait=5`, and tells so (`Preference-Applied`, RFC 7240 section 3): by its answer, and by
 * the problem xmpp-timeout that a wait may end with.
 */
export async function applying(preference: string | undefined, run: () => Promise<Answer>): Promise<Answer> {
  if (preference === undefined) return run()
  try {
    return { ...(await run()), preferenceApplied: preference }
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'xmpp-timeout') throw error
    const headers = { ...error.options.headers, 'preference-applied': preference }
    throw new Problem(error.code, error.message, { ...error.options, headers })
  }
}
