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
export function createRecords({ id, store }: { id: string; store: Store }): Records {
  const cache = new Map<string, MessageRecord>()

  function forget(before: number): void {
    for (const [message, record] of cache) {
      const isOver = !isUnderWay(record) && lastOf(record) < before
      if (!isOver && cache.size <= CACHED) return
      cache.delete(message)
    }
  }

  return {
    async get(message) {
      return cache.get(message) ?? (await store.records.get(id, message))
    },
    put(record) {
      const before = cache.get(record.id)
      const version = before ? merge(before, record) : record
      cache.delete(record.id)
      cache.set(record.id, version)
      forget(lastOf(version) - RECENT)
      return version
    },
    cached: (message) => cache.get(message),
  }
}

/** The record of an entry that nothing happened to yet. */
export const accepted = ({ id, to, acceptedAt }: Pick<OutboxEntry, 'id' | 'to' | 'acceptedAt'>): MessageRecord => ({
  id,
  to,
  status: 'accepted',
  originId: id,
  acceptedAt,
  history: [{ status: 'accepted', at: acceptedAt }],
})

const isUnderWay = ({ status }: MessageRecord) => status === 'accepted' || status === 'sent'
const lastOf = ({ history, acceptedAt }: MessageRecord) => history.at(-1)?.at ?? acceptedAt
