import { z } from 'zod'
import type { Call, Caller, Operation } from '../gateway/contract/operation.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import type { Trace } from '../gateway/ports/tracing.ts'
import { checkCharacters } from '../xml/characters.ts'
import { bodyBounds } from './json.ts'
import { anySpeaker, from } from './speaker.ts'
import { check, refuse } from './validation.ts'

/** A request for an operation, however it came in. Nothing in it is checked yet but who asks. */
export interface Input {
  caller: Caller
  params: Readonly<Record<string, unknown>>
  /** `session` included */
  query: Readonly<Record<string, unknown>>
  body: unknown
  /** the body is a string of XML */
  isXml: boolean
  /** the body is a BytesBody */
  isBytes?: boolean
  prefer: Call['prefer']
  idempotencyKey: string | undefined
  accept: Call['accept']
  requestId: string
  signal: AbortSignal
  origin?: string | undefined
  trace?: Trace | undefined
  /** told which session it is for, once that is known */
  onSession?: (session: string) => void
}

/** What the query of an operation may have beside the session. */
export const queryOf = ({ query = z.object({}), components }: Pick<Operation, 'query' | 'components'>): z.ZodObject =>
  components === 'generic' ? query.extend({ from }) : query

/** Makes the call of a request for its session: its members are checked. Throws invalid-request. */
export function createCheckedCall(): (operation: Operation, input: Input, session: SessionHandle | undefined) => Call {
  /** compiled once: an unknown query parameter is refused whatever the operation says */
  const strict = new WeakMap<Operation, z.ZodObject>()
  const querySchema = (operation: Operation) => {
    const known = strict.get(operation) ?? queryOf(operation).strict()
    strict.set(operation, known)
    return known
  }

  return (operation, input, session) => {
    const { caller, prefer, accept, requestId, signal } = input
    const { params, query, body } = validated(operation, querySchema(operation), input)
    const call: Call = { caller, params, query, body, prefer, accept, requestId, signal }
    if (session) call.session = operation.components === 'generic' ? asSpeaker(session, call) : session
    if (input.origin !== undefined) call.origin = input.origin
    if (input.trace !== undefined) call.trace = input.trace
    return call
  }
}

/** As which address of a component, by default as its domain; the operation does not see that. */
function asSpeaker(session: SessionHandle, call: Call): SessionHandle {
  const { from, ...query } = call.query as { from?: string }
  call.query = query
  return anySpeaker(session, from)
}

/** Throws the problem illegal-character. XML has its own check, and bytes have no characters. */
export function checkCharactersOf(
  { params, query, body }: Pick<Call, 'params' | 'query' | 'body'>,
  { isXml, isBytes }: Pick<Input, 'isXml' | 'isBytes'>,
): void {
  checkCharacters({ params, query, ...(isXml || isBytes ? {} : { body }) }, '', bodyBounds)
}

function validated(operation: Operation, querySchema: z.ZodObject, input: Input): { params: unknown; query: unknown; body: unknown } {
  const { session: _, ...rest } = input.query
  const given = operation.session === 'none' ? input.query : rest
  const params = operation.params ? check(operation.params, 'params', input.params) : { value: {}, faults: [] }
  const query = check(querySchema, 'query', given)
  const body = bodyOf(operation, input)
  const faults = [...params.faults, ...query.faults, ...body.faults]
  if (faults.length > 0) {
    // in a key or a name it is a fault of the shape too, but it is told as what it is
    checkCharactersOf(input, input)
    throw refuse(faults)
  }
  return { params: params.value, query: query.value, body: body.value }
}

function bodyOf(operation: Operation, { body, isXml }: Input): ReturnType<typeof check> {
  if (isXml || operation.bytesBody) return { value: body, faults: [] }
  // the body as it came: the order of its members is that of the elements it is written as
  if (operation.body) return { ...check(operation.body, 'body', body), value: body }
  const isEmpty = body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0)
  return { value: undefined, faults: isEmpty ? [] : [{ path: 'body', message: 'is not taken here' }] }
}
