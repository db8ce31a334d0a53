/** How much of something was taken in a window of time, which begins with the first that is taken. */
export interface Window {
  /** is what was asked for given? What is not is not counted */
  isGiven: boolean
  taken: number
  /** ms until the window ends */
  left: number
}

export interface Windows {
  /** `by` more of what is called so, where that is not more than `quota` in a window of so many ms */
  take(name: string, by: number, quota: number, window: number): Window
}

/** `most`: windows that are remembered at one time; the oldest go */
export function createWindows({ most, monotonic }: { most: number; monotonic: () => number }): Windows {
  const open = new Map<string, { taken: number; until: number }>()

  return {
    take(name, by, quota, window) {
      const now = monotonic()
      let known = open.get(name)
      if (known === undefined || known.until <= now) {
        open.delete(name)
        for (const [oldest, { until }] of open) {
          if (open.size < most && until > now) break
          open.delete(oldest)
        }
        known = { taken: 0, until: now + window }
        open.set(name, known)
      }
      const isGiven = known.taken + by <= quota
      if (isGiven) known.taken += by
      return { isGiven, taken: known.taken, left: known.until - now }
    },
  }
}
