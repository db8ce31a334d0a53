/** Rooms that are tried again by themselves. */
import type { Problem } from '../../errors/problem.ts'

/** ms before a join is tried again: at first, and at most; the wait is by chance, and its bound doubles */
const AGAIN = 1_000
const AGAIN_MAX = 300_000
/** ms for which a room that is not there, or is locked, is looked for again */
const LOOKED_FOR = 300_000

/** What may be over by itself. */
const passing = new Set<string>([
  'xmpp-service-unavailable',
  'xmpp-resource-constraint',
  'xmpp-remote-server-not-found',
  'xmpp-remote-server-timeout',
  'xmpp-recipient-unavailable',
  'xmpp-internal-server-error',
  'xmpp-timeout',
])

export interface Retries {
  /** May it be over by itself? */
  isWorthIt(room: string, problem: Problem): boolean
  later(room: string): void
  forget(room: string): void
  /** what is due is left to whoever begins anew */
  pause(): void
}

export function createRetries(start: (room: string) => void): Retries {
  const failures = new Map<string, { since: number; count: number; timer?: NodeJS.Timeout }>()

  function known(room: string) {
    const failure = failures.get(room) ?? { since: Date.now(), count: 0 }
    failures.set(room, failure)
    return failure
  }

  return {
    isWorthIt: (room, { code }) => (code === 'xmpp-item-not-found' ? Date.now() - known(room).since < LOOKED_FOR : passing.has(code)),
    later(room) {
      const failure = known(room)
      clearTimeout(failure.timer)
      const most = Math.min(AGAIN * 2 ** failure.count, AGAIN_MAX)
      failure.count += 1
      failure.timer = setTimeout(() => start(room), AGAIN / 2 + Math.random() * most).unref()
    },
    forget(room) {
      clearTimeout(failures.get(room)?.timer)
      failures.delete(room)
    },
    pause() {
      for (const { timer } of failures.values()) clearTimeout(timer)
    },
  }
}
