/** The logs of all sessions: what they may have together, and whose oldest events go where that is too much. */

/** part of all that the largest log loses before it is asked again which one that is */
const STEP = 64

export interface Shedding {
  /** bytes of its events, and what each takes beside its data */
  size(): number
  /** Drops its oldest events, so many bytes of them; never the newest. */
  shed(bytes: number): void
}

export interface LogBudget {
  add(log: Shedding): void
  /** nothing of it is kept any more */
  remove(log: Shedding): void
  /** One had so many bytes before. */
  changed(log: Shedding, before: number): void
}

export function createLogBudget(total: number): LogBudget {
  const all = new Set<Shedding>()
  let taken = 0

  function largest(): Shedding | undefined {
    let found: Shedding | undefined
    let most = 0
    for (const log of all) {
      const size = log.size()
      if (size > most) [found, most] = [log, size]
    }
    return found
  }

  return {
    add: (log) => void all.add(log),
    remove(log) {
      if (all.delete(log)) taken -= log.size()
    },
    changed(log, before) {
      if (!all.has(log)) return
      taken += log.size() - before
      while (taken > total) {
        const next = largest()
        const had = next?.size() ?? 0
        next?.shed(total / STEP)
        const gone = had - (next?.size() ?? 0)
        if (gone === 0) return
        taken -= gone
      }
    },
  }
}
