import type { z } from 'zod'
import type { OwnCode, ProblemCode } from '../../errors/catalogue.ts'
import type { Grant } from '../ports/key.ts'
import type { Scope } from '../ports/scope.ts'
import type { Trace } from '../ports/tracing.ts'
import type { SessionHandle } from './session.ts'

export interface Caller {
  tenant: string
  /** set for a session token: this session and nothing else */
  session?: string
  scopes: 'all' | readonly Scope[]
  /** the accounts whose sessions there are for it, as a key says them; absent: all of the tenant */
  sessions?: readonly string[]
  /** whom it may write to, as a key says them; absent: everybody */
  recipients?: readonly string[]
  /** Whom the configuration or a JWT calls so, which have no id: for limits and the audit. Never a secret. */
  name?: string
  /** id of the key that it is, or that made it */
  key?: string
  /** what it is bounded by, for the tokens and tickets that it makes; absent for a key of the configuration */
  grant?: Grant
  /** Calls back once the token is no longer good; answers a stop. Absent where it is good as long as what it is for. */
  watch?(ended: () => void): () => void
}

/** A call of an operation, however it came in. The members are what the operation's schemas made of the request. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  caller: Caller
  /** the session that the call acts for; absent where the operation's `session` is 'none' */
  session?: SessionHandle
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
  /** the trace that the request belongs to, for what it sends */
  trace?: Trace
  /** how the caller reached the gateway, where that is known: `https://gateway.example.com` */
  origin?: string
}

/** A call of an operation that acts for a session. */
export type SessionCall<Params = unknown, Query = unknown, Body = unknown> = Call<Params, Query, Body> & { session: SessionHandle }

/**
 * Which session a call acts for. named: that of `?session=`, or of the session token · by: the one that `{id}` in the path belongs to,
 * else the problem `missing` · none: it acts for no session.
 */
export type SessionRule = 'named' | { readonly by: 'message' | 'iq' | 'session'; readonly missing: OwnCode } | 'none'

/** By name: bodies of requests, and answers by their status. A string is XML. */
export interface Examples {
  body?: Readonly<Record<string, unknown>>
  [status: number]: Readonly<Record<string, unknown>>
}

export interface Answer {
  status: number
  /** JSON, or a string or bytes with `contentType` */
  body?: unknown
  /** instead of a body: it is written already */
  json?: string
  contentType?: string
  headers?: Record<string, string>
  preferenceApplied?: string
}

/** A body that is bytes. Nothing of it is read before it is taken. */
export interface BytesBody {
  /** Throws body-too-large, length-required, invalid-request, unsupported-media-type; the bytes end with request-timeout where they do not come. */
  take(limit: number): Promise<TakenBytes>
}

export interface TakenBytes {
  size: number
  mediaType?: string
  /** of a form */
  fileName?: string
  /** once, as fast as they are read */
  bytes: AsyncIterable<Uint8Array>
  /** lets go of what they were kept in */
  free(): Promise<void>
}

export interface Operation {
  /** the operationId: `messages.send` */
  id: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/messages/{id}` */
  path: string
  summary: string
  description?: string
  /** what a caller must be allowed to do; null: nothing */
  scope: Scope | null
  session: SessionRule
  /**
   * For sessions of components too. generic: `?from=` says as which address, by default as its domain · own: the operation has a `from` of
   * its own · whole: it is about the session. Without it, it is about what only an account has.
   */
  components?: 'generic' | 'own' | 'whole'
  params?: z.ZodObject
  query?: z.ZodObject
  /** schema of a JSON body; its absence means that no body is taken */
  body?: z.ZodType
  /** takes application/xml too: `body` is then the string as it came */
  xmlBody?: boolean
  /** takes bytes of these media types, and with `form` the one file of a form: `body` is then a BytesBody. By HTTP alone. */
  bytesBody?: { mediaTypes: readonly string[]; form?: true } | undefined
  /** is answered as a stream of events too, which a ticket opens */
  streams?: true
  /** can answer application/xml too */
  xmlAnswer?: boolean
  /** `bytes`: the body is one of these media types, as a Uint8Array with `contentType`. By HTTP alone */
  answers: Record<number, { description: string; schema?: z.ZodType; contentType?: string; bytes?: readonly string[] }>
  /** those of its own; what every operation may answer is declared once, in api/declared.ts */
  problems: readonly ProblemCode[]
  examples: Examples
  /** which preferences (RFC 7240) it honours */
  prefer?: readonly ('wait' | 'respond-async')[]
  /** which limit it counts for: by default `read` for GET, else `send` */
  rate?: 'send' | 'read' | 'open'
  /** for how many it counts; nothing of the body is checked yet */
  weight?(body: unknown): number
  /** generic: the answer is kept for it and replayed · own: the operation does it in its store call */
  idempotency?: 'generic' | 'own'
  /** the trace of the request is told in the events of what it sends */
  traced?: true
  run(call: Call): Promise<Answer>
}

export interface EventType {
  /** `message.received` */
  type: string
  description: string
  /** of `data` */
  schema: z.ZodType
}
