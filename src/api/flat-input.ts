/** Requests that are one flat object: how those look who have no path, query and headers to put things into. */
import { z } from 'zod'
import type { Operation } from '../gateway/contract/operation.ts'
import { type Input, queryOf } from './checked-call.ts'
import { traceOf } from './trace.ts'
import { refuse } from './validation.ts'

/** Who asks, and by which request. */
export interface FlatCaller extends Pick<Input, 'caller' | 'signal' | 'requestId' | 'trace'> {
  /** for what is not told another one */
  session: string
}

/** The request as it would have come by HTTP. Throws invalid-request. */
export type FlatInput = (members: Readonly<Record<string, unknown>>, by: FlatCaller) => Input

/**
 * `members` are those of path, query and body, with `session`, `idempotencyKey`, `wait` (seconds), `respondAsync`, `traceparent` and
 * `tracestate`. Lists of the query are texts with commas, or arrays. `xml` is a body that is XML, where it is all of the body. Throws
 * where an operation has one name in two places.
 */
export function createFlatInput(operation: Operation): FlatInput {
  const places = placesOf(operation)

  return (members, { caller, session, signal, requestId, trace }) => {
    const { idempotencyKey, respondAsync, traceparent, tracestate, ...rest } = members
    const params: Record<string, unknown> = {}
    const query: Record<string, unknown> = operation.session === 'named' ? { session } : {}
    const body: Record<string, unknown> = {}
    let wait: unknown
    for (const [name, value] of Object.entries(rest)) {
      if (places.params.has(name)) params[name] = isPlain(value) ? String(value) : value
      else if (places.query.has(name) || (name === 'session' && operation.session !== 'none')) query[name] = asText(value)
      else if (name === 'wait' && !places.body.has(name)) wait = value
      else if (operation.body) body[name] = value
      else query[name] = value
    }
    const isXml = operation.xmlBody === true && typeof body.xml === 'string' && Object.keys(body).length === 1
    return {
      caller,
      params,
      query,
      body: isXml ? body.xml : operation.body && body,
      isXml,
      prefer: {
        ...(wait !== undefined && { wait: given(z.int().min(0), 'wait', wait) }),
        ...(respondAsync !== undefined && { respondAsync: given(z.boolean(), 'respondAsync', respondAsync) }),
      },
      idempotencyKey: idempotencyKey === undefined ? undefined : given(z.string(), 'idempotencyKey', idempotencyKey),
      accept: 'application/json',
      requestId,
      signal,
      trace: trace ?? traceOf({ traceparent, tracestate }),
    }
  }
}

/** The names of an operation's members, by where they are. */
interface Places {
  params: ReadonlySet<string>
  query: ReadonlySet<string>
  body: ReadonlySet<string>
}

function placesOf(operation: Operation): Places {
  const { id, session, params, body } = operation
  const all = [params, queryOf(operation), body].map(namesOf)
  const names = [...all.flat(), ...(session === 'none' ? [] : ['session']), ...ofRequests]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`${id} has a member ${twice} in two places.`)
  const [ofParams, ofQuery, ofBody] = all
  return { params: new Set(ofParams), query: new Set(ofQuery), body: new Set(ofBody) }
}

/** what every request may have, which by HTTP are headers */
const ofRequests = ['idempotencyKey', 'respondAsync', 'traceparent', 'tracestate']

const namesOf = (schema: z.ZodType | undefined) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])

/** A value of the query as the text that it would be there; what cannot be one is left to be refused. */
function asText(value: unknown): unknown {
  if (Array.isArray(value) && value.every(isPlain)) return value.join()
  return isPlain(value) ? String(value) : value
}

const isPlain = (value: unknown) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

function given<T>(schema: z.ZodType<T>, path: string, value: unknown): T {
  const { data, error } = schema.safeParse(value)
  if (error) throw refuse([{ path, message: error.issues[0]!.message }])
  return data as T
}
