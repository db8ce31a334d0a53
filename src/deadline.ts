/** Waits that come to an end. What is waited for goes on by itself where it is late; the timer never outlives the wait. */

/** What the promise settles to; rejects with what `late` makes when it has not after so many ms. */
export async function within<Value>(ms: number, promise: Promise<Value>, late: () => Error): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** What `run` settles to; after so many ms its signal is aborted, with what `late` makes as the reason. */
export async function withDeadline<Value>(ms: number, late: () => Error, run: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(late()), ms)
  try {
    return await run(limit.signal)
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves when the promise has settled, whichever way, or after so many ms. */
export function settledWithin(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    const settled = () => {
      clearTimeout(timer)
      resolve()
    }
    promise.then(settled, settled)
  })
}
