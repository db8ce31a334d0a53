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
  const room = { left: total, metrics }
  return () => new SessionShare(room)
}

/** A class because each session has one, and there are thousands of sessions. */
class SessionShare implements Share {
  readonly #room: { left: number; metrics: Metrics }
  #taken = 0

  constructor(room: { left: number; metrics: Metrics }) {
    this.#room = room
  }

  fits(size: number): boolean {
    const more = Math.max(0, size - OWN) - this.#taken
    if (more > this.#room.left && more > 0) {
      this.#room.metrics.count('bounds_reached_total', { bound: 'state-room' })
      return false
    }
    this.#room.left -= more
    this.#taken += more
    return true
  }

  close(): void {
    this.#room.left += this.#taken
    this.#taken = 0
  }
}
