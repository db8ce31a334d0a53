import { Problem } from '../../errors/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { StateDetail } from '../ports/connection.ts'
import type { SessionState, SessionStatus } from '../ports/session-record.ts'

/** states in which the session will not come back by itself */
export const ended: readonly SessionState[] = ['auth-failed', 'conflict', 'stopped']

export interface States {
  now(): SessionState
  status(): Pick<SessionStatus, 'state' | 'since' | 'reason' | 'lastVerifiedAt'>
  /** The primary changed: the types of the events that tell it, in order; undefined is a change that none tells. Empty where nothing changed. */
  change(state: SessionState, detail: StateDetail): (string | undefined)[]
  /** The stream of the primary is gone for good, whether or not another one follows at once: the types of the events that tell it. */
  lost(): string[]
  /** the server proved that the stream is alive */
  verified(): void
  /** resolves at the first of these states, with the problem that led to it */
  reached(states: readonly SessionState[], signal: AbortSignal): Promise<{ state: SessionState; error?: Problem }>
}

/** The state of a session, since when and why, and which of its changes are told: a link that flaps while it is down is told once. */
export function createStates({ clock }: { clock: Clock }): States {
  let current: { state: SessionState; since: number; reason: string | null; error?: Problem } = {
    state: 'connecting',
    since: clock.now(),
    reason: null,
  }
  let lastVerifiedAt: number | null = null
  let announced: 'never' | 'online' | 'offline' = 'never'
  const waiters = new Set<() => void>()

  function lost(): string[] {
    if (announced !== 'online') return []
    announced = 'offline'
    return ['session.offline']
  }

  function eventOf(state: SessionState, resumed: boolean): string | undefined {
    if (state === 'conflict') return 'session.conflict'
    if (ended.includes(state)) return 'session.failed'
    if (state !== 'online') return undefined
    const type = resumed && announced !== 'offline' ? 'session.resumed' : 'session.online'
    announced = 'online'
    return type
  }

  return {
    now: () => current.state,
    status: () => ({ state: current.state, since: current.since, reason: current.reason, lastVerifiedAt }),
    change(state, { reason, error, resumed }) {
      if (state === current.state && reason === current.reason) return []
      const since = state === current.state ? current.since : clock.now()
      current = { state, since, reason, ...(error ? { error } : {}) }
      const offline = state === 'backoff' ? lost() : []
      const types = [...offline, eventOf(state, resumed === true)]
      for (const look of [...waiters]) look()
      return types
    },
    lost,
    verified: () => {
      lastVerifiedAt = clock.now()
    },
    reached: (states, signal) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const { state, error } = current
          if (!states.includes(state)) return
          end()
          resolve(error ? { state, error } : { state })
        }
        const aborted = () => {
          end()
          reject(signal.reason)
        }
        const end = () => {
          waiters.delete(look)
          signal.removeEventListener('abort', aborted)
        }
        waiters.add(look)
        signal.addEventListener('abort', aborted)
        look()
      }),
  }
}

export const offline = () =>
  new Problem('session-offline', 'The session is not online at the moment; it is reconnecting.', { retryAfter: 5 })

export const stopped = (state: SessionState) =>
  new Problem(
    'session-stopped',
    `The session is in state ${state}: it does not come back by itself. Open it again with valid credentials, or delete it.`,
  )

/** Did it fail since the store takes nothing? */
export const isStoreAway = (error: unknown) => error instanceof Problem && error.code === 'store-unavailable'
