import type { RecordJson } from '../contract/message-json.ts'
import type { MessageRecord, MessageStatus } from '../ports/message.ts'

/** How far each status is; the status of a record only ever goes forward. */
const rank: Record<MessageStatus, number> = { accepted: 0, sent: 1, acked: 2, delivered: 3, displayed: 4, failed: 5, expired: 5 }

const over = (record: MessageRecord) => rank[record.status] >= rank.failed

/**
 * The record with one more thing that happened to it. Its history tells all, also an acknowledgement that comes after the
 * receipt; undefined where it is told already, where the record is over, and for a bounce of what was delivered.
 */
export function advance(
  record: MessageRecord,
  status: MessageStatus,
  at: number,
  more: Partial<MessageRecord> = {},
): MessageRecord | undefined {
  const isKnown = record.history.some((entry) => entry.status === status)
  const contradicts = rank[status] >= rank.failed && rank[record.status] >= rank.delivered
  if (isKnown || contradicts || over(record)) return undefined
  return {
    ...record,
    ...more,
    status: rank[status] > rank[record.status] ? status : record.status,
    history: [...record.history, { status, at }],
  }
}

/** Two versions of one record made at the same time, as one that tells what both do. */
export function merge(older: MessageRecord, newer: MessageRecord): MessageRecord {
  // as a rule the newer one was made from the older
  if (newer.history[older.history.length - 1] === older.history.at(-1)) return newer
  const missing = older.history.filter(({ status }) => !newer.history.some((entry) => entry.status === status))
  if (missing.length === 0) return newer
  return {
    ...older,
    ...newer,
    status: rank[older.status] > rank[newer.status] ? older.status : newer.status,
    history: [...newer.history, ...missing].sort((a, b) => a.at - b.at),
  }
}

/** The record as callers and events see it. */
export function recordJson({ id, to, from, status, originId, acceptedAt, history, error, ackBy, stanzaId }: MessageRecord): RecordJson {
  return {
    ...{ id, to, status, originId },
    ...(from !== undefined && { from }),
    acceptedAt: timestamp(acceptedAt),
    history: history.map((entry) => ({ status: entry.status, at: timestamp(entry.at) })),
    ...(error && { error }),
    ...(ackBy && { ackBy }),
    ...(stanzaId !== undefined && { stanzaId }),
  }
}

/** RFC 3339 UTC of epoch milliseconds. */
export const timestamp = createTimestamp()

/** Most times that are told are of one second: it is written once, for Date takes long over it. */
function createTimestamp(): (at: number) => string {
  let second = Number.NaN
  let text = ''
  return (at) => {
    const whole = Math.floor(at / 1000)
    if (whole !== second) {
      text = new Date(whole * 1000).toISOString().slice(0, -'000Z'.length)
      second = whole
    }
    return `${text}${String(Math.floor(at) - whole * 1000).padStart(3, '0')}Z`
  }
}
