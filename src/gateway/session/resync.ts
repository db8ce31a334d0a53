import { setImmediate as turn } from 'node:timers/promises'
import { comparable, withoutResource } from '../../jid.ts'
import type { Element } from '../../xml/element.ts'
import { presences } from '../contract/roster-and-presence.ts'
import type { LiveSession } from '../contract/session.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connection.ts'

/** ms after the own presence within which servers send that of all contacts, and longer where they heard or send it slowly */
const WITHIN = 10_000
const MOST = 300_000
/** bytes that come within that time where the rest may be on its way still */
const ARRIVING = 20_000
/** who is told as gone in one go */
const SLICE = 200

/** Who is not seen again on a new stream is told as gone. */
export interface Resync {
  /** a new stream: who is seen from now on is there */
  start(): void
  /** the own presence was sent */
  appeared(): void
  resumed(): void
  seen(presence: Element): void
  stop(): void
}

/**
 * A new stream brings the presence of those who are there, and no word about those who left meanwhile: who was there
 * before and is not seen again in time is told as unavailable.
 */
export const createResync = (context: ResyncContext): Resync => new ResyncOfSession(context)

interface ResyncContext {
  session: Pick<LiveSession, 'state' | 'commit'>
  /** what presence goes out on, and comes by */
  link: () => Pick<Connection, 'transit' | 'received'> | undefined
  clock: Clock
  online: () => boolean
  onError: (error: unknown) => void
}

/** A class because each session has one, and there are thousands of sessions. */
class ResyncOfSession implements Resync {
  readonly #context: ResyncContext
  /** undefined: all were seen */
  #unseen: Set<string> | undefined
  #timer: NodeJS.Timeout | undefined
  #isShown = false
  /** monotonic ms */
  #deadline = 0

  constructor(context: ResyncContext) {
    this.#context = context
  }

  start(): void {
    this.stop()
    this.#isShown = false
    const known = this.#context.session.state.all(presences)
    this.#unseen = known.size > 0 ? new Set(known.keys()) : undefined
  }

  appeared(): void {
    this.#isShown = true
    this.#deadline = this.#context.clock.monotonic() + MOST
    this.#wait()
  }

  resumed(): void {
    if (this.#isShown && this.#unseen !== undefined) this.#wait()
  }

  seen(presence: Element): void {
    if (this.#unseen === undefined) return
    this.#unseen.delete(comparable(presence.attributes.from ?? ''))
    if (this.#unseen.size === 0) this.#unseen = undefined
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(): void {
    this.stop()
    // nobody to be told of
    if (this.#unseen === undefined) return
    const { link, clock, online, onError } = this.#context
    const { transit = 0, received: before = 0 } = lookAt(link())
    const look = () => {
      const { received = before } = lookAt(link())
      const arriving = received - before >= ARRIVING && clock.monotonic() < this.#deadline
      // what a cut stream did not bring may come when it is resumed
      if (arriving || !online()) this.#wait()
      else this.#end().catch(onError)
    }
    this.#timer = setTimeout(look, WITHIN + Math.min(transit, MOST))
  }

  async #end(): Promise<void> {
    const missing = this.#unseen
    const { session } = this.#context
    const known = session.state.all(presences)
    // as its sender wrote it
    const nameOf = (key: string) => String(known.get(key)?.from ?? key)
    // a new bind begins anew
    while (missing !== undefined && missing === this.#unseen) {
      const gone = take(missing, SLICE)
      if (missing.size === 0) this.#unseen = undefined
      await session.commit({
        events: gone.map(nameOf).map((from) => ({
          type: 'presence.unavailable',
          subject: withoutResource(from),
          volatile: true,
          data: { from, type: 'unavailable', source: 'resync' },
        })),
        state: gone.map(presences.remove),
      })
      await turn()
    }
  }
}

const lookAt = (link: Pick<Connection, 'transit' | 'received'> | undefined) =>
  link ? { transit: link.transit(), received: link.received() } : {}

function take<Item>(from: Set<Item>, most: number): Item[] {
  const taken: Item[] = []
  for (const item of from) {
    if (taken.length >= most) break
    taken.push(item)
    from.delete(item)
  }
  return taken
}
