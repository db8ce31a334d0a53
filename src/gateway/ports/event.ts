import type { Trace } from './tracing.ts'

/** An event before it has a cursor. */
export interface EventDraft {
  type: string
  subject?: string
  data: unknown
  /** presence and chat states: kept in a short lane of their own */
  volatile?: boolean
  /** of a stanza: a copy of one that was told makes no second event */
  copy?: Copy
  trace?: Trace | undefined
}

/** How a stanza came, and by what those that it may be a copy of are known. */
export interface Copy {
  /** the way by which it came, `/kind/…/`: a way brings each stanza once */
  way: string
  /** which of those that came this way: the same again is the same change written again */
  at: string
  /** epoch ms: when it was told, or sent where that is known */
  time: number
  /** the first that fits decides */
  keys: readonly CopyKey[]
}

export interface CopyKey {
  key: string
  /** it is remembered under this key, for `dedupAge` */
  keep: boolean
  /** What is remembered under the key and fits is what this one is a copy of; without it nothing but the same change written again is. */
  match?: {
    /** part of the ways by which it did not come yet */
    unless: string
    /** … and of one by which it did */
    by?: string
    /** epoch ms: its time is within */
    since?: number
    until?: number
  }
}

/** Stanzas remembered under one key, the oldest is forgotten; and ways by which one came */
export const COPIES_OF_KEY = 16

export const WAYS_OF_COPY = 8

export interface StoredEvent {
  /** the cursor: opaque, `[A-Za-z0-9_-]+`, unique in the gateway, bound to the session and the epoch of its log */
  id: string
  type: string
  subject?: string
  time: number
  data: unknown
  /** `data` as JSON, where it is kept so: most of it goes on as it is, and `data` is read from it when somebody asks */
  readonly json?: string | undefined
  /** bytes of that */
  readonly size?: number
  trace?: Trace
}

export interface LogPage {
  events: StoredEvent[]
  /** cursor past everything read; the cursor asked for when nothing was */
  next: string
  /** false when more is waiting */
  end: boolean
  /** something after the cursor asked for is gone */
  gap?: { from: string; to: string; reason: 'expired' | 'store-lost' }
}

export type CursorPlace =
  /** readable from here */
  | { kind: 'known' }
  /** fell out of the log; `oldest` can be read from */
  | { kind: 'expired'; oldest: string }
  /** not a cursor of this session's log */
  | { kind: 'foreign' }
  /** of another epoch, or ahead of the log */
  | { kind: 'lost'; oldest: string }
