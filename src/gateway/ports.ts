/**
 * What the core needs from the rooms around it: a store, XMPP connections, a seal for secrets, a clock.
 * xmpp/ implements Connector, store/ implements Store; the core knows only these shapes.
 */
import type { Problem, StanzaErrorJson } from '../errors.ts'
import type { Element } from '../stanza/element.ts'

// ---------------------------------------------------------------- sessions

export const sessionStates = ['connecting', 'online', 'resuming', 'backoff', 'auth-failed', 'conflict', 'stopped'] as const
export type SessionState = (typeof sessionStates)[number]

/** Mechanisms that are only used where a caller allows them (DIGEST-MD5: RFC 6331 says why). EXTERNAL is allowed by giving a certificate. */
export const optInMechanisms = ['PLAIN', 'DIGEST-MD5', 'ANONYMOUS'] as const
export type OptInMechanism = (typeof optInMechanisms)[number]

/** A client certificate with what else its chain needs, and its private key; both PEM. */
export interface ClientCertificate {
  cert: string
  key: string
}

/** How an account may log in beside what is safe by itself. */
export interface SaslOptions {
  allow?: readonly OptInMechanism[]
  /** for EXTERNAL, which goes before all others where the server offers it */
  certificate?: ClientCertificate
}

/** What the caller asked for when the session was made or changed. Times are epoch milliseconds everywhere in the core. */
export interface SessionRecord {
  id: string
  tenant: string
  /** bare JID, normalised */
  jid: string
  /** the resource the caller asked for; null when the gateway chose one */
  requestedResource: string | null
  /** the resource of connections[0] as it is requested from the server */
  resource: string
  service: string | null
  connections: number
  /** own presence wanted: its JSON, or false to stay unavailable */
  presence: Record<string, unknown> | false
  handles: string[]
  /** the password, sealed; an empty one where the account has none */
  credentials: string
  /** SASL mechanisms that are only used where the caller allowed them; absent: none */
  mechanisms?: readonly OptInMechanism[]
  /** the client certificate for EXTERNAL, sealed */
  certificate?: string | null
  createdAt: number
  /** raised by each change, so that an owner notices */
  version: number
}

/** What the owner knows of it right now. */
export interface SessionStatus {
  state: SessionState
  since: number
  reason: string | null
  /** when the server last proved that the stream is alive */
  lastVerifiedAt: number | null
  instance: string
  connections: ConnectionStatus[]
  /** what the last bind was to bring and did not, by its step; absent: not known */
  unread?: Readonly<Record<string, { code: string; detail: string }>>
}

export interface ConnectionStatus {
  /** the full JID that the server bound, null before the first bind */
  jid: string | null
  resource: string
  role: 'primary' | 'sender'
  state: SessionState
}

// ---------------------------------------------------------------- events, outbox, records

/** An event before it has a cursor. */
export interface EventDraft {
  type: string
  subject?: string
  data: unknown
  /** presence and chat states: kept in a short lane of their own */
  volatile?: boolean
  /** of a stanza: a copy of one that was told makes no second event */
  copy?: Copy
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
}

export const messageStatuses = ['accepted', 'sent', 'acked', 'delivered', 'displayed', 'failed', 'expired'] as const
export type MessageStatus = (typeof messageStatuses)[number]

/** The record of a message, as `GET /messages/{id}` gives it (times as epoch milliseconds here). */
export interface MessageRecord {
  id: string
  to: string
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
  /** streams that ended before the server counted it; not told to callers */
  ended?: Ended
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
  kind: 'message' | 'presence'
  /** message type, for what may be repeated after an unknown fate */
  type: string
  acceptedAt: number
  expiresAt: number | null
}

// ---------------------------------------------------------------- the store

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
  entries: { entry: OutboxEntry; record: MessageRecord }[]
  events: EventDraft[]
  idempotency?: { key: string; fingerprint: string; answer: StoredAnswer }
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

/**
 * The store. Every method is one step: it happens whole or not at all. A store that cannot be reached
 * rejects with the problem `store-unavailable` within a second or so; it never hangs.
 */
export interface Store {
  /** does what was accepted outlive the process? */
  readonly durable: boolean
  ping(): Promise<void>
  close(): Promise<void>

  sessions: {
    /**
     * Claims (tenant, jid, requestedResource); when it is taken, answers the session that has it. Starts a log with a new epoch.
     * `owner` has the new session from the start, so that nobody else takes it up.
     */
    create(record: SessionRecord, status: SessionStatus, owner?: string): Promise<{ record: SessionRecord; created: boolean }>
    /** `owner`: who has it, dead or alive; absent where nobody has. null: it is there, and only builds of another version can read it. */
    get(id: string): Promise<{ record: SessionRecord; status: SessionStatus; owner?: string } | null | undefined>
    /** Is it one of the tenant's, readable or not? Takes the same time for one of another tenant as for none. */
    isOf(tenant: string, id: string): Promise<boolean>
    /** the sessions of a tenant, oldest first; `after` is an id */
    list(tenant: string, page: { after?: string; limit: number }): Promise<{ record: SessionRecord; status: SessionStatus }[]>
    /** The sessions of a bare JID. Rejects with store-unavailable where only builds of another version can read one of them. */
    find(tenant: string, jid: string): Promise<SessionRecord[]>
    /** every session there is, for owners at start-up and in sweeps */
    ids(): AsyncIterable<string>
    /** Changes the record if it still has that version; answers the new one, undefined when it lost or the session is gone. */
    update(id: string, version: number, patch: Partial<SessionRecord>): Promise<SessionRecord | undefined>
    /** removes everything about it at once; only its log stays readable for 30 s, for readers that are already attached */
    remove(id: string): Promise<void>
    /** drops what has become too old, for a session to which nothing is written */
    tidy(id: string): Promise<void>
    addToken(id: string, hash: string): Promise<void>
    hasToken(id: string, hash: string): Promise<boolean>
  }

  /**
   * Which instances there are. An instance that says so again in time keeps all its sessions, however many; one whose time is over
   * never comes back under its name, so that its sessions can be taken from it.
   */
  instances: {
    /** It is there for `ttl` ms from now. Answers all that are there: without itself where its time was over already, unless it is `anew`. */
    beat(owner: string, said: { ttl: number; load: Member['load']; anew?: boolean }): Promise<Map<string, Member>>
    /** those that are there */
    list(): Promise<Map<string, Member>>
    leave(owner: string): Promise<void>
  }

  /** Who has a session, until it lets go or is gone. */
  leases: {
    /** takes a session that nobody has, or that `from` had, which is gone; the fence only ever grows */
    acquire(id: string, owner: string, from?: string): Promise<{ fence: string } | undefined>
    release(id: string, owner: string, fence: string): Promise<void>
    owner(id: string): Promise<string | undefined>
    /** of many at once, in their order */
    owners(ids: readonly string[]): Promise<(string | undefined)[]>
  }

  /** Applies a change under a lease; answers the cursor of each event, in order (of the earlier one where it is a copy). Rejects with Fenced. */
  commit(id: string, fence: string, change: Change): Promise<string[]>

  outbox: {
    accept(id: string, acceptance: Acceptance): Promise<AcceptResult>
    /** oldest first, after a place; a place stays good when its entry is gone */
    read(id: string, after: string | undefined, limit: number): Promise<(OutboxEntry & { place: string })[]>
    size(id: string): Promise<{ length: number; oldest?: number }>
  }

  records: {
    get(id: string, message: string): Promise<MessageRecord | undefined>
  }

  log: {
    /** `after` undefined: from the oldest kept. At most so many, and fewer where they are large: some hundred KiB, or one event. */
    read(id: string, after: string | undefined, limit: number): Promise<LogPage>
    place(id: string, cursor: string): Promise<CursorPlace>
    /** cursor of the newest event: reading after it gives what comes from now on */
    end(id: string): Promise<string>
    /** called (soon) after something was appended; answers a stop function. A hint: it may also be called for nothing. */
    watch(id: string, wake: () => void): () => void
  }

  state: {
    keys(id: string, kind: string): Promise<string[]>
    /** values of one kind, by key: those of these keys that there are, or all */
    read(id: string, kind: string, keys?: readonly string[]): Promise<Map<string, unknown>>
    /**
     * All of it, some hundred KiB at a time: the next are read when these were taken. A value may come more than once. Kinds of `last` come
     * last. `mirror`: where the owner keeps it, kind → key → value, and goes on writing to; what the store loses is written anew from there.
     */
    pieces(
      id: string,
      options: { last?: readonly string[]; mirror: ReadonlyMap<string, ReadonlyMap<string, unknown>> },
    ): AsyncIterable<StateChange[]>
    streams(id: string): Promise<Map<number, StreamState>>
  }

  iqs: {
    get(session: string, id: string): Promise<KeptIq | undefined>
  }

  /** Ids of messages and iqs that callers chose, for whoever names one without its session. Kept as long as records. */
  chosen: {
    note(tenant: string, session: string, ids: readonly string[]): Promise<void>
    /** the sessions that have something of this id, the newest first; of very many the oldest are forgotten */
    sessions(tenant: string, id: string): Promise<string[]>
  }

  /** for routes whose effect is not an outbox entry; `accept` has its own */
  idempotency: {
    /** a running mark lives at most `ttl` ms and dies with its instance */
    begin(id: string, key: string, fingerprint: string, instance: string, ttl: number): Promise<Begun>
    finish(id: string, key: string, fingerprint: string, answer: StoredAnswer): Promise<void>
    /** puts the answer that the caller was given in the end in place of the one that `accept` kept, until the same time */
    replace(id: string, key: string, fingerprint: string, answer: StoredAnswer): Promise<void>
    release(id: string, key: string): Promise<void>
  }

  /** tickets for one event stream each, by the hash of the ticket */
  tickets: {
    put(hash: string, ticket: { tenant: string; session: string }, ttl: number): Promise<void>
    /** answers it once, and removes it in the same step */
    take(hash: string): Promise<{ tenant: string; session: string } | undefined>
  }

  bus: {
    /** answers how many heard it */
    publish(channel: string, message: unknown): Promise<number>
    /** `hear` is given what builds of other versions say too: it takes what it understands. */
    subscribe(channel: string, hear: (message: unknown) => void): () => void
    /** ms by the one clock that all go by who have to do with a session */
    now(session: string): Promise<number>
  }
}

/** Bounds of a store, from the configuration. */
export interface StoreLimits {
  /** durable events kept per session */
  eventLogMax: number
  /** bytes of them; the newest is kept whatever its size */
  eventLogBytes: number
  /** ms */
  eventLogAge: number
  /** volatile events kept per session */
  volatileMax: number
  /** bytes of them */
  volatileBytes: number
  outboxMax: number
  /** bytes of what waits in the outbox of one session; where nothing waits something is taken whatever its size */
  outboxBytes: number
  /** records, answers to Idempotency-Keys, what copies are known by and outcomes of iqs of one session: how many, and their bytes */
  keptMax: number
  keptBytes: number
  /** ms that what copies are known by, a record, an idempotency answer lives */
  dedupAge: number
  recordAge: number
  idempotencyAge: number
}

// ---------------------------------------------------------------- XMPP connections

export interface ConnectionSpec {
  /** whose it is: tenants take turns in logging in */
  tenant: string
  /** bare JID; for ANONYMOUS the domain alone */
  jid: string
  /** read for each attempt, never kept; '' where the account has none: only ANONYMOUS and EXTERNAL do without */
  password: () => Promise<string>
  resource: string
  /** `xmpp://host:port`, `xmpps://…`, `wss://…`; null: looked up from the domain */
  service: string | null
  /** resume this stream if the server still has it */
  resume: StreamState | null
  /** another process had this connection: something that it wrote may still be on its way to the server */
  inherited?: boolean
  /** May the account be acted for? Asked before each write: false where another process may have it by now, as after a freeze. */
  held?: () => boolean
  /** true: give up at the first definite failure or after `attemptsDeadline`; the supervisor retries only once it was online */
  once?: boolean
  /** what makes this connection known again to its server; never shared between connections. Absent: no FAST tokens are asked for */
  device?: Device
  /** read for each attempt too */
  sasl?: () => Promise<SaslOptions>
}

/** A connection as a server with SASL2 knows it (XEP-0388 user agent, XEP-0484 FAST). */
export interface Device {
  /** UUID, the same for each log-in of this connection */
  userAgent: string
  /** the kept token, read for each attempt and used in place of the password */
  token(): Promise<FastToken | null>
  /** keeps a new one, sealed like a password; null forgets it */
  keep(token: FastToken | null): Promise<void>
}

export interface FastToken {
  /** it is only good with this mechanism */
  mechanism: string
  token: string
  /** RFC 3339 */
  expiry: string
}

export interface StateDetail {
  reason: string | null
  error?: Problem
  jid?: string
  resumed?: boolean
  /** an earlier resume was asked for and not answered: of two at once a server may serve one and lose what it held with the other */
  doubtful?: boolean
}

export interface ConnectionEvents {
  /** every change of state, in order, told before anything else of the new state */
  state(state: SessionState, detail: StateDetail): void
  /**
   * A new stream is bound (not a resume): the handler does the work of a new bind over `send`; the connection says `online` when it is done.
   * `features`: the names (xmlns) of the stream features offered after authentication. `stream`: its id, where it can be resumed.
   */
  bound(jid: string, features: readonly string[], stream?: string): Promise<void>
  /** each message, presence and iq, in the order received; `position` is its number on the stream (XEP-0198, from 1, modulo 2^32) */
  stanza(stanza: Element, position: number): void
  /**
   * A stanza that is arriving has more than so many bytes. How many it may have, by its start tag: more where it was asked for;
   * undefined: it is told as `cut`. Asked again when it has those.
   */
  larger?(start: Element, bytes: number): number | undefined
  /** the server counted everything up to this position (as answered by send) */
  acked(position: number): void
  /**
   * The stream was resumed, told before its state is: the server had counted it up to position `h`. `uncounted` was written after that,
   * in this order, and did not arrive; the connection has forgotten it, and counts on from `h`: who wrote it writes it again.
   */
  resumed(h: number, uncounted: readonly string[]): void
  /** a stream that could not be resumed: `h` of <failed/> if the server gave it; what was sent after it has an unknown fate; `refused`: the server ended the stream over something that we wrote */
  lost(h: number | null, refused?: string): void
  /** the server proved that the stream is alive */
  verified(): void
}

/** One XMPP stream that is kept up: connecting, resuming and backing off by itself until closed. */
export interface Connection {
  readonly jid: string | null
  readonly state: SessionState
  /** stream management is on: `acked` will be called */
  readonly managed: boolean
  /**
   * Writes one stanza, already serialised inside jabber:client. Answers its position on the stream at once;
   * throws the problem session-offline when there is no bound stream. `written` settles when the socket took it.
   * `ask`: the server is asked at once to acknowledge it.
   */
  send(xml: string, ask?: boolean): { position: number; written: Promise<void> }
  /** Is all that was written acknowledged? Where it is not, the server is asked. */
  isQuiet(): boolean
  /** everything received up to this position is stored: only now it may be acknowledged to the server */
  stored(position: number): void
  /** what a resume elsewhere needs; null where the stream cannot be resumed */
  snapshot(): StreamState | null
  /** ms that the server may take to read what is on its way to it, at the slowest: what is asked now it hears then */
  transit(): number
  /** bytes that came since it was made, over all its streams */
  received(): number
  /** a XEP-0199 ping to the own server, resolves when answered */
  ping(): Promise<void>
  /** unavailable presence (with a status), waits for acks up to 5 s, then </stream:stream>; never reconnects */
  close(options?: { status?: string }): Promise<void>
  /** drops the socket without </stream:stream>, so that another process can resume; at once, or after `acks` ms at most for acknowledgements */
  abandon(options?: { acks?: number }): Promise<StreamState | null>
}

export interface Connector {
  open(spec: ConnectionSpec, events: ConnectionEvents): Connection
  /** Logs in on a throw-away connection, for a changed password; rejects with the problem. */
  verify(spec: ConnectionSpec): Promise<void>
  close(): Promise<void>
}

// ---------------------------------------------------------------- small ones

export interface Seal {
  seal(secret: string, context: { tenant: string; session: string; kind: string }): string
  open(sealed: string, context: { tenant: string; session: string; kind: string }): string
  /** sealed with the present key; false asks for sealing anew, after keys were rotated */
  isCurrent(sealed: string): boolean
  /** sealed with one of the keys that are here */
  knows(sealed: string): boolean
}

export interface Clock {
  /** epoch ms, only for what is told to people */
  now(): number
  /** ms that only ever grow, for every deadline */
  monotonic(): number
}

/** What is counted: names without the prefix `stanzagate_`; labels never hold a JID, an id or a token. http/metrics.ts describes each. */
export interface Metrics {
  count(name: Counter, labels?: Readonly<Record<string, string>>, by?: number): void
  /** a gauge; set to what is true now */
  set(name: Gauge, value: number, labels?: Readonly<Record<string, string>>): void
  /** a histogram, in seconds */
  observe(name: Histogram, seconds: number, labels?: Readonly<Record<string, string>>): void
}

export type Counter =
  | 'session_transitions_total'
  | 'connect_attempts_total'
  | 'resume_total'
  | 'stanzas_total'
  | 'stanza_rejected_total'
  | 'stanza_spoof_total'
  | 'unread_total'
  | 'given_up_total'
  | 'iq_late_total'
  | 'idempotency_total'
  | 'lease_total'
  | 'fenced_writes_total'
  | 'events_appended_total'
  | 'events_gap_total'
  | 'streams_closed_total'
  | 'webhook_deliveries_total'
  | 'bounds_reached_total'
  | 'log_lines_lost_total'

export type Gauge = 'sessions' | 'sm_unacked' | 'outbox_entries' | 'outbox_oldest_age_seconds' | 'iq_inflight' | 'streams' | 'redis_up'

export type Histogram =
  | 'connect_duration_seconds'
  | 'sm_ack_latency_seconds'
  | 'iq_duration_seconds'
  | 'webhook_duration_seconds'
  | 'redis_command_duration_seconds'
