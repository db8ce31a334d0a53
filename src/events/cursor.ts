import { randomBytes } from 'node:crypto'

/**
 * What a stream tells beside the log (gaps, snapshots) needs an id too, and a reader may come back with it.
 * It is the cursor of the place in the log and one more part: `<mark>-<place>-<random>`.
 */
export const derivedId = (cursor: string) => `${cursor}-${randomBytes(9).toString('hex')}`

/** The place in the log that `after` names; undefined is the oldest kept. */
export function cursorOf(after: string): string | undefined {
  if (after === '0') return undefined
  const [mark, place, derived] = after.split('-', 3)
  return derived === undefined ? after : `${mark}-${place}`
}
