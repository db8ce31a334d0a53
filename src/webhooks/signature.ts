/** Standard Webhooks 1.0.0: secrets and the three headers that a consumer verifies a request by. */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** `whsec_` and 32 random bytes in base64. */
export const newSecret = (): string => `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`

/** `whk`, `sec`: with 128 random bits behind it. */

/** The key that a secret stands for, made once for all that it signs. */
export const keyOf = (secret: string): KeyObject => createSecretKey(secret.slice(PREFIX.length), 'base64')

/**
 * The headers of one try. `id`: of the event, the same on every try, without a dot. `at`: epoch ms of this try. `body`: as it is sent.
 * One signature for each key, the newest first, so that a consumer may change its secret while both are good.
 */
export function signedHeaders({ id, at, body, keys }: { id: string; at: number; body: string; keys: readonly KeyObject[] }) {
  const timestamp = String(Math.floor(at / 1000))
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
