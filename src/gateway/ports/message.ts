import type { StanzaErrorJson } from '../../errors/catalogue.ts'
import type { Trace } from './tracing.ts'

export const messageStatuses = ['accepted', 'sent', 'acked', 'delivered', 'displayed', 'failed', 'expired'] as const

export type MessageStatus = (typeof messageStatuses)[number]

/** The record of a message, as `GET /messages/{id}` gives it (times as epoch milliseconds here). */
export interface MessageRecord {
  id: string
  to: string
  /** of a component: which of its addresses sent it */
  from?: string
  status: MessageStatus
  originId: string
  acceptedAt: number
  history: { status: MessageStatus; at: number }[]
  error?: { code: string; detail: string; xmpp?: StanzaErrorJson }
  ackBy?: 'ping'
  /** of the sent carbon or the archive */
  stanzaId?: string
  /** where it was written: the number of the stanza on that stream (XEP-0198); `over`: that stream counts in `ended`. Not told to callers */
  wire?: { connection: number; stream: string; position: number; over?: true }
  /** that it was sent is kept, and not told yet; not told to callers */
  untold?: true | undefined
  /** its place in the outbox, as long as its owner knows it; a store need not look for it then. Not told to callers */
  place?: string | undefined
  /** streams that ended before the server counted it; not told to callers */
  ended?: Ended
  /** of the request that sent it; its events tell it */
  trace?: Trace
}

/** Streams that ended before it was known that the server took what was written on them. */
export interface Ended {
  /** whatever else was on its way */
  streams: number
  /** those of them on which it was alone on its way: they ended over it */
  alone: number
  /** … and where the server said that it was over what we wrote */
  refused: number
}

export interface OutboxEntry {
  /** = the record's id = stanza id */
  id: string
  /** the stanza, serialised once */
  xml: string
  to: string
  /** of a component: which of its addresses sends it */
  from?: string
  kind: 'message' | 'presence'
  /** message type, for what may be repeated after an unknown fate */
  type: string
  acceptedAt: number
  expiresAt: number | null
}
