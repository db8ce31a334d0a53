import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'

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
 * Derives keys, at most `atOnce` in the process: a server says how long each one takes, and the threads that do it are those of DNS
 * look-ups and files. The others wait in order; who waits rejects with the reason of its signal when that is aborted.
 */
export function createDerivations({ atOnce }: { atOnce: number }): (signal: AbortSignal) => Derive {
  let free = atOnce
  const waiting = new Set<() => void>()

  function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const begin = () => {
        waiting.delete(begin)
        signal.removeEventListener('abort', leave)
        free -= 1
        resolve()
      }
      const leave = () => {
        waiting.delete(begin)
        reject(signal.reason)
      }
      if (free > 0) return begin()
      waiting.add(begin)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  return (signal) =>
    async ({ password, salt, iterations, length, algorithm }) => {
      await turn(signal)
      try {
        return await compute(password, salt, iterations, length, algorithm)
      } finally {
        free += 1
        const [next] = waiting
        next?.()
      }
    }
}
