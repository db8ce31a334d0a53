import { createPlaces } from '../../fair/places.ts'
import type { Store } from '../ports/store.ts'
import type { Heartbeat, Members } from './heartbeat.ts'

/** sessions that are brought up at one time: a log-in costs both sides more than anything else */
const STARTING = 20
/** … and of them those of one tenant: its servers may be slow, and another one finds a place */
const STARTING_EACH = 15

/** Sessions that this instance takes up, so many at one time. */
export interface Starts {
  /**
   * One is to be taken from whoever had it. `turns`: how many others had their turn when it was looked at; undefined: it was offered to
   * this instance. Resolves when it waits for a place.
   */
  want(id: string, how: Wanted): Promise<void>
  isWanted(id: string): boolean
  /** how many are wanted or being brought up */
  count(): number
  stop(): void
}

interface Wanted {
  from: string | undefined
  turns?: number
}

export function createStarts({
  store,
  heartbeat,
  take,
  isMine,
  onLeft,
}: {
  store: Pick<Store, 'sessions'>
  heartbeat: Heartbeat
  /** takes it from nobody, or from one that has gone; resolves when it is up or failed to come up. Never rejects. */
  take: (id: string, from: string | undefined) => Promise<void>
  /** is it this instance's, among those that are there? */
  isMine: (id: string, there: Members, turns: number) => boolean
  /** one was left to another that came meanwhile */
  onLeft: () => void
}): Starts {
  const wanted = new Map<string, Wanted>()
  const places = createPlaces({ most: STARTING, each: STARTING_EACH })
  let count = 0
  let stopped = false

  /** Whose it is; nobody's where that cannot be told now, which taking it up will tell better. */
  async function tenantOf(id: string): Promise<string> {
    const kept = await store.sessions.get(id).catch(() => undefined)
    return kept?.record.tenant ?? ''
  }

  /** When there is a place for it: others may have come since it was looked at. */
  async function start(id: string, tenant: string): Promise<void> {
    const leave = await places.take(tenant)
    try {
      const how = wanted.get(id)
      wanted.delete(id)
      if (how === undefined || stopped || !heartbeat.holdsLease()) return
      const { from, turns } = how
      if (turns === undefined || from === heartbeat.self || isMine(id, heartbeat.members, turns)) await take(id, from)
      else onLeft()
    } finally {
      leave()
    }
  }

  return {
    async want(id, how) {
      const isWanted = wanted.has(id)
      wanted.set(id, how)
      if (isWanted) return
      count += 1
      void start(id, await tenantOf(id)).finally(() => {
        count -= 1
      })
    },
    isWanted: (id) => wanted.has(id),
    count: () => count,
    stop() {
      stopped = true
      wanted.clear()
    },
  }
}
