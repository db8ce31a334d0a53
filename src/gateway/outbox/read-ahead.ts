import type { AcceptResult } from '../ports/change.ts'
import type { MessageRecord, OutboxEntry } from '../ports/message.ts'
import type { Store } from '../ports/store.ts'
import type { MessageQueue, Queued } from './message-queue.ts'
import type { Records } from './recent-records.ts'

/** Entries held in memory before they are sent, and their characters; what is read at one time may be more */
const AHEAD = 256
const AHEAD_SIZE = 2 * 1024 * 1024
const READ = 16
/** ms until the store is asked again after it gave no answer */
const RETRY = 500

type Entry = Awaited<ReturnType<Store['outbox']['read']>>[number]

export interface ReadAhead {
  /** there may be more in the store than is here, or what is here may go now */
  wake(): void
  /**
   * Entries were accepted at these places. True where they follow on the last that is here: they are taken as they are and need no
   * reading. Else they are read when there is room.
   */
  follows(places: (AcceptResult & { kind: 'accepted' })['places']): boolean
  /** more waits in the store than is here */
  hasMore(): boolean
  /** until what the store had at the start is known: what resolves then */
  first(): Promise<void> | undefined
  /** resolves when what is being read is here */
  done(): Promise<void>
  /** all that was not read yet, for the end: nothing more is read by itself */
  rest(): AsyncIterable<readonly OutboxEntry[]>
  stop(): void
}

/** Reads the outbox from the store, a few messages more than the wire takes now. */
export function createReadAhead({
  id,
  store,
  records,
  waiting,
  take,
  onRead,
  send,
  onError,
}: {
  id: string
  store: Pick<Store, 'outbox'>
  records: Records
  /** what was read and is not sent yet */
  waiting: Pick<MessageQueue<Queued>, 'length' | 'size'>
  /** entries in their order, and what is kept of each */
  take: (entries: readonly Entry[], kept: readonly (MessageRecord | undefined)[]) => void
  /** all is here that there is room for */
  onRead: () => void
  send: () => void
  onError: (error: unknown) => void
}): ReadAhead {
  /** place of the last entry that is here or was */
  let last: string | undefined
  /** place of the last one that was heard of */
  let newest: string | undefined
  let hasMore = false
  let reading: Promise<void> | undefined
  let first: PromiseWithResolvers<void> | undefined = Promise.withResolvers()
  let retry: NodeJS.Timeout | undefined
  let stopped = false

  const hasRoom = () => waiting.length < AHEAD && waiting.size < AHEAD_SIZE

  function wake(): void {
    hasMore = true
    if (stopped) return
    clearTimeout(retry)
    reading ??= readAndSend()
      .catch((error) => {
        onError(error)
        if (!stopped) retry = setTimeout(wake, RETRY)
      })
      .finally(() => {
        reading = undefined
        if (hasMore && hasRoom() && !stopped) wake()
      })
  }

  async function readAndSend(): Promise<void> {
    do {
      hasMore = false
      if (!(await fill())) hasMore = true
      else if (newest === last) hasMore = false
      if (!stopped) send()
    } while (hasMore && hasRoom() && !stopped)
  }

  /** true where nothing is left in the store that is not here */
  async function fill(): Promise<boolean> {
    let all = false
    while (!all && hasRoom()) {
      const entries = await next()
      const kept = await Promise.all(entries.map((entry) => records.get(entry.id)))
      last = entries.at(-1)?.place ?? last
      take(entries, kept)
      all = entries.length < READ
    }
    first?.resolve()
    first = undefined
    onRead()
    return all
  }

  const next = () => store.outbox.read(id, last, READ)

  function stop(): void {
    stopped = true
    clearTimeout(retry)
  }

  return {
    wake,
    follows(places) {
      if (stopped) return false
      newest = places?.last
      if (!hasRoom()) {
        // they are read when some of these have gone
        hasMore = true
        return false
      }
      if (reading || places === undefined || places.before !== last) {
        wake()
        return false
      }
      last = places.last
      return true
    },
    hasMore: () => hasMore,
    first: () => first?.promise,
    async done() {
      await reading
    },
    async *rest() {
      stop()
      await reading
      for (let more = await next(); more.length > 0; more = await next()) {
        last = more.at(-1)?.place
        yield more
      }
    },
    stop,
  }
}
