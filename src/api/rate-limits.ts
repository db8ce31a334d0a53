/** How often a key, or a session token, may call. */
import { createHash } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import { createWindows } from '../fair/windows.ts'
import type { Caller, Operation } from '../gateway/contract/operation.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store } from '../gateway/ports/store.ts'

/** so much in so many ms */
export interface Rate {
  quota: number
  window: number
}

export type RateClass = 'send' | 'read' | 'open'
export type RateLimits = Readonly<Partial<Record<RateClass, Rate>>>

/** ms for which each instance counts by itself after the store was away */
const ALONE = 1_000
/** callers that it remembers then */
const CALLERS_MAX = 100_000

/** Counts a call: answers the headers that say what is left, or throws too-many-requests. */
export type TakeRate = (
  operation: Pick<Operation, 'method' | 'rate' | 'weight'>,
  caller: Caller,
  body: unknown,
) => Promise<Headers | undefined>

type Headers = Readonly<Record<string, string>>

export function createTakeRate({
  limits,
  store,
  clock,
  metrics,
}: {
  limits: RateLimits
  store: Pick<Store, 'rates'>
  clock: Clock
  metrics: Pick<Metrics, 'count'>
}): TakeRate {
  const alone = createWindows({ most: CALLERS_MAX, monotonic: clock.monotonic })
  let aloneUntil = Number.NEGATIVE_INFINITY

  /** While the store is away each instance counts by itself: callers get no less than they may, and no instance more than that. */
  async function take(...args: Parameters<Store['rates']['take']>): Promise<Awaited<ReturnType<Store['rates']['take']>>> {
    if (clock.monotonic() >= aloneUntil) {
      try {
        return await store.rates.take(...args)
      } catch {
        aloneUntil = clock.monotonic() + ALONE
      }
    }
    return alone.take(...args)
  }

  return async ({ method, rate, weight }, caller, body) => {
    const name = rate ?? (method === 'GET' ? 'read' : 'send')
    const limit = limits[name]
    if (limit === undefined) return undefined
    const { quota, window } = limit
    // what is more than all of a window takes all of it
    const by = Math.min(weight?.(body) ?? 1, quota)
    const { isGiven, taken, left } = await take(`${name}:${windowOf(caller)}`, by, quota, window)
    const seconds = Math.max(1, Math.ceil(left / 1_000))
    const headers = {
      'ratelimit-policy': `"${name}";q=${quota};w=${Math.ceil(window / 1_000)}`,
      ratelimit: `"${name}";r=${quota - taken};t=${seconds}`,
    }
    if (isGiven) return headers
    metrics.count('bounds_reached_total', { bound: `rate-${name}` })
    throw new Problem('too-many-requests', `The token may do ${quota} of these in ${window / 1_000} s.`, { retryAfter: seconds, headers })
  }
}

/** Whose limits: of a key that callers made by its id, of what has none by the hash of its name. */
function windowOf({ tenant, session, key, name = '' }: Caller): string {
  const whose = JSON.stringify([tenant, session ?? key ?? name])
  return createHash('sha256').update(whose).digest('base64url').slice(0, 22)
}
