import type { z } from 'zod'
import type { ProblemCode } from '../../errors/problem.ts'
import type { SessionHandle } from './session.ts'
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

export interface EventType {
  /** `message.received` */
  type: string
  description: string
  /** of `data` */
  schema: z.ZodType
}
