import type { Queued } from './message-queue.ts'

/** What was lost together goes again in so many parts, each after the one before was acknowledged. */
const PARTS = 8

/** of which nothing is known but that it was on its way once, with others */
const isOnce = ({ ended }: Queued) => ended?.streams === 1 && ended.alone === 0

const fewerEnds = (one: Queued, other: Queued) => (one.ended?.streams ?? 0) < (other.ended?.streams ?? 0)

/**
 * Which of those under suspicion go next, and nothing with them. After a lost link most of them are innocent, and go in a few parts;
 * one that was on its way twice goes alone, whoever was it the fewest times first. Order per recipient is kept.
 * `goes`: may it go where something can be sent now? `doubted`: recipients to whom nothing goes now.
 */
export function nextSuspects(waiting: readonly Queued[], goes: (item: Queued) => boolean, doubted: ReadonlySet<string>): Queued[] {
  const blocked = new Set(doubted)
  const most = Math.ceil(waiting.filter(isOnce).length / PARTS)
  const part: Queued[] = []
  let single: Queued | undefined
  for (const item of waiting) {
    const { recipient, ended } = item
    if (blocked.has(recipient)) continue
    const free = ended !== undefined && goes(item)
    if (free && isOnce(item) && part.length < most) part.push(item)
    else {
      blocked.add(recipient)
      if (free && !isOnce(item) && (!single || fewerEnds(item, single))) single = item
    }
  }
  if (part.length > 0) return part
  return single ? [single] : []
}
