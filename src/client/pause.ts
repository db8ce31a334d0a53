/** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const over = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', over)
      resolve()
    }, ms)
    signal?.addEventListener('abort', over, { once: true })
  })
}

/** ms before try number `tried + 1`: anything up to a bound that doubles, so that many who failed together do not come back together. */
export const jitter = (tried: number, first: number, most: number) => Math.random() * Math.min(most, first * 2 ** (tried - 1))
