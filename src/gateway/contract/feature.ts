import type { Translator } from '../../codec/translate.ts'
import type { Problem } from '../../errors/problem.ts'
import type { Element } from '../../xml/element.ts'
import type { StateChange } from '../ports/change.ts'
import type { EventDraft } from '../ports/event.ts'
import type { MessageRecord, OutboxEntry } from '../ports/message.ts'
import type { Put } from '../ports/put.ts'
import type { EventType, Operation } from './operation.ts'
import type { LiveSession, OwnersCommand, SessionHandle, Sessions } from './session.ts'
import type { StateKind } from './state-kind.ts'

/** A message or presence that came in, with what the core found out about where it comes from. */
export interface Incoming {
  stanza: Element
  /** index of the connection that received it */
  connection: number
  /** set where `stanza` is the inner one of a carbon of our own account */
  carbon?: 'sent' | 'received'
  /** set where `stanza` is the inner one of an archive result that we asked for */
  archive?: { id: string; stamp: string }
}

/** What a stanza does: all of it is written in one commit, replies are sent after. */
export interface Effect {
  events?: EventDraft[]
  state?: StateChange[]
  records?: MessageRecord[]
  replies?: Element[]
}

export interface IqAnswer {
  type: 'get' | 'set'
  /** of the payload */
  name: string
  xmlns: string
  /** from the own account alone: others are refused, and counted as forging */
  ownAccount?: true
  /** The payload of the result (undefined: an empty result) and what it does; a thrown Problem with an xmpp code becomes the error. */
  answer(iq: Element, session: LiveSession): { payload?: Element; effect?: Effect } | Promise<{ payload?: Element; effect?: Effect }>
}

/** What operations are made with. */
export interface FeatureContext {
  vocabulary: Translator
  sessions: Sessions
  /** bytes */
  limits: { stanza: number; upload: number }
  put: Put
}

export interface Feature {
  name: string
  /** built with the whole vocabulary, so that schemas of one room can hold payloads of another */
  operations?(context: FeatureContext): Operation[]
  events?(vocabulary: Translator): EventType[]
  /** by name of `?snapshot=`: what is true now, as the events that would tell it; asked by event streams */
  snapshots?: Readonly<Record<string, (session: SessionHandle) => Promise<EventDraft[]>>>
  /** run on the instance that owns the session, for `SessionHandle.perform` */
  commands?: readonly OwnersCommand[]
  /** Is this message or presence its business alone? The first room that says so is asked for its effect, and no other. */
  claims?(incoming: Incoming, session: LiveSession): boolean
  /** asked in the order of features/index.ts, each adds its effect */
  message?(incoming: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined | Promise<Effect | undefined>
  presence?(incoming: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined | Promise<Effect | undefined>
  /** May a message of the outbox go now? With a problem that is retryable it waits, and what follows it to the same JID; with another it fails. */
  mayGo?(message: OutboxEntry, session: LiveSession): Problem | undefined
  /** Does it find out what became of a message whose stream ended before the server counted it? Then it settles that by `LiveSession.doubts`. */
  findsOut?(message: OutboxEntry, session: LiveSession): boolean
  answers?: readonly IqAnswer[]
  /** the kinds of state that this room has a session remember */
  keeps?: readonly StateKind[]
  /** service discovery features (XEP-0030), `+notify` included */
  discovers?: readonly string[]
  /** the session came to this instance: what an owner before left under way */
  taken?(session: LiveSession): void
  /** The session is not here any more, elsewhere or (`ended`) nowhere. What it is waited for has so many ms. */
  left?(session: LiveSession, how: { within: number; ended: boolean }): Promise<void>
  /** The session ends for good: what others are told before its streams close. */
  ending?(session: LiveSession, options: { status?: string }): Promise<void>
  /** work of a new bind, before the archive is read: what must be known first; in the order of features/index.ts */
  bind?(session: LiveSession): Promise<void>
  /** work of a new bind, after the archive was read: what others may see of us */
  appear?(session: LiveSession): Promise<void>
  /** the session is online, by a new bind or a resume: what was wished while it was away */
  online?(session: LiveSession): Promise<void>
  /** what a caller wants of the session was changed (what it handles, its options), while others may see it */
  changed?(session: LiveSession): Promise<void>
}
