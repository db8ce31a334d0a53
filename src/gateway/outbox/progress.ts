import type { Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventDraft } from '../ports/event.ts'
import type { Ended, MessageRecord, MessageStatus, OutboxEntry } from '../ports/message.ts'
import { advance, recordJson } from './message-record.ts'
import type { MessageSpans } from './message-spans.ts'
import { accepted, type Records } from './recent-records.ts'

/** ms after which it is told that a message was sent, unless it is known by then that the server has it */
const TOLD_AFTER = 300

/** A message that a socket took, and where it stands on a stream that can be resumed. */
export interface Written {
  entry: OutboxEntry
  place: string | undefined
  wire: MessageRecord['wire']
}

/** A message of which a stream ended before the server counted it. */
interface Uncounted {
  entry: OutboxEntry
  ended?: Ended
}

export interface Progress {
  /** Written to a socket: that is told once, where it lasts; where they were written last is always kept, and soon. */
  wrote(messages: readonly Written[]): void
  /** the owner before wrote it, and did not come to tell it */
  untold(entry: OutboxEntry): void
  /** They are done, one way or another: told, and out of the outbox. Resolves when that is stored; never rejects. */
  settle(entries: readonly OutboxEntry[], status: MessageStatus, more?: Partial<MessageRecord>): Promise<void>
  /** Keeps the count of streams that ended with them on their way, for the next owner. */
  lost(messages: readonly Uncounted[]): void
  /** The same, and forgets where they were written, before they are written elsewhere. */
  unwrite(messages: readonly Uncounted[]): Promise<void>
  /** tells at once what it would tell later */
  stop(): void
}

/** What becomes of messages: new versions of their records, with the events that tell them, in one write each. */
export function createProgress({
  records,
  write,
  writeSoon,
  clock,
  spans,
  onError,
}: {
  records: Records
  write: (change: Change) => Promise<unknown>
  /** … with what is written next, or some ms later */
  writeSoon: (change: Change) => Promise<unknown>
  clock: Clock
  spans?: MessageSpans | undefined
  onError: (error: unknown) => void
}): Progress {
  /** those of which it is not told that they were sent, by id, since when (epoch ms) */
  const untold = new Map<string, number>()
  let telling: NodeJS.Timeout | undefined
  let stopped = false
  const recordOf = (entry: OutboxEntry) => records.cached(entry.id) ?? accepted(entry)

  const tell = (record: MessageRecord, status: MessageStatus) => ({
    type: `message.${status}`,
    subject: record.id,
    data: recordJson(record),
    trace: record.trace,
  })

  function tellSoon(id: string, at: number): void {
    if (stopped) return
    untold.set(id, at)
    telling ??= setTimeout(tellSent, TOLD_AFTER, false)
  }

  function tellSent(isLast: boolean): void {
    clearTimeout(telling)
    telling = undefined
    const change = { events: [] as EventDraft[], records: [] as MessageRecord[] }
    const before = clock.now() - TOLD_AFTER
    for (const [id, at] of untold) {
      if (at > before && !isLast) {
        telling = setTimeout(tellSent, at - before, false)
        break
      }
      untold.delete(id)
      const record = records.cached(id)
      // what came after it says it too
      if (record?.status !== 'sent') continue
      const kept = records.put(told(record))
      change.records.push(kept)
      change.events.push(tell(kept, 'sent'))
    }
    if (change.events.length > 0) write(change).catch(onError)
  }

  return {
    wrote(messages) {
      const at = clock.now()
      const change = { records: [] as MessageRecord[] }
      for (const { entry, place, wire } of messages) {
        spans?.wrote(entry)
        const record = recordOf(entry)
        const where = wire ? { wire, place } : { place }
        const changed = advance(record, 'sent', at, { ...where, untold: true })
        change.records.push(records.put(changed ?? { ...record, ...where }))
        if (changed) tellSoon(entry.id, at)
      }
      writeSoon(change).catch(onError)
    },
    untold: ({ id }) => tellSoon(id, clock.now()),
    async settle(entries, status, more = {}) {
      const at = clock.now()
      const change = { events: [] as EventDraft[], records: [] as MessageRecord[], settled: entries.map(({ id }) => id) }
      for (const entry of entries) {
        untold.delete(entry.id)
        spans?.over(entry, status === 'acked' ? undefined : status)
        const changed = advance(recordOf(entry), status, at, { ...more, untold: undefined })
        if (!changed) continue
        const kept = records.put(changed)
        change.records.push(kept)
        change.events.push(tell(kept, status))
      }
      await write(change).catch(onError)
    },
    lost(messages) {
      const counted = messages.map(({ entry, ended }) => {
        spans?.over(entry, 'stream-lost')
        const { wire, ...record } = recordOf(entry)
        return records.put({ ...record, ...(wire && { wire: { ...wire, over: true } }), ...(ended && { ended }) })
      })
      write({ records: counted }).catch(onError)
    },
    async unwrite(messages) {
      const forgotten = messages.map(({ entry, ended }) => {
        spans?.over(entry, 'stream-lost')
        const { wire: _, ...record } = recordOf(entry)
        return records.put({ ...record, ...(ended && { ended }) })
      })
      await write({ records: forgotten })
    },
    stop() {
      stopped = true
      tellSent(true)
    },
  }
}

const told = ({ untold: _, ...record }: MessageRecord): MessageRecord => record
