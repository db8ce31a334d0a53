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
export function createResync({
  session,
  link,
  clock,
  online,
  onError,
}: {
  session: Pick<LiveSession, 'state' | 'commit'>
  /** what presence goes out on, and comes by */
  link: () => Pick<Connection, 'transit' | 'received'> | undefined
  clock: Clock
  online: () => boolean
  onError: (error: unknown) => void
}): Resync {
  let unseen = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let shown = false
  /** monotonic ms */
  let deadline = 0

  async function end(): Promise<void> {
    const missing = unseen
    const known = session.state.all(presences)
    // as its sender wrote it
    const nameOf = (key: string) => String(known.get(key)?.from ?? key)
    // a new bind begins anew
    while (missing.size > 0 && missing === unseen) {
      const gone = take(missing, SLICE)
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

  function wait(): void {
    clearTimeout(timer)
    const { transit, received } = link() ?? { transit: () => 0, received: () => 0 }
    const before = received()
    const look = () => {
      const arriving = received() - before >= ARRIVING && clock.monotonic() < deadline
      // what a cut stream did not bring may come when it is resumed
      if (arriving || !online()) wait()
      else end().catch(onError)
    }
    timer = setTimeout(look, WITHIN + Math.min(transit(), MOST))
  }

  return {
    start() {
      clearTimeout(timer)
      shown = false
      unseen = new Set(session.state.all(presences).keys())
    },
    appeared() {
      shown = true
      deadline = clock.monotonic() + MOST
      wait()
    },
    resumed() {
      if (shown && unseen.size > 0) wait()
    },
    seen(presence: Element) {
      if (unseen.size > 0) unseen.delete(comparable(presence.attributes.from ?? ''))
    },
    stop() {
      clearTimeout(timer)
    },
  }
}

function take<Item>(from: Set<Item>, most: number): Item[] {
  const taken: Item[] = []
  for (const item of from) {
    if (taken.length >= most) break
    taken.push(item)
    from.delete(item)
  }
  return taken
}
