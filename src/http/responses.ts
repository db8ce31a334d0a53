import { Problem } from '../errors/problem.ts'

/** bytes of responses that their callers have not taken, of all and of one tenant, beyond which nothing more is read for those who have some */
const MOST = 96 * 2 ** 20
const EACH = 32 * 2 ** 20
/** bytes of a response that are not counted: the system holds them */
const SMALL = 64 * 1024

export interface Responses {
  /**
   * The problem too-busy, for what only reads, where a tenant leaves too much untaken already, or some while all together leave too much.
   * Of a response that is made already its bytes are told: a small one is not refused.
   */
  refusal(tenant: string, bytes?: number): Problem | undefined
  /** Counts the bytes of a response until what is answered is called; a small one is not counted. */
  hold(tenant: string, bytes: number): (() => void) | undefined
}

/** What is written for callers who are slow to take it, or never do. */
export function createResponses({ onFull }: { onFull: () => void }): Responses {
  const tenants = new Map<string, number>()
  let all = 0

  function add(tenant: string, bytes: number): void {
    const own = (tenants.get(tenant) ?? 0) + bytes
    all += bytes
    if (own > 0) tenants.set(tenant, own)
    else tenants.delete(tenant)
  }

  function refusal(tenant: string, bytes?: number): Problem | undefined {
    if (bytes !== undefined && bytes <= SMALL) return undefined
    const own = tenants.get(tenant) ?? 0
    if (own < EACH && (own === 0 || all < MOST)) return undefined
    onFull()
    return new Problem('too-busy', 'Too much of earlier answers was not taken yet.', { retryAfter: 1 })
  }

  return {
    refusal,
    hold(tenant, bytes) {
      if (bytes <= SMALL) return undefined
      add(tenant, bytes)
      return () => add(tenant, -bytes)
    },
  }
}
