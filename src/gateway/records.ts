import type { MessageRecord, OutboxEntry, Store } from './ports.ts'
import { merge } from './record.ts'

/** Records of messages under way or recent, held in memory per session */
const HELD = 2_000

export interface Records {
  get(id: string): Promise<MessageRecord | undefined>
  /** Takes a new version and answers the one to write: what happened to the message meanwhile is not lost. */
  hold(record: MessageRecord): MessageRecord
  held(id: string): MessageRecord | undefined
}

/** The records of one session on its owner: what was changed and is not committed yet is seen here first. */
export function createRecords({ id, store }: { id: string; store: Store }): Records {
  const held = new Map<string, MessageRecord>()
  return {
    async get(message) {
      return held.get(message) ?? (await store.records.get(id, message))
    },
    hold(record) {
      const before = held.get(record.id)
      const version = before ? merge(before, record) : record
      held.delete(record.id)
      held.set(record.id, version)
      if (held.size > HELD) held.delete(held.keys().next().value as string)
      return version
    },
    held: (message) => held.get(message),
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
