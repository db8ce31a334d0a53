import { foldedBare } from '../../folded-jid.ts'
import type { Ended, OutboxEntry } from '../ports/message.ts'

/** A message that waits to be sent. */
export interface Queued {
  entry: OutboxEntry
  /** as `recipientOf` says it */
  recipient: string
  order: number
  /** in the outbox of the store */
  place?: string | undefined
  /** streams that ended with it on its way: it is under suspicion until one does not */
  ended?: Ended
}

/** Whom nothing overtakes on its way to: a bare JID, in the form in which servers compare it; of a component for each of its addresses. */
export const recipientOf = ({ to, from }: OutboxEntry): string => (from === undefined ? foldedBare(to) : `${from} ${foldedBare(to)}`)

/** A message that was written to a connection, and that its server did not count yet. */
export interface Sent extends Queued {
  position: number
  /** monotonic ms; 0 where another process wrote it */
  at: number
}

/**
 * Messages in their order, and the characters of their stanzas, which are known without looking at each.
 * A class because each session has one for itself and one for each of its connections.
 */
export class MessageQueue<Each extends Queued> {
  #items: Each[] = []
  #size = 0

  get items(): readonly Each[] {
    return this.#items
  }

  get length(): number {
    return this.#items.length
  }

  /** characters as XML */
  get size(): number {
    return this.#size
  }

  push(item: Each): void {
    this.#items.push(item)
    this.#size += item.entry.xml.length
  }

  /** Behind the last one that it does not go before. */
  insert(item: Each, goesBefore: (other: Each) => boolean): void {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (goesBefore(this.#items[middle]!)) high = middle
      else low = middle + 1
    }
    this.#items.splice(low, 0, item)
    this.#size += item.entry.xml.length
  }

  /** Takes so many from the front. */
  take(count: number): Each[] {
    const taken = this.#items.splice(0, count)
    for (const { entry } of taken) this.#size -= entry.xml.length
    return taken
  }

  replace(items: Each[]): void {
    this.#items = items
    this.#size = 0
    for (const { entry } of items) this.#size += entry.xml.length
  }

  /** These come back, each in its place. */
  putBack(items: readonly Each[]): void {
    this.replace([...this.#items, ...items].sort((a, b) => a.order - b.order))
  }
}
