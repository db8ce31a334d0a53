import type { MessageRecord, OutboxEntry } from '../ports/message.ts'
import type { Store } from '../ports/store.ts'
import { merge } from './message-record.ts'

/** Records of messages under way or recent, in memory per session */
const CACHED = 2_000
/** ms that one is there after the last thing that happened to its message, once it left the outbox */
const RECENT = 60_000

export interface Records {
  get(id: string): Promise<MessageRecord | undefined>
  /** Takes a new version and answers the one to write: what happened to the message meanwhile is not lost. */
  put(record: MessageRecord): MessageRecord
  /** undefined where it is not in memory */
  cached(id: string): MessageRecord | undefined
}

/** The records of one session on its owner: what was changed and is not committed yet is seen here first. */
export const createRecords = ({ id, store }: { id: string; store: Store }): Records => new RecentRecords(id, store)

/** A class because each session has one, and there are thousands of sessions. */
class RecentRecords implements Records {
  readonly #id: string
  readonly #store: Store
  /** most sessions never have any */
  #cache: Map<string, MessageRecord> | undefined

  constructor(id: string, store: Store) {
    this.#id = id
    this.#store = store
  }

  async get(message: string): Promise<MessageRecord | undefined> {
    return this.#cache?.get(message) ?? (await this.#store.records.get(this.#id, message))
  }

  put(record: MessageRecord): MessageRecord {
    this.#cache ??= new Map()
    const before = this.#cache.get(record.id)
    const version = before ? merge(before, record) : record
    this.#cache.delete(record.id)
    this.#cache.set(record.id, version)
    this.#forget(this.#cache, lastOf(version) - RECENT)
    return version
  }

  cached(message: string): MessageRecord | undefined {
    return this.#cache?.get(message)
  }

  #forget(cache: Map<string, MessageRecord>, before: number): void {
    for (const [message, record] of cache) {
      const isOver = !isUnderWay(record) && lastOf(record) < before
      if (!isOver && cache.size <= CACHED) return
      cache.delete(message)
    }
  }
}

/** The record of an entry that nothing happened to yet. */
export const accepted = ({ id, to, from, acceptedAt }: Pick<OutboxEntry, 'id' | 'to' | 'from' | 'acceptedAt'>): MessageRecord => ({
  id,
  to,
  ...(from !== undefined && { from }),
  status: 'accepted',
  originId: id,
  acceptedAt,
  history: [{ status: 'accepted', at: acceptedAt }],
})

const isUnderWay = ({ status }: MessageRecord) => status === 'accepted' || status === 'sent'
const lastOf = ({ history, acceptedAt }: MessageRecord) => history.at(-1)?.at ?? acceptedAt
