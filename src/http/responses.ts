import type { ServerResponse } from 'node:http'
import { Problem } from '../errors/problem.ts'

/** bytes of responses that their callers have not taken, of all and of one tenant, beyond which nothing more is read for those who have some */
const MOST = 96 * 2 ** 20
const EACH = 32 * 2 ** 20
/** bytes of a response that are not counted: the system holds them */
const SMALL = 64 * 1024

export interface Responses {
  /** the problem too-busy, for what only reads, where a tenant leaves too much untaken already, or some while all together leave too much */
  refusal(tenant: string): Problem | undefined
  /** Holds the bytes of a response until it was taken, or its connection has gone; answers the same problem where there is no room. */
  hold(tenant: string, bytes: number, response: ServerResponse): Problem | undefined
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

  function refusal(tenant: string): Problem | undefined {
    const own = tenants.get(tenant) ?? 0
    if (own < EACH && (own === 0 || all < MOST)) return undefined
    onFull()
    return new Problem('too-busy', 'Too much of earlier answers was not taken yet.', { retryAfter: 1 })
  }

  return {
    refusal,
    hold(tenant, bytes, response) {
      if (bytes <= SMALL || response.destroyed) return undefined
      // others that were asked for at the same time may have come before it; what was done has to be told
      const refused = response.req.method === 'GET' ? refusal(tenant) : undefined
      if (refused) return refused
      add(tenant, bytes)
      response.once('close', () => add(tenant, -bytes))
      return undefined
    },
  }
}
