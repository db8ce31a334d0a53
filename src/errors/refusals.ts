/** Problems that are met in more than one place, each with its words. */
import { Problem } from './problem.ts'

/** One member of the request is wrong: `path` like `body.to`. The detail names both, unless there is a better sentence. */
export function invalidRequest(
  path: string,
  message: string,
  { detail = `${path}: ${message}`, cause }: { detail?: string; cause?: unknown } = {},
): Problem {
  return new Problem('invalid-request', detail, { errors: [{ path, message }], cause })
}

export const sessionNotFound = () => new Problem('session-not-found', 'There is no such session.')

export const tooManySessions = () => new Problem('too-many-sessions', 'The tenant has as many sessions as MAX_SESSIONS allows.')

export const cursorInvalid = () => new Problem('cursor-invalid', 'The cursor is not one of this session.')

/** between two owners */
export const sessionBetween = () => new Problem('session-offline', 'The session is being taken up by an instance.', { retryAfter: 1 })

/** told to nobody: who asked has left */
export const callerGone = () => new Problem('xmpp-timeout', 'The caller has gone.')

export const keyReused = () => new Problem('idempotency-key-reused', 'This Idempotency-Key was used for another request.')

export const unknownToken = () => new Problem('unauthorized', 'The token is not known.')

/** `most`: bytes that it may have, where that is known */
export const bodyTooLarge = (most: number | undefined) =>
  new Problem('body-too-large', most === undefined ? 'The file is too large.' : `The file may have at most ${most} bytes.`, {
    ...(most !== undefined && { members: { maxSize: most } }),
  })
