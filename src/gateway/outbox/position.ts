/** Positions of stanzas on a stream: they wrap at 2^32 (XEP-0198 section 4). */

export const following = (position: number): number => (position + 1) >>> 0

/** Is position a after position b? */
export function isAfter(a: number, b: number): boolean {
  return a !== b && (a - b) >>> 0 < 0x8000_0000
}
