import { MessageQueue, type Sent } from './message-queue.ts'
import { following, isAfter } from './position.ts'
import type { Routes } from './routing.ts'

/** Messages that were written and that the server did not count yet, by connection, in the order of their positions. */
export interface InFlight {
  add(connection: number, message: Sent): void
  /** one that another process wrote: what was written later may have been accepted earlier */
  adopt(connection: number, message: Sent): void
  /** Takes those that the server counted: all up to this position. */
  takeCounted(connection: number, position: number): Sent[]
  /** Takes all, since their stream ended or missed them. Their conversations stay on the connection until each is released from the routes. */
  takeAll(connection: number): Sent[]
  /** Is this one message alone, and everything before it was counted? The server came as far as that. */
  isNext(connection: number, messages: readonly Sent[]): boolean
  /** the positions on the connection begin anew */
  begin(connection: number): void
  count(connection: number): number
  /** characters of their stanzas */
  size(connection: number): number
  total(): number
  positions(connection: number): Set<number>
  all(): Sent[]
}

export function createInFlight({ routes }: { routes: Pick<Routes, 'hold' | 'release'> }): InFlight {
  const written = new Map<number, MessageQueue<Sent>>()
  /** what the server counted last of the present stream of each connection */
  const counted = new Map<number, number>()

  function queueOf(connection: number): MessageQueue<Sent> {
    const queue = written.get(connection) ?? new MessageQueue<Sent>()
    written.set(connection, queue)
    return queue
  }

  return {
    add(connection, message) {
      queueOf(connection).push(message)
      routes.hold(message.recipient, connection)
    },
    adopt(connection, message) {
      queueOf(connection).insert(message, (other) => isAfter(other.position, message.position))
      routes.hold(message.recipient, connection)
    },
    takeCounted(connection, position) {
      counted.set(connection, position)
      const queue = written.get(connection)
      if (queue === undefined) return []
      const first = queue.items.findIndex((message) => isAfter(message.position, position))
      const done = queue.take(first === -1 ? queue.length : first)
      for (const { recipient } of done) routes.release(recipient)
      return done
    },
    takeAll: (connection) => written.get(connection)?.take(Number.POSITIVE_INFINITY) ?? [],
    isNext(connection, messages) {
      const [only] = messages
      if (messages.length !== 1 || only === undefined || only.at === 0) return false
      return only.position === following(counted.get(connection) ?? 0)
    },
    begin: (connection) => void counted.delete(connection),
    count: (connection) => written.get(connection)?.length ?? 0,
    size: (connection) => written.get(connection)?.size ?? 0,
    total() {
      let total = 0
      for (const queue of written.values()) total += queue.length
      return total
    },
    positions: (connection) => new Set(written.get(connection)?.items.map(({ position }) => position)),
    all: () => [...written.values()].flatMap(({ items }) => items),
  }
}
