import type { Problem } from '../../errors/problem.ts'
import type { Element } from '../../xml/element.ts'
import type { StreamState } from './change.ts'
import type { SaslOptions, SessionState } from './session-record.ts'

/** Which account a connection is for, and how it is to be made. */
export interface ConnectionSpec {
  /** whose it is: tenants take turns in logging in */
  tenant: string
  /** bare JID; for ANONYMOUS and of a component the domain alone */
  jid: string
  /** it is a component (XEP-0114): the password is its secret, and `service` is told */
  component?: true | undefined
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
  holdsLease?: () => boolean
  /** true: give up at the first definite failure or after `attemptsDeadline`; the supervisor retries only once it was online */
  once?: boolean
  /** what makes this connection known again to its server; never shared between connections. Absent: no FAST tokens are asked for */
  userAgent?: UserAgent
  /** read for each attempt too */
  sasl?: () => Promise<SaslOptions>
}

/** A connection as a server with SASL2 knows it (XEP-0388 user agent, XEP-0484 FAST). */
export interface UserAgent {
  /** UUID, the same for each log-in of this connection */
  id: string
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

/** A server that is asked something before any log-in. */
export interface Server {
  /** for whom: tenants take turns */
  tenant: string
  domain: string
  /** as of a ConnectionSpec */
  service: string | null
}

/** A stream on which nobody has logged in. */
export interface UnnamedStream {
  /** names (xmlns) of the stream features */
  features: readonly string[]
  /** the iq that answers */
  ask(type: 'get' | 'set', payload: Element): Promise<Element>
}

export interface Connector {
  /** A stream of its own, secure and before any log-in, while the work lasts. Rejects with its problem, and with that of the stream. */
  beforeLogIn<Result>(server: Server, work: (stream: UnnamedStream) => Promise<Result>, options: { signal: AbortSignal }): Promise<Result>
  open(spec: ConnectionSpec, events: ConnectionEvents): Connection
  /** Logs in on a throw-away connection, for a changed password; rejects with the problem. */
  verify(spec: ConnectionSpec): Promise<void>
  close(): Promise<void>
}
