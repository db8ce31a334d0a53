/** bytes that each session may have whatever the others have */
const OWN = 256 * 1024

/** What all sessions may have together of one thing, in bytes, beside what each may have anyway. */
export interface Room {
  /** a session had so many bytes, and has so many now */
  moved(before: number, now: number): void
  /** Is there room for one that has so many to have so many? */
  fits(before: number, now: number): boolean
}

const over = (bytes: number) => Math.max(0, bytes - OWN)

export function createRoom(total: number): Room {
  let taken = 0
  return {
    moved(before, now) {
      taken += over(now) - over(before)
    },
    fits: (before, now) => over(now) === 0 || taken + over(now) - over(before) <= total,
  }
}
