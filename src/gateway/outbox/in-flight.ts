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

export const createInFlight = (context: InFlightContext): InFlight => new InFlightOfOutbox(context)

interface InFlightContext {
  routes: Pick<Routes, 'hold' | 'release'>
}

/** A class because each session has one, and there are thousands of sessions. */
class InFlightOfOutbox implements InFlight {
  readonly #context: InFlightContext
  // most sessions never write anything
  #written: Map<number, MessageQueue<Sent>> | undefined
  /** what the server counted last of the present stream of each connection */
  #counted: Map<number, number> | undefined

  constructor(context: InFlightContext) {
    this.#context = context
  }

  add(connection: number, message: Sent): void {
    this.#queueOf(connection).push(message)
    this.#context.routes.hold(message.recipient, connection)
  }

  adopt(connection: number, message: Sent): void {
    this.#queueOf(connection).insert(message, (other) => isAfter(other.position, message.position))
    this.#context.routes.hold(message.recipient, connection)
  }

  takeCounted(connection: number, position: number): Sent[] {
    this.#counted ??= new Map()
    this.#counted.set(connection, position)
    const queue = this.#written?.get(connection)
    if (queue === undefined) return []
    const first = queue.items.findIndex((message) => isAfter(message.position, position))
    const done = queue.take(first === -1 ? queue.length : first)
    for (const { recipient } of done) this.#context.routes.release(recipient)
    return done
  }

  takeAll(connection: number): Sent[] {
    return this.#written?.get(connection)?.take(Number.POSITIVE_INFINITY) ?? []
  }

  isNext(connection: number, messages: readonly Sent[]): boolean {
    const [only] = messages
    if (messages.length !== 1 || only === undefined || only.at === 0) return false
    return only.position === following(this.#counted?.get(connection) ?? 0)
  }

  begin(connection: number): void {
    this.#counted?.delete(connection)
  }

  count(connection: number): number {
    return this.#written?.get(connection)?.length ?? 0
  }

  size(connection: number): number {
    return this.#written?.get(connection)?.size ?? 0
  }

  total(): number {
    let total = 0
    for (const queue of this.#queues()) total += queue.length
    return total
  }

  positions(connection: number): Set<number> {
    return new Set(this.#written?.get(connection)?.items.map(({ position }) => position))
  }

  all(): Sent[] {
    return this.#queues().flatMap(({ items }) => items)
  }

  #queues(): MessageQueue<Sent>[] {
    return [...(this.#written?.values() ?? [])]
  }

  #queueOf(connection: number): MessageQueue<Sent> {
    this.#written ??= new Map()
    const queue = this.#written.get(connection) ?? new MessageQueue<Sent>()
    this.#written.set(connection, queue)
    return queue
  }
}
