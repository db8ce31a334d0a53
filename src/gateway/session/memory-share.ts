import type { Metrics } from '../ports/metrics.ts'

/** characters that each session may have whatever the others have */
const OWN = 256 * 1024

/** What one session has of the room that all sessions of the process share for what they remember. */
export interface Share {
  /** Takes or gives back what it needs for so many characters; false where there is no room for more. */
  fits(size: number): boolean
  close(): void
}

/** Most sessions remember little; those that remember much share what is left of the memory for that. */
export function createShares({ total, metrics }: { total: number; metrics: Metrics }): () => Share {
  let left = total
  return () => {
    let taken = 0
    return {
      fits(size) {
        const more = Math.max(0, size - OWN) - taken
        if (more > left && more > 0) {
          metrics.count('bounds_reached_total', { bound: 'state-room' })
          return false
        }
        left -= more
        taken += more
        return true
      },
      close() {
        left += taken
        taken = 0
      },
    }
  }
}
