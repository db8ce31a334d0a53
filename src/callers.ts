import { createAudit } from './api/audit.ts'
import { auditOperation } from './api/audit-operation.ts'
import { createAuthenticator } from './api/authenticator.ts'
import { createVerifyJwt } from './api/jwt.ts'
import { createKeyRing } from './api/key-ring.ts'
import { createTakeRate } from './api/rate-limits.ts'
import type { Config } from './config/config.ts'
import { keyOperations } from './features/keys/operations.ts'
import type { Sessions } from './gateway/contract/session.ts'
import type { Clock } from './gateway/ports/clock.ts'
import type { Log } from './gateway/ports/log.ts'
import type { Metrics } from './gateway/ports/metrics.ts'
import type { Store } from './gateway/ports/store.ts'

/** Who may call, how often, and what is written down of it: keys, tokens, limits, audit. */
export function createCallers(
  { apiKeys: keys, metricsTokenHash, jwt, rateLimits: limits, instance }: Config,
  { store, sessions, clock, log, metrics }: { store: Store; sessions: Sessions; clock: Clock; log: Log; metrics: Metrics },
) {
  const ring = createKeyRing({ store, clock })
  const verifyJwt = jwt && createVerifyJwt(jwt, { clock })
  return {
    ring,
    authenticator: createAuthenticator({ keys, ring, metricsTokenHash, sessions, clock, log, jwt: verifyJwt }),
    takeRate: createTakeRate({ limits, store, clock, metrics }),
    audit: createAudit({ store, clock, log, instance }),
    operations: [...keyOperations({ store, ring, clock }), auditOperation({ store })],
  }
}
