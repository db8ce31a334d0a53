import type { EventDraft } from './event.ts'
import type { MessageRecord, OutboxEntry } from './message.ts'
import type { SessionStatus } from './session-record.ts'
import type { Trace } from './tracing.ts'

/** One kept value of what a session knows: roster items, presences, own presence, directed presence, features. */
export interface StateChange {
  kind: string
  key: string
  /** null removes it */
  value: unknown
}

/** Everything an owner writes, applied in one step or not at all. */
export interface Change {
  events?: EventDraft[]
  state?: StateChange[]
  /** whole kinds to empty before `state` is applied */
  clear?: string[]
  /** new versions of records; the event of the new status is in `events` */
  records?: MessageRecord[]
  /** kept for `IQ_AGE` */
  iqs?: KeptIq[]
  /** outbox entries that are done */
  settled?: string[]
  /** per connection index: how many stanzas of its stream are stored (XEP-0198 h), and what a resume needs */
  streams?: Record<number, StreamState | null>
  status?: SessionStatus
}

/** XEP-0198 state of a connection, enough to resume it in another process. */
export interface StreamState {
  id: string
  jid: string
  /** stanzas received and stored, modulo 2^32 */
  inbound: number
  /** stanzas written, modulo 2^32 */
  outbound: number
  /** the server's last h */
  acked: number
  max: number | null
  savedAt: number
}

export interface Acceptance {
  /** `isNew`: the id was made for it, nobody has it yet */
  entries: { entry: OutboxEntry; record: MessageRecord; isNew?: boolean }[]
  events: EventDraft[]
  idempotency?: { key: string; fingerprint: string; answer: StoredAnswer }
  /** of the request: it is kept with the records, and told in the events */
  trace?: Trace | undefined
}

/** The answer of the first request with an Idempotency-Key, replayed for its repeats. */
export interface StoredAnswer {
  status: number
  body?: unknown
  headers?: Record<string, string>
  contentType?: string
}

export type AcceptResult =
  /** `places`: of the outbox before the first of these entries, and of the last */
  | { kind: 'accepted'; places?: { before: string; last: string } }
  | { kind: 'replayed'; answer: StoredAnswer }
  | { kind: 'running' }
  | { kind: 'reused' }
  | { kind: 'id-in-use'; id: string }
  /** retryAfter: seconds, from the drain rate */
  | { kind: 'full'; retryAfter: number }

/** session tokens of one session at one time */
export const TOKENS_MAX = 10_000

/** sessions of a tenant that are known to have something of one and the same id, which callers chose */
export const CHOSEN_MAX = 8

/** ms that the outcome of an iq is kept for `GET /iq/{id}` */
export const IQ_AGE = 3_600_000

export interface KeptIq {
  id: string
  session: string
  status: 'pending' | 'result' | 'error' | 'timeout'
  /** while it is pending: when its time is over, epoch ms; not told to callers */
  until?: number
  /** the answer as stanza JSON */
  iq?: unknown
  /** a problem document */
  error?: unknown
}

export type Begun = { kind: 'new' } | { kind: 'replayed'; answer: StoredAnswer } | { kind: 'running' } | { kind: 'reused' }

/** An instance as the others see it. */
export interface Member {
  /** how many sessions it has; null: it is leaving, and takes no more */
  load: number | null
  /** ms until it is gone, unless it says something before */
  left: number
}

/** The answer to a write with a lease that somebody else holds by now. */
export class Fenced extends Error {}
