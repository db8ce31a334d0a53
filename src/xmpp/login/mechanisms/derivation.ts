import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { Places } from '../../../fair/places.ts'

/** PBKDF2 (RFC 8018) of a password, as SCRAM needs it. */
export type Derive = (derivation: {
  password: string
  salt: Buffer
  iterations: number
  /** bytes */
  length: number
  algorithm: string
}) => Promise<Buffer>

const compute = promisify(pbkdf2)

/**
 * Derives keys, each in its place: a server says how long one takes, and the threads that do it are those of DNS look-ups and files.
 * Who waits for a place rejects with the reason of its signal when that is aborted.
 */
export function createDerivations(places: Places): (tenant: string, signal: AbortSignal) => Derive {
  return (tenant, signal) =>
    async ({ password, salt, iterations, length, algorithm }) => {
      const leave = await places.take(tenant, signal)
      try {
        return await compute(password, salt, iterations, length, algorithm)
      } finally {
        leave()
      }
    }
}
