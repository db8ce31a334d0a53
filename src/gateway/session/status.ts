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
export const createStates = ({ clock }: { clock: Clock }): States => new SessionStates(clock)

/** A class because each session has one, and there are thousands of sessions. */
class SessionStates implements States {
  readonly #clock: Clock
  #current: { state: SessionState; since: number; reason: string | null; error?: Problem }
  #lastVerifiedAt: number | null = null
  #announced: 'never' | 'online' | 'offline' = 'never'
  #waiters: Set<() => void> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#current = { state: 'connecting', since: clock.now(), reason: null }
  }

  now(): SessionState {
    return this.#current.state
  }

  status(): ReturnType<States['status']> {
    const { state, since, reason } = this.#current
    return { state, since, reason, lastVerifiedAt: this.#lastVerifiedAt }
  }

  change(state: SessionState, { reason, error, resumed }: StateDetail): (string | undefined)[] {
    const before = this.#current
    if (state === before.state && reason === before.reason) return []
    const since = state === before.state ? before.since : this.#clock.now()
    this.#current = { state, since, reason, ...(error ? { error } : {}) }
    const offline = state === 'backoff' ? this.lost() : []
    const types = [...offline, this.#eventOf(state, resumed === true)]
    for (const look of [...(this.#waiters ?? [])]) look()
    return types
  }

  lost(): string[] {
    if (this.#announced !== 'online') return []
    this.#announced = 'offline'
    return ['session.offline']
  }

  verified(): void {
    this.#lastVerifiedAt = this.#clock.now()
  }

  reached(states: readonly SessionState[], signal: AbortSignal): ReturnType<States['reached']> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const { state, error } = this.#current
        if (!states.includes(state)) return
        end()
        resolve(error ? { state, error } : { state })
      }
      const aborted = () => {
        end()
        reject(signal.reason)
      }
      const end = () => {
        this.#waiters?.delete(look)
        if (this.#waiters?.size === 0) this.#waiters = undefined
        signal.removeEventListener('abort', aborted)
      }
      this.#waiters ??= new Set()
      this.#waiters.add(look)
      signal.addEventListener('abort', aborted)
      look()
    })
  }

  #eventOf(state: SessionState, resumed: boolean): string | undefined {
    if (state === 'conflict') return 'session.conflict'
    if (ended.includes(state)) return 'session.failed'
    if (state !== 'online') return undefined
    const type = resumed && this.#announced !== 'offline' ? 'session.resumed' : 'session.online'
    this.#announced = 'online'
    return type
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
