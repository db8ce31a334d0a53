import { z } from 'zod'
import type { Answer, Call, Caller, Operation } from '../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import type { Store } from '../gateway/ports/store.ts'
import { checkCharacters } from '../xml/characters.ts'
import { noteUndeclared } from './declared.ts'
import { checkKey, createIdempotency, fingerprintOf } from './idempotency.ts'
import { bodyBounds } from './json.ts'
import { checkScope } from './scopes.ts'
import { check, refuse } from './validation.ts'
import { createWhichSession } from './which-session.ts'

/** A request for an operation, however it came in. Nothing in it is checked yet but who asks. */
export interface Input {
  caller: Caller
  params: Readonly<Record<string, unknown>>
  /** `session` included */
  query: Readonly<Record<string, unknown>>
  body: unknown
  /** the body is a string of XML */
  isXml: boolean
  prefer: Call['prefer']
  idempotencyKey: string | undefined
  accept: Call['accept']
  requestId: string
  signal: AbortSignal
  /** told which session it is for, once that is known */
  onSession?: (session: string) => void
}

export type Invoke = (operation: Operation, input: Input) => Promise<Answer>

/**
 * The one way to an operation: scope, session, validation, idempotency, run. Rejects with problems only, apart from faults of our own.
 */
export function createInvoke({
  sessions,
  store,
  instance,
}: {
  sessions: Sessions
  store: Pick<Store, 'idempotency'>
  instance: string
}): Invoke {
  const idempotency = createIdempotency({ store: store.idempotency, instance })
  const whichSession = createWhichSession(sessions)
  /** compiled once: an unknown query parameter is refused whatever the operation says */
  const strict = new WeakMap<Operation, z.ZodObject>()
  const querySchema = (operation: Operation) => {
    const known = strict.get(operation) ?? (operation.query ?? z.object({})).strict()
    strict.set(operation, known)
    return known
  }

  async function perform(operation: Operation, input: Input): Promise<Answer> {
    const { caller, requestId } = input
    checkScope(operation, caller)
    const session = await whichSession(operation, input)
    if (session) input.onSession?.(session.record.id)
    const { params, query, body } = validated(operation, querySchema(operation), input)
    const call: Call = {
      caller,
      params,
      query,
      body,
      prefer: input.prefer,
      accept: input.accept,
      requestId,
      signal: input.signal,
    }
    if (session) call.session = session
    const run = () => {
      checkCharactersOf({ params, query, body, isXml: input.isXml })
      return operation.run(call)
    }
    if (operation.idempotency === undefined || input.idempotencyKey === undefined || !session) return run()

    const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(input.params[name])))
    const mark = { key: checkKey(input.idempotencyKey), fingerprint: fingerprintOf(operation.method, path, input.body) }
    if (operation.idempotency === 'generic') return idempotency.generic(session.record.id, mark, requestId, run)
    return idempotency.own(session.record.id, mark, requestId, () => {
      call.idempotency = mark
      return run()
    })
  }

  return async (operation, input) => {
    try {
      return await perform(operation, input)
    } catch (thrown) {
      noteUndeclared(operation, thrown)
      throw thrown
    }
  }
}

/** The session and the checked query of a request that is no call of its operation: an event stream. */
export function createResolve<Query>({ sessions, operation }: { sessions: Sessions; operation: Operation }) {
  const whichSession = createWhichSession(sessions)
  const schema = (operation.query ?? z.object({})).strict()
  return async (caller: Caller, given: Readonly<Record<string, unknown>>): Promise<{ session: SessionHandle; query: Query }> => {
    checkScope(operation, caller)
    const session = await whichSession(operation, { caller, params: {}, query: given })
    const { session: _, ...rest } = given
    const query = check(schema, 'query', rest)
    if (query.faults.length > 0) throw refuse(query.faults)
    return { session: session as SessionHandle, query: query.value as Query }
  }
}

/** Throws the problem illegal-character. XML has its own check. */
function checkCharactersOf({ params, query, body, isXml }: Record<'params' | 'query' | 'body', unknown> & { isXml: boolean }): void {
  checkCharacters({ params, query, ...(isXml ? {} : { body }) }, '', bodyBounds)
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
    checkCharactersOf(input)
    throw refuse(faults)
  }
  return { params: params.value, query: query.value, body: body.value }
}

function bodyOf(operation: Operation, { body, isXml }: Input): ReturnType<typeof check> {
  if (isXml) return { value: body, faults: [] }
  // the body as it came: the order of its members is that of the elements it is written as
  if (operation.body) return { ...check(operation.body, 'body', body), value: body }
  const isEmpty = body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0)
  return { value: undefined, faults: isEmpty ? [] : [{ path: 'body', message: 'is not taken here' }] }
}
