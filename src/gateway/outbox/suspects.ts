import type { Ended, OutboxEntry } from '../ports/message.ts'

/** What was lost together goes again in so many parts, each after the one before was acknowledged. */
const PARTS = 8

/** A message that waits to be sent. */
export interface Item {
  entry: OutboxEntry
  /** bare JID, in the form in which servers compare it */
  recipient: string
  order: number
  /** streams that ended with it on its way: it is under suspicion until one does not */
  ended?: Ended
}

/** of which nothing is known but that it was on its way once, with others */
const isOnce = ({ ended }: Item) => ended?.streams === 1 && ended.alone === 0

const fewerEnds = (one: Item, other: Item) => (one.ended?.streams ?? 0) < (other.ended?.streams ?? 0)

/**
 * Which of those under suspicion go next, and nothing with them. After a lost link most of them are innocent, and go in a few parts;
 * one that was on its way twice goes alone, whoever was it the fewest times first. Order per recipient is kept.
 * `goes`: may it go where something can be sent now? `held`: recipients to whom nothing goes now.
 */
export function nextSuspects(waiting: readonly Item[], goes: (item: Item) => boolean, held: ReadonlySet<string>): Item[] {
  const blocked = new Set(held)
  const most = Math.ceil(waiting.filter(isOnce).length / PARTS)
  const part: Item[] = []
  let single: Item | undefined
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
