import { hash, timingSafeEqual } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import { unknownToken } from '../errors/refusals.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { Sessions } from '../gateway/contract/session.ts'

export interface KnownKey {
  tenant: string
  /** SHA-256 of the key */
  hash: Buffer
}

export interface Authenticator {
  /** the caller of an `Authorization` header; rejects with `unauthorized` */
  caller(authorization: string | undefined): Promise<Caller>
  /** whether the header may read /metrics: an API key or METRICS_TOKEN; throws `unauthorized` */
  metrics(authorization: string | undefined): void
}

/** Tells who calls: an API key of a tenant, compared by its hash in constant time, or a session token. */
export function createAuthenticator({
  keys,
  metricsTokenHash,
  authenticate,
}: {
  keys: readonly KnownKey[]
  metricsTokenHash: Buffer | null
  authenticate: Sessions['authenticate']
}): Authenticator {
  /** API keys that were right once: only these, so it cannot grow, and looking up another one tells nothing about them */
  const known = new Map<string, string>()

  /** looks at every key, so that the time taken tells nothing */
  function tenantOf(token: string): string | undefined {
    let tenant = known.get(token)
    if (tenant !== undefined) return tenant
    const digest = sha256(token)
    for (const key of keys) if (timingSafeEqual(key.hash, digest)) tenant = key.tenant
    if (tenant !== undefined) known.set(token, tenant)
    return tenant
  }

  return {
    async caller(authorization) {
      const token = bearer(authorization)
      if (token.startsWith('sgs_')) {
        const known = await authenticate(token)
        if (known) return { ...known, scopes: 'all' }
      } else {
        const tenant = tenantOf(token)
        if (tenant !== undefined) return { tenant, scopes: 'all' }
      }
      throw unknownToken()
    },

    metrics(authorization) {
      const token = bearer(authorization)
      const isMetricsToken = metricsTokenHash !== null && timingSafeEqual(metricsTokenHash, sha256(token))
      if (!isMetricsToken && tenantOf(token) === undefined) throw unknownToken()
    },
  }
}

function bearer(authorization: string | undefined): string {
  const token = authorization === undefined ? undefined : /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1]
  if (token === undefined) throw new Problem('unauthorized', 'Send Authorization: Bearer with an API key or a session token.')
  return token
}

const sha256 = (text: string) => hash('sha256', text, 'buffer')
