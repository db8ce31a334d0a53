/** Named consumers of the logs in memory. */
import type { Clock } from '../../gateway/ports/clock.ts'
import { CONSUMERS_MAX, type ConsumerStore } from '../../gateway/ports/consumer.ts'
import { behind, further, placeIn } from '../consumers.ts'
import { type Cursor, formatCursor, parseCursor } from '../cursor.ts'
import type { Log } from './log.ts'

interface Kept extends Cursor {
  usedAt: number
}

/** `logOf` rejects where there is no such session; `age`: ms that one is kept after its last use. */
export function createConsumers({ logOf, clock, age }: { logOf: (session: string) => Log; clock: Clock; age: number }): ConsumerStore {
  /** they go with the log */
  const logs = new WeakMap<Log, Map<string, Kept>>()

  function consumersOf(log: Log): Map<string, Kept> {
    const known = logs.get(log) ?? new Map<string, Kept>()
    logs.set(log, known)
    const oldest = clock.now() - age
    for (const [name, { usedAt }] of known) if (usedAt <= oldest) known.delete(name)
    return known
  }

  /** Answers one that is there from now on. */
  function used(log: Log, name: string, from: () => Cursor): Kept | undefined {
    const consumers = consumersOf(log)
    const known = consumers.get(name)
    if (known === undefined && consumers.size >= CONSUMERS_MAX) return undefined
    const kept = { ...(known ?? from()), usedAt: clock.now() }
    consumers.set(name, kept)
    return kept
  }

  return {
    further,
    async use(session, name, from) {
      const log = logOf(session)
      const start = from === undefined ? undefined : placeIn(session, from)
      const kept = used(log, name, () => start ?? parseCursor(log.oldest())!)
      return kept && formatCursor(kept.log, kept.sequence)
    },
    async ack(session, name, cursor) {
      const log = logOf(session)
      const place = placeIn(session, cursor)
      const kept = used(log, name, () => place)
      if (kept === undefined) return undefined
      const end = parseCursor(log.end())!
      const isForward = place.log !== kept.log || place.sequence > kept.sequence
      if (isForward && place.log === end.log && place.sequence <= end.sequence) Object.assign(kept, place)
      return formatCursor(kept.log, kept.sequence)
    },
    async list(session) {
      const log = logOf(session)
      const floor = parseCursor(log.oldest())!.sequence
      const bounds = { log: parseCursor(log.end())!.log, head: log.head(), floor }
      return [...consumersOf(log)]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, kept]) => ({
          name,
          cursor: formatCursor(kept.log, kept.sequence),
          usedAt: kept.usedAt,
          behind: behind(kept, bounds),
        }))
    },
  }
}
