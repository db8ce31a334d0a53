import type { Translator } from '../../codec/translate.ts'
import type { Element } from '../../xml/element.ts'
import type { LargeAnswers, Room } from '../inbound/large-answers.ts'
import type { Acceptance, AcceptResult, Change, KeptIq, StoredAnswer } from '../ports/change.ts'
import type { Server } from '../ports/connection.ts'
import type { Grant } from '../ports/key.ts'
import type { MessageRecord, OutboxEntry } from '../ports/message.ts'
import type { SaslOptions, SessionOptions, SessionRecord, SessionStatus } from '../ports/session-record.ts'
import type { Patience } from '../session/iq-correlator.ts'
import type { IqReply } from './iq-reply.ts'
import type { Repeated } from './repeated.ts'
import type { Secrets } from './secrets.ts'
import type { SessionJson } from './session-json.ts'
import type { KnownState, StateKind } from './state-kind.ts'

/** What operations see of a session, whichever instance owns it. */
export interface SessionHandle {
  readonly record: SessionRecord
  /** of a component alone: as which of its addresses it is used, by default as its domain */
  readonly address?: string
  /** … and the same as another one, which is normalised and of its domain */
  as?(address: string): SessionHandle
  /** of a component alone: with all its addresses, whose keys begin with theirs */
  readonly whole?: SessionHandle
  /** whom its caller may write to; absent: everybody */
  readonly recipients?: readonly string[]
  readonly secrets: Secrets
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
  state<Value>(kind: StateKind<Value>, keys?: readonly string[]): Promise<Map<string, Value>>
  stateKeys(kind: StateKind): Promise<string[]>
  /** The value of one key, from memory where the session is here: for what every message asks. */
  known<Value>(kind: StateKind<Value>, key: string): Promise<Value | undefined>
  keptIq(id: string): Promise<KeptIq | undefined>
  /** Runs a command where the session lives. `repeatable`: twice does no harm. Rejects with session-offline, session-stopped. */
  perform<Args, Result>(
    command: Command<Args, Result>,
    args: NoInfer<Args>,
    options: CommandOptions & { repeatable?: boolean },
  ): Promise<Result>
}

export interface ArchiveQuery {
  /** the room whose archive it is; absent: the own one */
  of?: string
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

/** One that is delivered, or comes back, is none any more. */
export interface Doubts {
  all(): readonly OutboxEntry[]
  /** which of these are still in doubt go again with the same id, or fail */
  settle(ids: ReadonlySet<string>, goesAgain: (message: OutboxEntry) => boolean | undefined): void
}

/** What a feature's code sees of a session on the instance that owns it. */
export interface LiveSession {
  readonly record: SessionRecord
  /** of a component alone: the address that it is seen as; what that knows is all that is seen */
  readonly address?: string
  /** of a component as a whole: as one of its addresses, and as each of those that something is about now */
  as?(address: string): LiveSession
  addresses?(): readonly LiveSession[]
  /** true for a JID that one of our connections is or was bound to */
  isOwn(jid: string): boolean
  /** full JID of the primary, null while it is not bound */
  readonly jid: string | null
  /** stream features of the primary (xmlns) */
  readonly features: readonly string[]
  readonly secrets: Secrets
  /** what the session knows, mirrored in memory: reads are synchronous and see every applied change */
  state: KnownState
  /** Sends an iq and waits for its answer. `to` absent: the own account. Rejects with the stanza's problem, xmpp-timeout, session-offline. */
  iq(
    request: { type: 'get' | 'set'; from?: string; to?: string; id?: string; payload: Element },
    options: Patience & { signal?: AbortSignal; room?: Room },
  ): Promise<Element>
  /** Room for an answer of the own server that has so many bytes at most, until the work with it is done. */
  large: LargeAnswers['use']
  /** Waits for the answer to an iq that an owner before sent on the same stream. Rejects as `iq` does. */
  awaitAnswer(request: { id: string; type: 'get' | 'set'; to?: string }, options: { timeout: number }): Promise<Element>
  /** Answers an iq that was raised as `iq.requested`. Throws iq-not-found. */
  reply(answer: IqReply): void
  /** Writes a stanza on the primary now. Rejects with session-offline, session-stopped. */
  send(stanza: Element): Promise<void>
  /** messages of which nobody knows whether the server got them, and what becomes of them */
  doubts: Doubts
  /** Messages of the outbox that had to wait may go. */
  sendWaiting(): void
  /** For what each new stream of the primary gets again. */
  repeated: Pick<Repeated, 'write' | 'forget' | 'isOnItsWay' | 'isOpen'>
  /** is the primary, with the work of its bind done? */
  online(): boolean
  /** May it be acted for? Not where another instance may have it by now, as after a freeze. */
  holdsLease(): boolean
  /** One fenced write. */
  commit(change: Change): Promise<string[]>
  /** an own message as it was accepted, for receipts, markers, bounces and carbons of it */
  message(id: string): Promise<MessageRecord | undefined>
  /** Something failed that nobody waits for: the operator is told, unless it is a problem, which is a lost link or somebody's answer. */
  report(error: unknown, what: string): void
  /** resolves when every stanza received before now is stored */
  settled(): Promise<void>
  /** for JSON in commands and bind steps */
  readonly vocabulary: Translator
  /** One page of an archive (XEP-0313). Rejects with the server's problem. */
  archive(query: ArchiveQuery, options: Patience & { signal?: AbortSignal }): Promise<ArchivePage>
  /** Takes messages in, in their turn among those that come: of a room's archive, or such as a feature held back. Resolves when they are stored. */
  takeIn(messages: () => readonly (Archived | Element)[]): Promise<void>
  /** Restores from the archive what was missed, before own presence is sent; what it answers is to be called after. The core does it at a new bind. */
  catchUp(): Promise<() => Promise<void>>
}

export interface CommandOptions {
  /** ms */
  timeout: number
  /** as which address of a component */
  as?: string
  signal?: AbortSignal
}

/** What is known of a command by whoever asks for it. */
interface CommandName<Args> {
  /** as instances call it between them */
  readonly name: string
  /**
   * Of its args and result, from 1, which is what it has unless it says another. One that means something else by them gets the next
   * number: an instance that does not know that yet answers session-offline, and one that does understands those before.
   */
  readonly version?: number
  /** run while the session is away too */
  readonly whileAway?: true
  /** … and where the session does not come back by itself */
  readonly whileStopped?: true
  /**
   * To whom it makes the session write. Without it: to those whom its args name as `to` or `room`, and for whom the stanza is that they
   * have as `xml`.
   */
  reaches?(args: Args): readonly string[]
  /** Does it change something elsewhere? Then nobody knows whether it did where the store goes away over it: outcome-unknown. */
  changes?(args: Args): boolean
}

type Run<Args, Result> = (session: LiveSession, args: Args, options: CommandOptions) => Promise<Result>

/** Something that the owner of a session does for callers on any instance; args and result are JSON. */
export interface Command<Args, Result> extends CommandName<Args> {
  /** The same with how its owner does it, for `Feature.commands`. */
  by(run: Run<Args, Result>): OwnersCommand<Args, Result>
}

/** A command as its owner runs it. */
export interface OwnersCommand<Args = unknown, Result = unknown> extends CommandName<Args> {
  run(session: LiveSession, args: Args, options: CommandOptions): Promise<Result>
}

export function defineCommand<Args, Result = void>(about: CommandName<Args>): Command<Args, Result> {
  return { ...about, by: (run) => ({ ...about, run }) }
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
  /** `password` and `sasl` are tried on a new connection before they replace the kept ones, unless they are `proven` to be good */
  update(
    handle: SessionHandle,
    patch: SessionOptions & { password?: string; sasl?: SaslOptions; connections?: number; handles?: string[] },
    options?: { proven: boolean },
  ): Promise<SessionHandle>
  /** unavailable presence with the status, acks awaited ≤ 5 s, stream closed, everything about it removed */
  close(handle: SessionHandle, options: { status?: string }): Promise<void>
  /** the session of a session token, its account, and what the token was made by */
  authenticate(token: string): Promise<{ tenant: string; session: string; jid: string; grant?: Grant } | undefined>
  /** Asks a server on a stream of its own, before any log-in. Rejects with the problem of the work, and of the log-in's kind. */
  beforeLogIn<Result>(server: Server, work: (stranger: Stranger) => Promise<Result>, options: { signal: AbortSignal }): Promise<Result>
  /** the session as callers see it */
  view(handle: SessionHandle): Promise<SessionJson>
}

/** Somebody whom the server does not know. */
export interface Stranger {
  /** names (xmlns) of the stream features */
  features: readonly string[]
  /** The payload of the result. Rejects with the problem of an error. */
  ask(type: 'get' | 'set', payload: Element): Promise<Element | undefined>
}

export interface OpenSession extends SessionOptions {
  tenant: string
  /** as the caller gave it; of a component its domain */
  jid: string
  /** it is a component (XEP-0114), whose secret is the password */
  component?: true
  password?: string
  sasl?: SaslOptions
  service?: string
  resource?: string
  connections: number
  presence?: Record<string, unknown> | false
  handles?: string[]
  /** what its token is bounded by */
  grant?: Grant
}
