import { createInTurn, type InTurn } from '../../fair/in-turn.ts'
import { createTokenBucket, type TokenBucket } from '../../fair/token-bucket.ts'

interface Bucket {
  tokens: TokenBucket
  waiting: InTurn<() => void>
  timer?: NodeJS.Timeout
}

/** hosts whose buckets are kept though they are full */
const KEPT = 1_000

/** Tokens per host, so that a server that comes back is not overrun: `rate` per second, at most `burst` at once; tenants in turn. */
export function createTokenBuckets({ rate, burst, monotonic }: { rate: number; burst: number; monotonic: () => number }) {
  const buckets = new Map<string, Bucket>()

  function bucketOf(host: string): Bucket {
    const bucket = buckets.get(host) ?? { tokens: createTokenBucket({ rate, burst, monotonic }), waiting: createInTurn() }
    if (buckets.size > KEPT) for (const [name, { tokens }] of buckets) if (tokens.isFull()) buckets.delete(name)
    buckets.set(host, bucket)
    return bucket
  }

  /** gives out what there is, and comes again when there will be one more */
  function give(bucket: Bucket): void {
    delete bucket.timer
    const { tokens, waiting } = bucket
    while (waiting.size > 0 && tokens.take()) waiting.next()?.item()
    if (waiting.size > 0) bucket.timer = setTimeout(give, tokens.wait(), bucket)
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
