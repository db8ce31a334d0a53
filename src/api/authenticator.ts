import { hash, timingSafeEqual } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import { unknownToken } from '../errors/refusals.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { Sessions } from '../gateway/contract/session.ts'
import type { KeyRecord } from '../gateway/ports/key.ts'
import type { Ticket } from '../gateway/ports/store.ts'
import { hasAccount } from './accounts.ts'
import type { KeyRing } from './key-ring.ts'
import { checkScope } from './scopes.ts'

export interface KnownKey {
  tenant: string
  /** SHA-256 of the key */
  hash: Buffer
}

export interface Authenticator {
  /** the caller of an `Authorization` header; rejects with `unauthorized` */
  caller(authorization: string | undefined): Promise<Caller>
  /** Whom a ticket stands for: no more than who made it may do now. undefined: nobody any more. */
  ofTicket(ticket: Ticket): Promise<Caller | undefined>
  /** Checks that the header may read /metrics: an API key with `keys:read`, or METRICS_TOKEN. Rejects with `unauthorized`, `scope-missing`. */
  metrics(authorization: string | undefined): Promise<void>
}

/** Tells who calls: an API key of the configuration, compared by its hash in constant time, one that callers made, or a session token. */
export function createAuthenticator({
  keys,
  ring,
  metricsTokenHash,
  authenticate,
}: {
  keys: readonly KnownKey[]
  ring: Pick<KeyRing, 'byText' | 'byId' | 'watch' | 'watchTime'>
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

  async function ofKey(token: string): Promise<Caller | undefined> {
    const tenant = tenantOf(token)
    if (tenant !== undefined) return { tenant, scopes: 'all' }
    const made = isMadeKey(token) ? await ring.byText(token) : undefined
    return made && { tenant: made.tenant, ...boundsOf(made) }
  }

  const boundsOf = (key: KeyRecord): Omit<Caller, 'tenant' | 'session'> => ({
    scopes: key.scopes,
    ...(key.sessions && { sessions: key.sessions }),
    ...(key.recipients && { recipients: key.recipients }),
    key: key.id,
    grant: { key: key.id },
    watch: (ended) => ring.watch(key, ended),
  })

  /** What was made by somebody for a session can do what they may do now. */
  async function ofSession({ tenant, session, jid, grant }: Ticket & { jid?: string }): Promise<Caller | undefined> {
    if (grant === undefined) return { tenant, session, scopes: 'all' }
    if (grant.key !== undefined) {
      const key = await ring.byId(tenant, grant.key)
      const isThere = key !== undefined && (jid === undefined || hasAccount(key, jid))
      return isThere ? { tenant, session, ...boundsOf(key) } : undefined
    }
    return undefined
  }

  return {
    async caller(authorization) {
      const token = bearer(authorization)
      if (token.startsWith('sgs_')) {
        const known = await authenticate(token)
        const caller = known && (await ofSession(known))
        if (caller) return caller
      } else {
        const caller = await ofKey(token)
        if (caller) return caller
      }
      throw unknownToken()
    },

    ofTicket: ofSession,

    async metrics(authorization) {
      const token = bearer(authorization)
      if (metricsTokenHash !== null && timingSafeEqual(metricsTokenHash, sha256(token))) return
      const caller = await ofKey(token)
      if (!caller) throw unknownToken()
      checkScope({ scope: 'keys:read' }, caller)
    },
  }
}

const isMadeKey = (token: string) => /^sgk_[\w-]{32,128}$/.test(token)

function bearer(authorization: string | undefined): string {
  const token = authorization === undefined ? undefined : /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1]
  if (token === undefined) throw new Problem('unauthorized', 'Send Authorization: Bearer with an API key or a session token.')
  return token
}

const sha256 = (text: string) => hash('sha256', text, 'buffer')
