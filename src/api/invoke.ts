import { z } from 'zod'
import { type OwnCode, Problem } from '../errors/problem.ts'
import type { Answer, Call, Caller, Operation } from '../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import type { Store } from '../gateway/ports/store.ts'
import { bare, jid } from '../jid.ts'
import { checkCharacters } from '../xml/characters.ts'
import { checkKey, createIdempotency, fingerprintOf } from './idempotency.ts'
import { bodyBounds } from './json.ts'
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
 * The one way to an operation: session, validation, idempotency, run. Rejects with problems only, apart from faults of our own.
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
  const resolve = createSessionResolver(sessions)
  /** compiled once: an unknown query parameter is refused whatever the operation says */
  const strict = new WeakMap<Operation, z.ZodObject>()
  const querySchema = (operation: Operation) => {
    const known = strict.get(operation) ?? (operation.query ?? z.object({})).strict()
    strict.set(operation, known)
    return known
  }

  return async (operation, input) => {
    const { caller, requestId } = input
    const session = await resolve(operation, input)
    if (session) input.onSession?.(session.record.id)
    const { params, query, body } = validated(operation, querySchema(operation), input)
    const call = {
      caller,
      session: session as SessionHandle,
      params,
      query,
      body,
      prefer: input.prefer,
      accept: input.accept,
      requestId,
      signal: input.signal,
    }
    const run = () => {
      checkCharactersOf({ params, query, body, isXml: input.isXml })
      return operation.run(call)
    }
    if (operation.idempotency === undefined || input.idempotencyKey === undefined || !session) return run()

    const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(input.params[name])))
    const mark = { key: checkKey(input.idempotencyKey), fingerprint: fingerprintOf(operation.method, path, input.body) }
    if (operation.idempotency === 'generic') return idempotency.generic(session.record.id, mark, requestId, run)
    return idempotency.own(session.record.id, mark, requestId, () => {
      Object.assign(call, { idempotency: mark })
      return run()
    })
  }
}

/** characters of a JID (RFC 7622 section 3.1), or of an id */
const REFERENCE_MAX = 3071

/** Which session a call is for. Another tenant's one, and for a session token any but its own, is as one that does not exist. */
export function createSessionResolver(sessions: Sessions) {
  async function byReference(caller: Caller, reference: string): Promise<SessionHandle> {
    if (reference.length > REFERENCE_MAX) throw noSession()
    if (caller.session === undefined) return sessions.resolve(caller.tenant, reference)
    const own = await sessions.resolve(caller.tenant, caller.session)
    if (reference === own.record.id || reference === own.record.jid) return own
    // no other is looked for: it would take longer where there is one
    if (!mayName(reference, own.record.jid)) throw noSession()
    const named = await sessions.resolve(caller.tenant, reference).catch(() => undefined)
    if (named?.record.id === own.record.id) return own
    throw noSession()
  }

  return async (
    operation: Pick<Operation, 'session' | 'path' | 'problems'>,
    { caller, params, query }: Pick<Input, 'caller' | 'params' | 'query'>,
  ) => {
    if (operation.session === 'none') return undefined
    if (operation.session === 'carried' && operation.path.startsWith('/sessions/')) return byReference(caller, String(params.id))
    const reference = query.session ?? caller.session
    if (reference !== undefined) {
      if (typeof reference !== 'string' || reference === '') throw refuse([{ path: 'query.session', message: 'must be one session' }])
      return byReference(caller, reference)
    }
    if (operation.session === 'required') {
      throw new Problem('session-required', 'Say which session with ?session=<session id, bare JID or full JID>, percent-encoded.')
    }
    const carried = await sessions.ofMessage(caller.tenant, String(params.id))
    if (carried) return carried
    const code = operation.problems.find((one) => one.endsWith('-not-found')) ?? 'session-not-found'
    throw code === 'session-not-found' ? noSession() : new Problem(code as OwnCode, 'There is nothing with this id.')
  }
}

/** May a reference be one of an account? It is an address of it, or of its domain where that is all that is known of the account. */
function mayName(reference: string, account: string): boolean {
  try {
    const address = bare(jid(reference))
    return address === account || (!account.includes('@') && address.endsWith(`@${account}`))
  } catch {
    return false
  }
}

/** The session and the checked query of a request that is no call of its operation: an event stream. */
export function createResolve<Query>({ sessions, operation }: { sessions: Sessions; operation: Operation }) {
  const resolve = createSessionResolver(sessions)
  const schema = (operation.query ?? z.object({})).strict()
  return async (caller: Caller, given: Readonly<Record<string, unknown>>): Promise<{ session: SessionHandle; query: Query }> => {
    const session = await resolve(operation, { caller, params: {}, query: given })
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

const noSession = () => new Problem('session-not-found', 'There is no such session.')

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
