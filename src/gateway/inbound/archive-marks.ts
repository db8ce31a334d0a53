import { defineKind, type KnownState } from '../contract/state-kind.ts'
import type { StateChange } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import { sentAt } from './stamp.ts'

/** A place in the own archive (XEP-0313). */
export interface Mark {
  /** '' where nothing was in it */
  id: string
  /** epoch ms */
  at: number
}

/** `first`: the newest message when the session was made · `last`: the newest known · `owed`: the last one known when messages began to wait. */
export type MarkName = 'first' | 'last' | 'owed'

export const archiveMarks = defineKind<Mark>({
  name: 'archive',
  bound: 'archive-marks',
  entries: 8,
  size: 1024 * 1024,
  firm: true,
})

/** Is something owed: did a catch-up not come to its end, here or in another process? */
export const isCatchUpDue = (state: KnownState): boolean => state.get(archiveMarks, 'owed') !== undefined

/** Notes the newest message known to be in the archive; `stamp` as the archive gave it. */
export function noteArchived(clock: Clock, id: string, stamp: string | undefined, name: MarkName = 'last'): StateChange {
  return archiveMarks.put(name, { id, at: sentAt(stamp, clock)?.first ?? clock.now() })
}
