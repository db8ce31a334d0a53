import { accountOf } from '../../jid.ts'
import type { SessionJson } from '../contract/session-json.ts'
import { timestamp } from '../outbox/message-record.ts'
import type { SessionRecord, SessionStatus } from '../ports/session-record.ts'

/** A session as callers see it, from what is known of it: times RFC 3339, no credentials. */
export function sessionView(record: SessionRecord, status: SessionStatus, outbox: { length: number; oldest?: number }): SessionJson {
  const { id, component, handles, notify, bookmarks, mds, createdAt } = record
  const { state, since, reason, lastVerifiedAt, instance, connections, unread = {} } = status
  const missing = Object.entries(unread).map(([what, { code, detail }]) => ({ what, code, detail }))
  const bound = connections[0]?.jid
  // the server makes the address of an anonymous account
  const jid = record.jid.includes('@') || !bound ? record.jid : accountOf(bound)
  return {
    id,
    jid,
    ...(component && { component }),
    state,
    since: timestamp(since),
    ...(reason === null ? {} : { reason }),
    ...(missing.length === 0 ? {} : { unread: missing }),
    connections,
    instance,
    lastVerifiedAt: lastVerifiedAt === null ? null : timestamp(lastVerifiedAt),
    outbox: { length: outbox.length, ...(outbox.oldest === undefined ? {} : { oldest: timestamp(outbox.oldest) }) },
    handles,
    ...(notify && { notify: [...notify] }),
    ...(bookmarks !== undefined && { bookmarks }),
    ...(mds !== undefined && { mds }),
    createdAt: timestamp(createdAt),
  }
}
