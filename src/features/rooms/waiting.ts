/** Who waits for what becomes of a room. */
export interface Waiting<Outcome> {
  /** Resolves with what becomes of it, undefined where ms pass before. */
  wait(room: string, ms: number, signal?: AbortSignal): Promise<Outcome | undefined>
  tell(room: string, outcome: Outcome): void
}

export function createWaiting<Outcome>(): Waiting<Outcome> {
  const waiters = new Map<string, Set<(outcome: Outcome | undefined) => void>>()
  return {
    async wait(room, ms, signal) {
      // what comes within the turn of a timer is not waited for either
      if (ms <= 0) return undefined
      const { promise, resolve } = Promise.withResolvers<Outcome | undefined>()
      const all = waiters.get(room) ?? new Set()
      waiters.set(room, all.add(resolve))
      const gone = () => resolve(undefined)
      const timer = setTimeout(gone, ms)
      signal?.addEventListener('abort', gone)
      try {
        return await promise
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', gone)
        all.delete(resolve)
        if (all.size === 0 && waiters.get(room) === all) waiters.delete(room)
      }
    },
    tell(room, outcome) {
      for (const waiter of waiters.get(room) ?? []) waiter(outcome)
    },
  }
}
