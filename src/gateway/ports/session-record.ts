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

/** What a session does beside what all do, as its caller wants it; each absent where nobody said so. */
export interface SessionOptions {
  /** PEP nodes of contacts whose notifications are wanted */
  notify?: readonly string[]
  /** rooms that the account's bookmarks say are joined */
  bookmarks?: boolean
  /** what was read is told the account's other clients */
  mds?: boolean
}

/** What the caller asked for when the session was made or changed. Times are epoch milliseconds everywhere in the core. */
export interface SessionRecord extends SessionOptions {
  id: string
  tenant: string
  /** bare JID, normalised */
  jid: string
  /** It is a component (XEP-0114): `jid` is its domain, and it speaks for every address of that. */
  component?: true
  /** the resource the caller asked for; null when the gateway chose one */
  requestedResource: string | null
  /** the resource of connections[0] as it is requested from the server */
  resource: string
  service: string | null
  connections: number
  /** own presence wanted: its JSON, or false to stay unavailable */
  presence: Record<string, unknown> | false
  handles: string[]
  /** the password, or the secret of a component, sealed; an empty one where the account has none */
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
