/**
 * Seals secrets with AES-256-GCM (NIST SP 800-38D): a random 96-bit nonce, and the place where the secret belongs as
 * additional data, so that a sealed password moved to another tenant, session or use does not open.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import type { Seal } from './ports/seal.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** of the blob: `1.<key id>.<base64url of nonce, ciphertext, tag>` */
const VERSION = '1'

/**
 * The first key seals, every key opens: to rotate, put the new key first and drop the old one when all is sealed anew.
 * Throws a RangeError for a key that is not 32 bytes. `open` throws the problem credentials-lost for a blob that no key opens.
 */
export function createSeal(keys: Buffer[]): Seal {
  const ring = new Map(keys.map((key) => [keyId(key), key]))
  const current = keys[0]
  if (current === undefined) throw new RangeError('A seal needs a key.')
  const currentId = keyId(current)

  return {
    seal(secret, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current, nonce, { authTagLength: TAG_BYTES }).setAAD(additional(context))
      const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${VERSION}.${currentId}.${sealed.toString('base64url')}`
    },
    open(sealed, context) {
      const [version, id = '', blob = ''] = sealed.split('.')
      const key = ring.get(id)
      if (version !== VERSION || key === undefined) throw unopened('It was sealed with a key that is not among CREDENTIALS_KEY.')
      const bytes = Buffer.from(blob, 'base64url')
      if (bytes.length < NONCE_BYTES + TAG_BYTES) throw unopened('It is too short.')
      const nonce = bytes.subarray(0, NONCE_BYTES)
      const text = bytes.subarray(NONCE_BYTES, -TAG_BYTES)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        decipher.setAAD(additional(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
        return decipher.update(text, undefined, 'utf8') + decipher.final('utf8')
      } catch (cause) {
        throw unopened('It was altered, or belongs elsewhere.', cause)
      }
    },
    isCurrent: (sealed) => sealed.startsWith(`${VERSION}.${currentId}.`),
    knows: (sealed) => ring.has(sealed.split('.')[1] ?? ''),
  }
}

/** Names a key without telling it. */
function keyId(key: Buffer): string {
  if (key.length !== KEY_BYTES) throw new RangeError(`A key of the seal has ${KEY_BYTES} bytes, not ${key.length}.`)
  return createHash('sha256').update('stanzagate key id\0').update(key).digest('hex').slice(0, 8)
}

/** JSON keeps the three apart whatever they contain. */
function additional(context: { tenant: string; session: string; kind: string }): Buffer {
  return Buffer.from(JSON.stringify([context.tenant, context.session, context.kind]))
}

function unopened(why: string, cause?: unknown): Problem {
  return new Problem('credentials-lost', `What the account logs in with cannot be opened; log in again. ${why}`, { cause })
}
