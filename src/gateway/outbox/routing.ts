import { createHash } from 'node:crypto'
import type { Queued } from './message-queue.ts'

/** The connections of a pool that conversations stay on, so that nothing overtakes. */
export interface Routes {
  /** the one of these that takes the message; undefined where it has to wait for another */
  connectionFor(message: Queued, usable: readonly number[]): number | undefined
  /** one more message for a recipient (a bare JID) is unacknowledged on a connection */
  hold(recipient: string, connection: number): void
  /** one fewer */
  release(recipient: string): void
}

export const createRoutes = (context: RoutesContext): Routes => new RoutesOfOutbox(context)

interface RoutesContext {
  primaryOnly: (to: string) => boolean
}

/** A class because each session has one, and there are thousands of sessions. */
class RoutesOfOutbox implements Routes {
  readonly #context: RoutesContext
  /** by recipient; most sessions never write anything */
  #routes: Map<string, { connection: number; count: number }> | undefined

  constructor(context: RoutesContext) {
    this.#context = context
  }

  connectionFor({ entry, recipient }: Queued, usable: readonly number[]): number | undefined {
    return connectionFor(recipient, {
      usable,
      pinned: this.#routes?.get(recipient)?.connection,
      primaryOnly: entry.type === 'groupchat' || this.#context.primaryOnly(entry.to),
    })
  }

  hold(recipient: string, connection: number): void {
    this.#routes ??= new Map()
    const route = this.#routes.get(recipient)
    if (route === undefined) this.#routes.set(recipient, { connection, count: 1 })
    else {
      route.connection = connection
      route.count += 1
    }
  }

  release(recipient: string): void {
    const route = this.#routes?.get(recipient)
    if (route === undefined) return
    route.count -= 1
    if (route.count === 0) this.#routes?.delete(recipient)
  }
}

/**
 * Which connection of the pool takes a message: by hash of the bare addressee over those that can, so that each
 * conversation keeps its order. `pinned` is the connection that still has unacknowledged ones for the addressee.
 */
export function connectionFor(
  to: string,
  { usable, pinned, primaryOnly }: { usable: readonly number[]; pinned: number | undefined; primaryOnly: boolean },
): number | undefined {
  const fixed = pinned ?? (primaryOnly ? 0 : undefined)
  if (fixed !== undefined) return usable.includes(fixed) ? fixed : undefined
  if (usable.length <= 1) return usable[0]
  // rendezvous hashing: when a connection comes or goes, only its own conversations move
  const weight = (index: number) => createHash('sha1').update(`${index} ${to}`).digest().readUIntBE(0, 6)
  return usable.map((index) => ({ index, weight: weight(index) })).reduce((best, next) => (next.weight > best.weight ? next : best)).index
}
