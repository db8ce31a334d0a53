import type { MessageRecord, MessageStatus } from './ports.ts'

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
  const told = record.history.some((entry) => entry.status === status)
  const contradicts = rank[status] >= rank.failed && rank[record.status] >= rank.delivered
  if (told || contradicts || over(record)) return undefined
  return {
    ...record,
    ...more,
    status: rank[status] > rank[record.status] ? status : record.status,
    history: [...record.history, { status, at }],
  }
}

/** Two versions of one record made at the same time, as one that tells what both do. */
export function merge(older: MessageRecord, newer: MessageRecord): MessageRecord {
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
export function recordJson({ acceptedAt, history, wire: _, ...rest }: MessageRecord): Record<string, unknown> {
  return { ...rest, acceptedAt: timestamp(acceptedAt), history: history.map(({ status, at }) => ({ status, at: timestamp(at) })) }
}

/** RFC 3339 UTC of epoch milliseconds. */
export function timestamp(at: number): string {
  return new Date(at).toISOString()
}
