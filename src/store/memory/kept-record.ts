import type { MessageRecord } from '../../gateway/ports/message.ts'

export interface KeptRecord {
  /** its place in the outbox, 0 where it never was there */
  place: number
  /** nobody changes one that was made */
  record: Readonly<MessageRecord>
}
