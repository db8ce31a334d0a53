/** Tokens of somebody else who says who may do what (RFC 7519), verified by the keys that they publish (RFC 7517). */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'
import { Problem } from '../errors/problem.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import { type Scope, scopes } from '../gateway/ports/scope.ts'

/** ms that the keys of the issuer are kept, and between looks for one that is not known */
const KEPT = 600_000
const LOOK = 30_000
/** ms that the issuer may take to answer */
const ANSWER_WITHIN = 5_000
/** seconds that clocks may differ by */
const LEEWAY = 60

/** signatures by a key that the gateway cannot have made itself: with a shared secret whoever verifies can sign */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

export interface JwtOptions {
  issuer: string
  jwksUrl: string
  audience: string
}

/** What a token says. */
export interface JwtClaims {
  tenant: string
  scopes: Scope[]
  /** id, bare JID or full JID of the only session that it is for */
  session?: string
  /** whose it is, where it says so */
  subject?: string
  /** epoch ms */
  until: number
}

/** Verifies a token. Rejects with unauthorized, or with issuer-unavailable where the keys cannot be read. */
export type VerifyJwt = (token: string) => Promise<JwtClaims>

const claims = z.object({
  tenant: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  scope: z.union([z.string(), z.array(z.string())]).optional(),
  session: z.string().min(1).max(3_071).optional(),
  sub: z.string().max(1_000).optional(),
  exp: z.number(),
})

export function createVerifyJwt({ issuer, jwksUrl, audience }: JwtOptions, { clock }: { clock: Clock }): VerifyJwt {
  // looks for keys that are not known are ours: the first of them comes at once, however fresh the others are
  const options = { cacheMaxAge: KEPT, cooldownDuration: Number.POSITIVE_INFINITY, timeoutDuration: ANSWER_WITHIN }
  const keys = createRemoteJWKSet(new URL(jwksUrl), options)
  let lookedAt = Number.NEGATIVE_INFINITY

  async function keyOf(...token: Parameters<typeof keys>): ReturnType<typeof keys> {
    try {
      return await keys(...token)
    } catch (unknown) {
      if (!(unknown instanceof errors.JWKSNoMatchingKey) || clock.monotonic() - lookedAt < LOOK) throw unknown
      lookedAt = clock.monotonic()
      await keys.reload()
      return await keys(...token)
    }
  }

  async function verified(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: LEEWAY, requiredClaims: ['exp'] },
        currentDate: new Date(clock.now()),
      })
      return payload
    } catch (cause) {
      throw refusal(cause)
    }
  }

  return async (token) => {
    const { success, data } = claims.safeParse(await verified(token))
    if (!success) throw new Problem('unauthorized', 'The token names no tenant, or has a claim that cannot be read.')
    const { tenant, scope = [], session, sub, exp } = data
    const wanted = typeof scope === 'string' ? scope.split(' ') : scope
    return {
      tenant,
      // others mean something elsewhere
      scopes: scopes.filter((one) => wanted.includes(one)),
      ...(session !== undefined && { session }),
      ...(sub !== undefined && { subject: sub }),
      until: exp * 1_000,
    }
  }
}

/** Is it written as one? */
export const isJwt = (token: string) => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)

function refusal(cause: unknown): Problem {
  if (cause instanceof errors.JWTExpired) return new Problem('unauthorized', 'The token has expired.', { cause })
  if (cause instanceof errors.JWTClaimValidationFailed)
    return new Problem('unauthorized', `The claim ${cause.claim} of the token is not what it must be.`, { cause })
  const isOfToken = [
    ...[errors.JWSSignatureVerificationFailed, errors.JWSInvalid, errors.JWTInvalid, errors.JOSEAlgNotAllowed, errors.JOSENotSupported],
    ...[errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys],
  ].some((kind) => cause instanceof kind)
  if (isOfToken) return new Problem('unauthorized', 'The token is not signed by a key of its issuer.', { cause })
  return new Problem('issuer-unavailable', 'The keys of the issuer of tokens cannot be read now.', { cause, retryAfter: 5 })
}
