import { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import { ID_MAX } from '../gateway/ids.ts'

/** Runs what knows a value as a whole: the members that its problems name become those of the request, below `prefix`. */
export function named<T>(prefix: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof Problem) || !error.options.errors) throw error
    const errors = error.options.errors.map(({ path, message }) => ({
      path: path.startsWith('body.') ? path : `${prefix}.${path}`,
      message,
    }))
    throw new Problem(error.code, error.message, { ...error.options, errors, cause: error.cause })
  }
}

/** Of a stanza that callers wrote: what they look for by its id has to be found. */
export function checkId(id: string): void {
  if (id.length <= ID_MAX) return
  throw invalidRequest('body.id', `must have at most ${ID_MAX} characters`)
}
