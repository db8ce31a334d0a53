import { hash, timingSafeEqual } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import { unknownToken } from '../errors/refusals.ts'
import { createTokenBucket } from '../fair/token-bucket.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { Sessions } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Grant, KeyRecord } from '../gateway/ports/key.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Scope } from '../gateway/ports/scope.ts'
import type { Ticket } from '../gateway/ports/store.ts'
import { hasAccount } from './accounts.ts'
import { isJwt, type VerifyJwt } from './jwt.ts'
import type { KeyRing } from './key-ring.ts'
import { checkScope } from './scopes.ts'

/** bytes of the hash of a key of the configuration that it is called by */
const NAME_BYTES = 6
/** refused tokens that are told in the log: at once, and per second */
const REFUSALS = 20
const REFUSALS_PER_SECOND = 1

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
  jwt,
  sessions,
  clock,
  log,
}: {
  keys: readonly KnownKey[]
  ring: Pick<KeyRing, 'byText' | 'byId' | 'watch' | 'watchTime'>
  metricsTokenHash: Buffer | null
  /** where there is an issuer */
  jwt?: VerifyJwt | undefined
  sessions: Pick<Sessions, 'authenticate' | 'resolve'>
  clock: Clock
  log: Log
}): Authenticator {
  /** API keys that were right once: only these, so it cannot grow, and looking up another one tells nothing about them */
  const known = new Map<string, { tenant: string; name: string }>()
  const refusals = createTokenBucket({ rate: REFUSALS_PER_SECOND, burst: REFUSALS, monotonic: clock.monotonic })

  /** looks at every key, so that the time taken tells nothing */
  function rootOf(token: string): { tenant: string; name: string } | undefined {
    const before = known.get(token)
    if (before !== undefined) return before
    const digest = sha256(token)
    let tenant: string | undefined
    for (const key of keys) if (timingSafeEqual(key.hash, digest)) tenant = key.tenant
    if (tenant === undefined) return undefined
    // tells keys of one tenant apart, and nothing of what they are
    const root = { tenant, name: `configuration:${digest.toString('hex', 0, NAME_BYTES)}` }
    known.set(token, root)
    return root
  }

  async function ofKey(token: string): Promise<Caller | undefined> {
    const root = rootOf(token)
    if (root !== undefined) return { ...root, scopes: 'all' }
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
    const { scopes = [], until = 0 } = grant
    return until > clock.now() ? { tenant, session, ...ofIssuer(grant, { scopes, until }) } : undefined
  }

  const ofIssuer = (grant: Grant, { scopes, until }: { scopes: readonly Scope[]; until: number }) => ({
    scopes,
    ...(grant.by !== undefined && { name: grant.by }),
    grant,
    watch: (ended: () => void) => ring.watchTime(until, ended),
  })

  async function ofJwt(token: string): Promise<Caller | undefined> {
    if (jwt === undefined || !isJwt(token)) return undefined
    const { tenant, scopes, session, subject = '', until } = await jwt(token)
    const only = session === undefined ? undefined : await sessions.resolve(tenant, session).catch(unlessMissing)
    const id = only?.record.id ?? session
    const grant = { scopes, by: `jwt:${subject}`, until }
    return { tenant, ...(id !== undefined && { session: id }), ...ofIssuer(grant, { scopes, until }) }
  }

  async function ofToken(token: string): Promise<Caller | undefined> {
    if (!token.startsWith('sgs_')) return (await ofKey(token)) ?? (await ofJwt(token))
    const known = await sessions.authenticate(token)
    return known && (await ofSession(known))
  }

  return {
    async caller(authorization) {
      try {
        const caller = await ofToken(bearer(authorization))
        if (caller) return caller
        throw unknownToken()
      } catch (thrown) {
        if (thrown instanceof Problem && thrown.status === 401 && authorization !== undefined && refusals.take())
          log.warn({ event: 'auth.refused', code: thrown.code, reason: thrown.message }, 'A token was refused')
        throw thrown
      }
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

/** one that there is not is not there for it either */
function unlessMissing(thrown: unknown): undefined {
  if (!(thrown instanceof Problem) || !['session-not-found', 'session-required', 'jid-malformed'].includes(thrown.code)) throw thrown
}

const isMadeKey = (token: string) => /^sgk_[\w-]{32,128}$/.test(token)

function bearer(authorization: string | undefined): string {
  const token = authorization === undefined ? undefined : /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1]
  if (token === undefined) throw new Problem('unauthorized', 'Send Authorization: Bearer with an API key or a session token.')
  return token
}

const sha256 = (text: string) => hash('sha256', text, 'buffer')
