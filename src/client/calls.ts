import { operations } from './operations.ts'
import { jitter, pause } from './pause.ts'
import { StanzagateProblem } from './problem.ts'
import type { Operations } from './types.ts'

/** tries of a call that may be repeated */
const TRIES = 3
/** ms before the second try, at most; doubled for each further one */
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 5_000
/** seconds of a Retry-After that are waited for; who is told to wait longer is told so */
const RETRY_AFTER_MAX = 30
/** ms for one try, beyond the seconds that the gateway was asked to wait */
const TRY_WITHIN = 150_000

export type AnyId = keyof Operations
export type AnyParams = Readonly<Record<string, unknown>>

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export type AnyCall = (id: AnyId, params: AnyParams, options?: CallOptions) => Promise<unknown>

/** One try of a call, by HTTP or over a WebSocket. Rejects with a StanzagateProblem, the signal's reason, or a TypeError when nothing came back. */
export type Transport = (id: AnyId, params: AnyParams, signal: AbortSignal) => Promise<unknown>

/** Tries again what is safe to try again, where that may help. */
export function createCalls(transport: Transport): AnyCall {
  return async (id, params, { signal } = {}) => {
    if (!Object.hasOwn(operations, id)) throw new TypeError(`There is no operation ${id}`)
    const [method, , , traits] = operations[id]
    const given = traits?.repeatable ? { ...params, idempotencyKey: params.idempotencyKey ?? makeKey() } : params
    // a ticket is good for one request
    const isSafe = (method === 'GET' && given.ticket === undefined) || given.idempotencyKey !== undefined
    for (let tried = 1; ; tried++) {
      const late = AbortSignal.timeout(TRY_WITHIN + (Number(given.wait) || 0) * 1000)
      try {
        return await transport(id, given, signal ? AbortSignal.any([signal, late]) : late)
      } catch (error) {
        if (tried === TRIES || !isSafe || !isWorthAnother(error)) throw error
        const asked = error instanceof StanzagateProblem ? (error.retryAfter ?? 0) : 0
        if (asked > RETRY_AFTER_MAX) throw error
        await pause(Math.max(asked * 1000, jitter(tried, FIRST_PAUSE, LONGEST_PAUSE)), signal)
      }
    }
  }
}

/** A 504 was waited for long enough already. */
const isWorthAnother = (error: unknown) =>
  error instanceof StanzagateProblem ? error.retryable && error.status !== 504 : error instanceof TypeError

/** Not `randomUUID`: browsers have that for pages of https alone. */
function makeKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
