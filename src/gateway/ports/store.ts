/** What the core needs of a store: every method is one step, whole or not at all. */

import type { AuditEntry } from './audit.ts'
import type { Acceptance, AcceptResult, Begun, Change, KeptIq, Member, StateChange, StoredAnswer, StreamState } from './change.ts'
import type { ConsumerStore } from './consumer.ts'
import type { CursorPlace, LogPage } from './event.ts'
import type { HookStore } from './hook.ts'
import type { Grant, KeyStore } from './key.ts'
import type { MessageRecord, OutboxEntry } from './message.ts'
import type { SessionRecord, SessionStatus } from './session-record.ts'
import type { WebhookStore } from './webhook.ts'
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
    /** Of more than TOKENS_MAX another one goes: in memory the oldest, in Redis any. Rejects with session-not-found. */
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
    /** cursor before the first event that was told at that time (epoch ms, by the clock of the store) or later */
    since(id: string, time: number): Promise<string>
    /** called (soon) after something was appended; answers a stop function. A hint: it may also be called for nothing. */
    watch(id: string, wake: () => void): () => void
  }

  consumers: ConsumerStore

  webhooks: WebhookStore
  hooks: HookStore

  keys: KeyStore

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
    put(hash: string, ticket: Ticket, ttl: number): Promise<void>
    /** answers it once, and removes it in the same step */
    take(hash: string): Promise<Ticket | undefined>
  }

  rates: {
    /** Takes `by` of what is called so, where a window of so many ms that begins with the first has them; what is not given is not counted. */
    take(name: string, by: number, quota: number, window: number): Promise<{ isGiven: boolean; taken: number; left: number }>
  }

  audit: {
    append(tenant: string, entry: AuditEntry): Promise<void>
    /** the oldest first, after a place */
    read(tenant: string, after: string | undefined, limit: number): Promise<(AuditEntry & { place: string })[]>
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

/** Whom a ticket stands for. */
export interface Ticket {
  tenant: string
  session: string
  grant?: Grant
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
  /** sessions of a tenant; absent: no bound */
  maxSessions?: number
}
