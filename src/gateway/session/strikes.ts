import type { Ended } from '../ports/message.ts'

/** streams that may end over one thing while it is alone on its way; then it is not written again */
export const STRIKES = 3
/** streams that may end while it is on its way with others, of which nobody knows which it was */
export const ENDS = 12

/**
 * A link breaks while many things are on their way, and all of them are written again. What a server ends each stream over would
 * go on like that without end: so it is counted, goes alone, and is given up. What only had the misfortune to be on its way gets through alone.
 */
export function ended(before: Ended | undefined, { alone, refused }: { alone: boolean; refused: boolean }): Ended {
  const { streams, alone: times, refused: said } = before ?? { streams: 0, alone: 0, refused: 0 }
  return { streams: streams + 1, alone: times + Number(alone), refused: said + Number(alone && refused) }
}

export const isGivenUp = (count: Ended | undefined): boolean => count !== undefined && (count.alone >= STRIKES || count.streams >= ENDS)
