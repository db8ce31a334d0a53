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

interface ReadAheadContext {
  id: string
  store: Pick<Store, 'outbox'>
  records: Records
  /** what was read and is not sent yet */
  waiting: Pick<MessageQueue<Queued>, 'length' | 'size'>
  /** entries in their order, and what is kept of each */
  take: (entries: readonly Entry[], kept: readonly (MessageRecord | undefined)[]) => void
  /** all is here that there is room for */
  onRead: () => void
  sending: { now(): void }
  onError: (error: unknown) => void
}

/** Reads the outbox from the store, a few messages more than the wire takes now. */
export const createReadAhead = (context: ReadAheadContext): ReadAhead => new ReadAheadOfOutbox(context)

/** A class because each session has one, and there are thousands of sessions. */
class ReadAheadOfOutbox implements ReadAhead {
  readonly #context: ReadAheadContext
  /** place of the last entry that is here or was */
  #last: string | undefined
  /** place of the last one that was heard of */
  #newest: string | undefined
  #hasMore = false
  #reading: Promise<void> | undefined
  #first: PromiseWithResolvers<void> | undefined = Promise.withResolvers()
  #retry: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(context: ReadAheadContext) {
    this.#context = context
  }

  wake(): void {
    this.#hasMore = true
    if (this.#isStopped) return
    clearTimeout(this.#retry)
    this.#reading ??= this.#readAndSend()
      .catch((error) => {
        this.#context.onError(error)
        if (!this.#isStopped) this.#retry = setTimeout(() => this.wake(), RETRY)
      })
      .finally(() => {
        this.#reading = undefined
        if (this.#hasMore && this.#hasRoom() && !this.#isStopped) this.wake()
      })
  }

  follows(places: (AcceptResult & { kind: 'accepted' })['places']): boolean {
    if (this.#isStopped) return false
    this.#newest = places?.last
    if (!this.#hasRoom()) {
      // they are read when some of these have gone
      this.#hasMore = true
      return false
    }
    if (this.#reading || places === undefined || places.before !== this.#last) {
      this.wake()
      return false
    }
    this.#last = places.last
    return true
  }

  hasMore(): boolean {
    return this.#hasMore
  }

  first(): Promise<void> | undefined {
    return this.#first?.promise
  }

  async done(): Promise<void> {
    await this.#reading
  }

  async *rest(): AsyncIterable<readonly OutboxEntry[]> {
    this.stop()
    await this.#reading
    for (let more = await this.#next(); more.length > 0; more = await this.#next()) {
      this.#last = more.at(-1)?.place
      yield more
    }
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#retry)
  }

  #hasRoom(): boolean {
    const { waiting } = this.#context
    return waiting.length < AHEAD && waiting.size < AHEAD_SIZE
  }

  #next(): Promise<Entry[]> {
    const { id, store } = this.#context
    return store.outbox.read(id, this.#last, READ)
  }

  async #readAndSend(): Promise<void> {
    do {
      this.#hasMore = false
      if (!(await this.#fill())) this.#hasMore = true
      else if (this.#newest === this.#last) this.#hasMore = false
      if (!this.#isStopped) this.#context.sending.now()
    } while (this.#hasMore && this.#hasRoom() && !this.#isStopped)
  }

  /** true where nothing is left in the store that is not here */
  async #fill(): Promise<boolean> {
    const { records, take, onRead } = this.#context
    let all = false
    while (!all && this.#hasRoom()) {
      const entries = await this.#next()
      const kept = await Promise.all(entries.map((entry) => records.get(entry.id)))
      this.#last = entries.at(-1)?.place ?? this.#last
      take(entries, kept)
      all = entries.length < READ
    }
    this.#first?.resolve()
    this.#first = undefined
    onRead()
    return all
  }
}
