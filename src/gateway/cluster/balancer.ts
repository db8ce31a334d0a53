import { hash } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Heartbeat, Members } from './heartbeat.ts'
import { createStarts } from './starts.ts'

/** sessions whose owners are asked for at one time */
const LOOKED_AT = 500
/** ms between looks at all sessions, for what no death and no hand-over told of */
const LOOK = 60_000
/** what an instance may have more than its share before it hands sessions over: of the share, and at least */
const TOLERANCE = 0.05
const TOLERANCE_MIN = 1
/** sessions that it hands over at each beat */
const HANDED_OVER = 20

export interface Balancer {
  /** The session has no owner any more, and is this instance's to take. */
  offered(id: string): void
  /** who of the others is to have it, first the one that should */
  heirs(id: string): string[]
  /** to be called after each beat: who has gone since */
  beat(gone: readonly string[]): void
  /** not all that are owned by this instance are here, or it may have lost some to nobody */
  doubt(): void
  stop(): void
}

/**
 * Which sessions this instance takes and which it hands over. Each session has an order of all instances, another one for each session:
 * the first of those that are there takes it at once, the next only when none before it did. All sessions are only looked at
 * when an instance has gone, while some are still free, and once in a while.
 */
export function createBalancer({
  store,
  clock,
  heartbeat,
  count,
  isHere,
  take,
  movable,
  give,
  onError,
}: {
  store: Pick<Store, 'sessions' | 'leases' | 'durable'>
  clock: Clock
  heartbeat: Heartbeat
  /** sessions that this instance has */
  count: () => number
  isHere: (id: string) => boolean
  /** takes it from nobody, or from one that has gone; resolves when it is up or failed to come up. Never rejects. */
  take: (id: string, from: string | undefined) => Promise<void>
  /** sessions that can go elsewhere without anybody seeing it */
  movable: () => Iterable<string>
  give: (id: string, heir: string) => void
  onError: (error: unknown) => void
}): Balancer {
  const starts = createStarts({ store, heartbeat, take, isMine, onLeft: doubt })
  let looking = false
  let due = true
  let lookedAt = Number.NEGATIVE_INFINITY
  /** free sessions at the last look that others were to take, and how many instances had their turn */
  let freeBefore = 0
  let turns = 0
  /** sessions that it had at the last beat */
  let countBefore = 0
  let stopped = false

  /** Is it this instance's, among those that are there, or has everybody before it had its turn? `turns`: how many had. */
  function isMine(id: string, there: Members, turns: number): boolean {
    const place = inOrder(id, takers(there)).indexOf(heartbeat.self)
    return place >= 0 && place <= turns
  }

  function doubt(): void {
    due = true
  }

  async function look(): Promise<void> {
    let free = 0
    for await (const ids of inPortions(store.sessions.ids(), LOOKED_AT)) {
      if (stopped) return
      free += await lookAt(ids.filter((id) => !isHere(id) && !starts.isWanted(id)))
    }
    // as long as there are fewer each time, somebody is at it
    if (free === 0) turns = 0
    else if (freeBefore > 0 && free >= freeBefore) turns += 1
    freeBefore = free
  }

  /** Takes what is this instance's turn; answers how many are free and are not. */
  async function lookAt(ids: readonly string[]): Promise<number> {
    const { self, members } = heartbeat
    const holders = await store.leases.owners(ids)
    const suspects = ids
      .map((id, index) => ({ id, holder: holders[index] }))
      .filter(({ holder }) => holder === undefined || holder === self || !members.has(holder))
    if (suspects.length === 0) return 0
    // after the owners were read: one that is not there now will never be
    const there = await heartbeat.membersNow()
    let others = 0
    const mine: Promise<void>[] = []
    for (const { id, holder } of suspects) {
      if (holder !== undefined && holder !== self && there.has(holder)) continue
      if (holder === self || isMine(id, there, turns)) mine.push(starts.want(id, { from: holder, turns }))
      else others += 1
    }
    await Promise.all(mine)
    return others
  }

  /** Hands a few over where this instance has more than its share. Not while it gets more: what is known of the others is older. */
  function balance(): void {
    const grows = count() > countBefore
    countBefore = count()
    if (grows) return
    const { excess, room } = surplus(heartbeat, count())
    if (excess === 0) return
    let handed = 0
    for (const id of movable()) {
      if (handed >= Math.min(excess, HANDED_OVER)) return
      const heir = inOrder(id, room.keys()).find((name) => (room.get(name) ?? 0) > 0)
      if (heir === undefined) return
      room.set(heir, (room.get(heir) ?? 0) - 1)
      give(id, heir)
      handed += 1
    }
  }

  return {
    offered: (id) => void (stopped || starts.want(id, { from: undefined })),
    heirs: (id) =>
      inOrder(
        id,
        takers(heartbeat.members).filter((name) => name !== heartbeat.self),
      ),
    beat(gone) {
      // without a store that others see there is nothing to share
      if (stopped || looking || !store.durable) return
      const now = clock.monotonic()
      if (due || gone.length > 0 || freeBefore > 0 || now - lookedAt > LOOK) {
        due = false
        looking = true
        lookedAt = now
        look()
          .catch((error) => {
            due = true
            onError(error)
          })
          .finally(() => {
            looking = false
          })
      } else if (starts.count() === 0) balance()
    },
    doubt,
    stop() {
      stopped = true
      starts.stop()
    },
  }
}

/** How many sessions it has more than its share, where that is worth a hand-over, and how many fewer each of the others has. */
function surplus({ self, members }: Pick<Heartbeat, 'self' | 'members'>, own: number): { excess: number; room: Map<string, number> } {
  const others = [...members].flatMap(([name, { load }]) => (name === self || load === null ? [] : [{ name, load }]))
  const total = others.reduce((sum, { load }) => sum + load, own)
  const share = Math.ceil(total / (others.length + 1))
  const isWorthIt = others.length > 0 && own - share > Math.max(TOLERANCE_MIN, share * TOLERANCE)
  return { excess: isWorthIt ? own - share : 0, room: new Map(others.map(({ name, load }) => [name, share - load])) }
}

/** those that are not leaving */
const takers = (members: Members): string[] => [...members].filter(([, { load }]) => load !== null).map(([name]) => name)

/** Names by what they and the id come to together: when one goes, its sessions go to all others alike, and no other moves. */
export function inOrder(id: string, names: Iterable<string>): string[] {
  return [...names]
    .map((name) => ({ name, weight: hash('sha1', `${id} ${name}`) }))
    .sort((one, other) => (one.weight < other.weight ? -1 : 1))
    .map(({ name }) => name)
}

/** What came before a failure comes too. */
async function* inPortions<Item>(items: AsyncIterable<Item>, size: number): AsyncIterable<Item[]> {
  let portion: Item[] = []
  let failed: unknown
  try {
    for await (const item of items) {
      portion.push(item)
      if (portion.length < size) continue
      yield portion
      portion = []
    }
  } catch (error) {
    failed = error
  }
  if (portion.length > 0) yield portion
  if (failed !== undefined) throw failed
}
