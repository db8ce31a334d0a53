/** When an event is tried again, and when no more. */

/** ms from the first try until an event is a dead letter */
export const TRIED_FOR = 72 * 3_600_000
/** ms of the longest first wait, and of the longest at all */
const FIRST = 5_000
const LONGEST = 6 * 3_600_000

/** ms before the next try where so many have failed: full jitter, `random` in [0, 1). */
export function waitAfter(failed: number, random: () => number = Math.random): number {
  // beyond that it is the longest anyway
  const doublings = Math.min(Math.max(failed - 1, 0), 30)
  return Math.floor(random() * Math.min(LONGEST, FIRST * 2 ** doublings))
}
