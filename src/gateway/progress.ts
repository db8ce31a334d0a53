import type { Change, Clock, MessageRecord, MessageStatus, OutboxEntry } from './ports.ts'
import { advance, recordJson } from './record.ts'
import { accepted, type Records } from './records.ts'

export interface Progress {
  /** Written to a socket: told once; where it was written last is always kept. */
  wrote(entry: OutboxEntry, wire: Pick<MessageRecord, 'wire'>): void
  /** They are done, one way or another: told, and out of the outbox. */
  settle(entries: readonly OutboxEntry[], status: MessageStatus, more?: Partial<MessageRecord>): void
  /** Forgets where they were written, before they are written elsewhere. */
  unwrite(entries: readonly OutboxEntry[]): Promise<void>
}

/** What becomes of messages: new versions of their records, with the events that tell them, in one write each. */
export function createProgress({
  records,
  write,
  clock,
  onError,
}: {
  records: Records
  write: (change: Change) => Promise<unknown>
  clock: Clock
  onError: (error: unknown) => void
}): Progress {
  const recordOf = (entry: OutboxEntry) => records.held(entry.id) ?? accepted(entry)

  function versions(entries: readonly OutboxEntry[], status: MessageStatus, more: Partial<MessageRecord>) {
    const at = clock.now()
    const changed = entries
      .map((entry) => advance(recordOf(entry), status, at, more))
      .filter((record) => record !== undefined)
      .map(records.hold)
    const events = changed.map((record) => ({ type: `message.${status}`, subject: record.id, data: recordJson(record) }))
    return { records: changed, events }
  }

  return {
    wrote(entry, wire) {
      const { events, records: changed } = versions([entry], 'sent', wire)
      const kept = changed.length > 0 ? changed : [records.hold({ ...recordOf(entry), ...wire })]
      write({ events, records: kept }).catch(onError)
    },
    settle(entries, status, more = {}) {
      write({ ...versions(entries, status, more), settled: entries.map(({ id }) => id) }).catch(onError)
    },
    async unwrite(entries) {
      const forgotten = entries.map((entry) => {
        const { wire: _, ...record } = recordOf(entry)
        return records.hold(record)
      })
      await write({ records: forgotten })
    },
  }
}
