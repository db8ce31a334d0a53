import { Problem } from '../errors.ts'

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
