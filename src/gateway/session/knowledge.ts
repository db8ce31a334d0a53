import type { Records } from '../outbox/recent-records.ts'
import type { Change } from '../ports/change.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { Journal } from './journal.ts'
import type { Mirror } from './mirror.ts'

/** What a session knows, and how that changes. */
export interface Knowledge {
  /** as it was when it was taken up */
  readonly record: SessionRecord
  readonly state: Mirror
  /** Applies state and records of a change to memory at once; answers the change to write, with what had to go for it. */
  remember(change: Change): Change
  /** The same, and writes it: one fenced write. */
  commit(change: Change): Promise<string[]>
  /** The same of what is in no hurry: it goes with what is written next. */
  commitSoon(change: Change): Promise<string[]>
}

export function createKnowledge({
  record,
  mirror,
  records,
  journal,
}: {
  record: SessionRecord
  mirror: Mirror
  records: Records
  journal: Pick<Journal, 'write' | 'writeSoon'>
}): Knowledge {
  function remember(change: Change): Change {
    const gone = mirror.apply(change)
    const kept = gone.length > 0 ? { ...change, state: [...(change.state ?? []), ...gone] } : change
    return kept.records ? { ...kept, records: kept.records.map((record) => records.put(record)) } : kept
  }

  return {
    record,
    state: mirror,
    remember,
    commit: (change) => journal.write(remember(change)),
    commitSoon: (change) => journal.writeSoon(remember(change)),
  }
}
