import type { Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventDraft } from '../ports/event.ts'
import type { Ended, MessageRecord, MessageStatus, OutboxEntry } from '../ports/message.ts'
import { advance, recordJson } from './message-record.ts'
import { accepted, type Records } from './recent-records.ts'

/** A message that a socket took, and where it stands on a stream that can be resumed. */
export interface Written {
  entry: OutboxEntry
  wire?: NonNullable<MessageRecord['wire']>
}

/** A message of which a stream ended before the server counted it. */
interface Uncounted {
  entry: OutboxEntry
  ended?: Ended
}

export interface Progress {
  /** Written to a socket: told once; where they were written last is always kept. */
  wrote(messages: readonly Written[]): void
  /** They are done, one way or another: told, and out of the outbox. Resolves when that is stored; never rejects. */
  settle(entries: readonly OutboxEntry[], status: MessageStatus, more?: Partial<MessageRecord>): Promise<void>
  /** Keeps the count of streams that ended with them on their way, for the next owner. */
  lost(messages: readonly Uncounted[]): void
  /** The same, and forgets where they were written, before they are written elsewhere. */
  unwrite(messages: readonly Uncounted[]): Promise<void>
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
  const recordOf = (entry: OutboxEntry) => records.cached(entry.id) ?? accepted(entry)

  const tell = (record: MessageRecord, status: MessageStatus) => ({
    type: `message.${status}`,
    subject: record.id,
    data: recordJson(record),
  })

  return {
    wrote(messages) {
      const at = clock.now()
      const change = { events: [] as EventDraft[], records: [] as MessageRecord[] }
      for (const { entry, ...wire } of messages) {
        const record = recordOf(entry)
        const changed = advance(record, 'sent', at, wire)
        const kept = records.put(changed ?? { ...record, ...wire })
        change.records.push(kept)
        if (changed) change.events.push(tell(kept, 'sent'))
      }
      write(change).catch(onError)
    },
    async settle(entries, status, more = {}) {
      const at = clock.now()
      const change = { events: [] as EventDraft[], records: [] as MessageRecord[], settled: entries.map(({ id }) => id) }
      for (const entry of entries) {
        const changed = advance(recordOf(entry), status, at, more)
        if (!changed) continue
        const kept = records.put(changed)
        change.records.push(kept)
        change.events.push(tell(kept, status))
      }
      await write(change).catch(onError)
    },
    lost(messages) {
      const counted = messages.map(({ entry, ended }) => {
        const { wire, ...record } = recordOf(entry)
        return records.put({ ...record, ...(wire && { wire: { ...wire, over: true } }), ...(ended && { ended }) })
      })
      write({ records: counted }).catch(onError)
    },
    async unwrite(messages) {
      const forgotten = messages.map(({ entry, ended }) => {
        const { wire: _, ...record } = recordOf(entry)
        return records.put({ ...record, ...(ended && { ended }) })
      })
      await write({ records: forgotten })
    },
  }
}
