import { createInTurn, type InTurn } from '../../fair/in-turn.ts'

interface Bucket {
  tokens: number
  /** when it had so many */
  at: number
  waiting: InTurn<() => void>
  timer?: NodeJS.Timeout
}

/** hosts whose buckets are kept though they are full */
const KEPT = 1_000

/** Tokens per host, so that a server that comes back is not overrun: `rate` per second, at most `burst` at once; tenants in turn. */
export function createTokenBuckets({ rate, burst, monotonic }: { rate: number; burst: number; monotonic: () => number }) {
  const buckets = new Map<string, Bucket>()

  function bucketOf(host: string): Bucket {
    const bucket = buckets.get(host) ?? { tokens: burst, at: monotonic(), waiting: createInTurn() }
    if (buckets.size > KEPT) for (const [name, each] of buckets) if (fill(each) >= burst) buckets.delete(name)
    buckets.set(host, bucket)
    return bucket
  }

  function fill(bucket: Bucket): number {
    const now = monotonic()
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * rate)
    bucket.at = now
    return bucket.tokens
  }

  /** gives out what there is, and comes again when there will be one more */
  function give(bucket: Bucket): void {
    delete bucket.timer
    fill(bucket)
    while (bucket.tokens >= 1) {
      const next = bucket.waiting.next()
      if (next === undefined) return
      bucket.tokens -= 1
      next.item()
    }
    if (bucket.waiting.size > 0) bucket.timer = setTimeout(give, Math.ceil(((1 - bucket.tokens) / rate) * 1000), bucket)
  }

  return {
    /** Resolves when it has one, or the signal is aborted. */
    take(host: string, tenant: string, signal: AbortSignal): Promise<void> {
      if (signal.aborted) return Promise.resolve()
      const bucket = bucketOf(host)
      return new Promise((resolve) => {
        const begin = () => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        }
        const giveUp = () => {
          bucket.waiting.remove(tenant, begin)
          resolve()
        }
        bucket.waiting.add(tenant, begin)
        signal.addEventListener('abort', giveUp, { once: true })
        if (bucket.timer === undefined) give(bucket)
      })
    },
  }
}
