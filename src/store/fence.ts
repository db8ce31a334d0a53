/** fences per ms before the numbers run ahead of the clock; epoch ms times this stays a safe integer until the year 2248 */
export const FENCES_PER_MS = 1024

/** A fence greater than the last one, and, since time leads it, than any given out before the store lost its data. */
export function nextFence(last: number, now: number): number {
  return Math.max(last + 1, now * FENCES_PER_MS)
}
