import { Problem } from '../errors/problem.ts'

/** What every store answers for a session that is not there (any more). */
export function absent(): Problem {
  return new Problem('session-not-found', 'There is no such session.')
}
