/** Features by the hash that stands for them, of any account: only what was proved by its hash is kept. */

/** hashes that are remembered, and characters of their features; the oldest go first */
const MOST = 10_000
const SIZE = 8 * 1024 * 1024
/** characters of one that is remembered */
const EACH = 32 * 1024

export interface KnownCaps {
  get(key: string): readonly string[] | undefined
  put(key: string, features: readonly string[]): void
}

export function createKnownCaps(): KnownCaps {
  const known = new Map<string, { features: readonly string[]; size: number }>()
  let size = 0
  return {
    get: (key) => known.get(key)?.features,
    put(key, features) {
      const own = features.reduce((sum, feature) => sum + feature.length, key.length)
      if (own > EACH || known.has(key)) return
      known.set(key, { features, size: own })
      size += own
      for (const [oldest, entry] of known) {
        if (known.size <= MOST && size <= SIZE) break
        known.delete(oldest)
        size -= entry.size
      }
    },
  }
}
