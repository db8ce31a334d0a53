import type { Store } from '../ports/store.ts'
import type { OwnedSessions } from './owned-sessions.ts'

/** beats in which each session is looked at once, for what was noted to its owner and not heard */
const BEATS_PER_ROUND = 12
/** beats in which each session is tidied once, an hour: what is kept is kept for days */
const BEATS_PER_TIDYING = 720

/** A few of the own sessions at each beat: notes may have been lost, the session be gone, or be too quiet to drop what is old. */
export function createUpkeep({ store, owned }: { store: Store; owned: Pick<OwnedSessions, 'all' | 'look'> }): () => void {
  let beats = 0
  return () => {
    if (!store.durable) return
    beats += 1
    for (const [index, id] of [...owned.all.keys()].entries()) {
      if (index % BEATS_PER_ROUND === beats % BEATS_PER_ROUND) void owned.look(id).catch(() => {})
      if (index % BEATS_PER_TIDYING === beats % BEATS_PER_TIDYING) void store.sessions.tidy(id).catch(() => {})
    }
  }
}
