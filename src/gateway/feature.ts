/**
 * The contract of a feature room: definitions (JSON ⇄ XML), operations (what callers can ask), events (what they are told),
 * and what the room does with incoming stanzas. app.ts hands these tables to http, events, gateway and xmpp.
 */
import type { z } from 'zod'
import type { ProblemCode, StanzaErrorJson } from '../errors.ts'
import type { Element } from '../stanza/element.ts'
import type { Definition, Translator } from '../stanza/translate.ts'
import type { Patience } from './correlate.ts'
import type { KindBounds } from './kind.ts'
import type { LargeAnswers, Room } from './large.ts'
import type {
  Acceptance,
  AcceptResult,
  Change,
  EventDraft,
  KeptIq,
  MessageRecord,
  SaslOptions,
  SessionRecord,
  SessionStatus,
  StateChange,
  StoredAnswer,
} from './ports.ts'
import type { Repeated } from './repeated.ts'

// ---------------------------------------------------------------- operations

export interface Caller {
  tenant: string
  /** set for a session token: this session and nothing else */
  session?: string
}

/** A call of an operation, however it came in. The members are what the operation's schemas made of the request. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  caller: Caller
  /** the session that the call acts for; absent where the operation's `session` is 'none' */
  session: SessionHandle
  params: Params
  query: Query
  body: Body
  /** parsed `Prefer`; a handler that honours one says so in Answer.preferenceApplied */
  prefer: { wait?: number; respondAsync?: boolean }
  /** of the request's Idempotency-Key; only operations with `idempotency: 'own'` see it */
  idempotency?: { key: string; fingerprint: string }
  /** media type wanted: 'application/json' unless the operation offers XML and the caller asked for it */
  accept: 'application/json' | 'application/xml'
  requestId: string
  /** aborted when the caller has gone */
  signal: AbortSignal
}

export interface Answer {
  status: number
  /** JSON, or a string with `contentType` */
  body?: unknown
  /** instead of a body: it is written already */
  json?: string
  contentType?: string
  headers?: Record<string, string>
  preferenceApplied?: string
}

export interface Operation {
  /** the operationId: `messages.send` */
  id: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/messages/{id}` */
  path: string
  summary: string
  description?: string
  /** required: `?session=` or a session token · carried: the session is told by the id in the path · none: acts for no session */
  session: 'required' | 'carried' | 'none'
  params?: z.ZodObject
  query?: z.ZodObject
  /** schema of a JSON body; its absence means that no body is taken */
  body?: z.ZodType
  /** takes application/xml too: `body` is then the string as it came */
  xmlBody?: boolean
  /** can answer application/xml too */
  xmlAnswer?: boolean
  answers: Record<number, { description: string; schema?: z.ZodType; contentType?: string }>
  problems: readonly ProblemCode[]
  /** generic: http keeps and replays the answer · own: the operation does it in its store call */
  idempotency?: 'generic' | 'own'
  run(call: Call): Promise<Answer>
}

// ---------------------------------------------------------------- events

export interface EventType {
  /** `message.received` */
  type: string
  description: string
  /** of `data` */
  schema: z.ZodType
}

// ---------------------------------------------------------------- incoming stanzas

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

// ---------------------------------------------------------------- sessions, from the two sides

/** What operations see of a session, whichever instance owns it. */
export interface SessionHandle {
  readonly record: SessionRecord
  status(): Promise<SessionStatus>
  /** Callers chose these ids for something of this session: who names one finds it without naming the session. `accept` does it by itself. */
  chosen(ids: readonly string[]): Promise<void>
  /** Rejects with session-stopped where the session will not come online by itself. */
  accept(acceptance: Acceptance): Promise<AcceptResult>
  /** replaces the answer that `accept` stored for an Idempotency-Key, when waiting made it another one */
  answered(idempotency: { key: string; fingerprint: string }, answer: StoredAnswer): Promise<void>
  /** a message's record */
  message(id: string): Promise<MessageRecord | undefined>
  /** waits until the record of a message has one of these statuses, or `ms` passed; answers the record as it is then */
  awaitMessage(id: string, until: readonly MessageRecord['status'][], ms: number, signal: AbortSignal): Promise<MessageRecord | undefined>
  /** what the session knows of a kind, by key: of these keys, or all */
  state(kind: string, keys?: readonly string[]): Promise<Map<string, unknown>>
  stateKeys(kind: string): Promise<string[]>
  keptIq(id: string): Promise<KeptIq | undefined>
  /** Runs a feature's command where the session lives; args and result are JSON. `repeatable`: twice does no harm. Rejects with session-offline, session-stopped. */
  perform(command: string, args: unknown, options: { timeout: number; signal?: AbortSignal; repeatable?: boolean }): Promise<unknown>
}

export interface ArchiveQuery {
  /** bare or full JID of the other side */
  with?: string
  /** XEP-0082 times */
  start?: string
  end?: string
  /** ids of the archive; `before: ''` is the last page */
  after?: string
  before?: string
  limit: number
}

export interface Archived {
  /** the archive's id of it, which is the stanza-id of its other copies */
  id: string
  /** XEP-0082, as the archive gave it */
  stamp: string
  stanza: Element
}

export interface ArchivePage {
  /** oldest first */
  items: Archived[]
  /** nothing is beyond it; false also where it ends for its size */
  complete: boolean
  first?: string
  last?: string
}

/** What a feature's code sees of a session on the instance that owns it. */
export interface LiveSession {
  readonly record: SessionRecord
  /** true for a JID that one of our connections is or was bound to */
  isOwn(jid: string): boolean
  /** full JID of the primary, null while it is not bound */
  readonly jid: string | null
  /** stream features of the primary (xmlns) */
  readonly features: readonly string[]
  /** what the session knows, mirrored in memory: reads are synchronous and see every applied change */
  state: {
    get(kind: string, key: string): unknown
    all(kind: string): ReadonlyMap<string, unknown>
    /** keys that are JIDs of this account */
    ofAccount(kind: string, account: string): readonly string[]
  }
  /** Sends an iq and waits for its answer. `to` absent: the own account. Rejects with the stanza's problem, xmpp-timeout, session-offline. */
  iq(
    request: { type: 'get' | 'set'; to?: string; id?: string; payload: Element },
    options: Patience & { signal?: AbortSignal; room?: Room },
  ): Promise<Element>
  /** Room for an answer of the own server that has so many bytes at most, until the work with it is done. */
  large: LargeAnswers['use']
  /** Waits for the answer to an iq that an owner before sent on the same stream. Rejects as `iq` does. */
  answer(request: { id: string; type: 'get' | 'set'; to?: string }, options: { timeout: number }): Promise<Element>
  /** Answers an iq that was raised as `iq.requested`. Throws iq-not-found. */
  reply(answer: IqReply): void
  /** Writes a stanza on the primary now. Rejects with session-offline, session-stopped. */
  send(stanza: Element): Promise<void>
  /** For what each new stream of the primary gets again. */
  repeated: Pick<Repeated, 'write' | 'forget' | 'isOnItsWay' | 'isOpen'>
  /** is the primary, with the work of its bind done? */
  online(): boolean
  /** One fenced write. */
  commit(change: Change): Promise<string[]>
  /** an own message as it was accepted, for receipts, markers, bounces and carbons of it */
  message(id: string): Promise<MessageRecord | undefined>
  /** resolves when every stanza received before now is stored */
  settled(): Promise<void>
  /** for JSON in commands and bind steps */
  readonly vocabulary: Translator
  /** One page of the own archive (XEP-0313). Rejects with the server's problem. */
  archive(query: ArchiveQuery, options: Patience & { signal?: AbortSignal }): Promise<ArchivePage>
  /** Restores from the archive what was missed, before own presence is sent; what it answers is to be called after. The core does it at a new bind. */
  catchUp(): Promise<() => Promise<void>>
}

/** The answer of a caller to an iq that a session `handles`: one of `xml`, `payload` and `error`, or none for an empty result. */
export interface IqReply {
  id: string
  xml?: string
  payload?: Record<string, unknown>
  error?: StanzaErrorJson
}

export interface Command {
  (session: LiveSession, args: never, options: { timeout: number; signal?: AbortSignal }): Promise<unknown>
  /** run while the session is away too */
  whileAway?: true
}

/** The sessions as the outside sees them, on every instance. */
export interface Sessions {
  /**
   * Makes a session, or finds the one there is. Settles when it is online, at the first definite failure (nothing is kept then),
   * or when `wait` ms are over: problem xmpp-timeout (nothing is kept). With `background` it answers at once and goes on trying.
   */
  open(
    request: OpenSession,
    options: { wait: number; background: boolean; signal: AbortSignal },
  ): Promise<{ handle: SessionHandle; token: string; outcome: 'created' | 'existing' | 'pending' }>
  /** by id, bare JID or full JID; problems session-not-found (also for other tenants' ones), session-required (several) */
  resolve(tenant: string, reference: string): Promise<SessionHandle>
  /** the tenant's session that a message or an iq belongs to: told by an id of ours, looked for where a caller chose the id */
  ofMessage(tenant: string, id: string): Promise<SessionHandle | undefined>
  list(tenant: string, page: { after?: string; limit: number }): Promise<SessionHandle[]>
  /** `password` and `sasl` are tried on a new connection before they replace the kept ones */
  update(
    handle: SessionHandle,
    patch: { password?: string; sasl?: SaslOptions; connections?: number; handles?: string[] },
  ): Promise<SessionHandle>
  /** unavailable presence with the status, acks awaited ≤ 5 s, stream closed, everything about it removed */
  close(handle: SessionHandle, options: { status?: string }): Promise<void>
  /** the session of a session token */
  authenticate(token: string): Promise<{ tenant: string; session: string } | undefined>
  /** the JSON of contract section 3 */
  view(handle: SessionHandle): Promise<Record<string, unknown>>
}

export interface OpenSession {
  tenant: string
  /** as the caller gave it */
  jid: string
  password?: string
  sasl?: SaslOptions
  service?: string
  resource?: string
  connections: number
  presence?: Record<string, unknown> | false
  handles?: string[]
}

// ---------------------------------------------------------------- the room itself

export interface Feature {
  name: string
  /** payloads and stanza members that this room knows */
  definitions?: readonly Definition[]
  /** built with the whole vocabulary, so that schemas of one room can hold payloads of another */
  operations?(context: { vocabulary: Translator; sessions: Sessions; limits: { stanza: number } }): Operation[]
  events?(vocabulary: Translator): EventType[]
  /** by name of `?snapshot=`: what is true now, as the events that would tell it; asked by event streams */
  snapshots?: Readonly<Record<string, (session: SessionHandle) => Promise<EventDraft[]>>>
  /** run on the instance that owns the session, by name, from `SessionHandle.perform` */
  commands?: Readonly<Record<string, Command>>
  /** asked in the order of features/index.ts, each adds its effect */
  message?(incoming: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined | Promise<Effect | undefined>
  presence?(incoming: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined | Promise<Effect | undefined>
  answers?: readonly IqAnswer[]
  /** how much a session remembers of each kind of state that this room has */
  keeps?: KindBounds
  /** service discovery features (XEP-0030), `+notify` included */
  discovers?: readonly string[]
  /** the session came to this instance: what an owner before left under way */
  taken?(session: LiveSession): void
  /** work of a new bind, before the archive is read: what must be known first; in the order of features/index.ts */
  bind?(session: LiveSession): Promise<void>
  /** work of a new bind, after the archive was read: what others may see of us */
  appear?(session: LiveSession): Promise<void>
  /** the session is online, by a new bind or a resume: what was wished while it was away */
  online?(session: LiveSession): Promise<void>
  /** what a caller wants of the session was changed (its handles), while others may see it */
  changed?(session: LiveSession): Promise<void>
}
