import { createInTurn } from './in-turn.ts'

/** Places for what costs everybody something: so many at one time, and of them so many for one tenant, so that another finds one. */
export interface Places {
  /** Resolves when there is one for the tenant, with what gives it back; rejects with the reason of the signal when that is aborted first. */
  take(tenant: string, signal?: AbortSignal): Promise<() => void>
}

export function createPlaces({
  most,
  each,
  onFull = () => {},
}: {
  most: number
  /** for one tenant */
  each: number
  /** somebody has to wait */
  onFull?: () => void
}): Places {
  const waiting = createInTurn<(leave: () => void) => void>()
  const taken = new Map<string, number>()
  let free = most

  const isFree = (tenant: string) => free > 0 && (taken.get(tenant) ?? 0) < each

  function enter(tenant: string): () => void {
    free -= 1
    taken.set(tenant, (taken.get(tenant) ?? 0) + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      leave(tenant)
    }
  }

  function leave(tenant: string): void {
    free += 1
    const others = (taken.get(tenant) ?? 0) - 1
    if (others > 0) taken.set(tenant, others)
    else taken.delete(tenant)
    const next = waiting.next(isFree)
    next?.item(enter(next.tenant))
  }

  return {
    take: (tenant, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        if (isFree(tenant)) return resolve(enter(tenant))
        onFull()
        const begin = (giveBack: () => void) => {
          signal?.removeEventListener('abort', giveUp)
          resolve(giveBack)
        }
        const giveUp = () => {
          waiting.remove(tenant, begin)
          reject(signal?.reason)
        }
        waiting.add(tenant, begin)
        signal?.addEventListener('abort', giveUp, { once: true })
      }),
  }
}
