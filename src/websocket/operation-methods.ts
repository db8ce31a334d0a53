/** The operations as methods of JSON-RPC. */
import { z } from 'zod'
import type { Input } from '../api/checked-call.ts'
import type { Invoke } from '../api/invoke.ts'
import { problemFrom } from '../api/problem.ts'
import { traceOf } from '../api/trace.ts'
import { refuse } from '../api/validation.ts'
import type { Caller, Operation } from '../gateway/contract/operation.ts'
import { type RpcMethod, type RpcRequest, written } from './json-rpc.ts'

/** Whose requests they are: those of one socket. */
export interface RpcCaller {
  caller: Caller
  /** the socket's, for what is not told another one */
  session: string
  /** aborted when the socket is gone */
  signal: AbortSignal
}

export interface OperationMethods {
  /** the method of a name, for one caller */
  of(name: string, caller: RpcCaller): RpcMethod | undefined
}

/**
 * `params` are one flat object of the members of path, query and body, with `session`, `idempotencyKey`, `wait` (seconds),
 * `respondAsync`, `traceparent` and `tracestate`. Lists of the query are texts with commas, or arrays. `xml` is a body that is XML, where it is all of the body.
 * Throws where an operation has one name in two places.
 */
export function createOperationMethods({
  operations,
  invoke,
  admit,
}: {
  operations: readonly Operation[]
  invoke: Invoke
  /** waits for the tenant's turn; rejects with too-busy */
  admit: (tenant: string, isRead: boolean) => Promise<void>
}): OperationMethods {
  const known = new Map(operations.filter(isOfWords).map((operation) => [operation.id, { operation, places: placesOf(operation) }]))

  return {
    of(name, rpc) {
      const found = known.get(name)
      if (!found) return undefined
      const { operation, places } = found
      return async (request) => {
        await admit(rpc.caller.tenant, operation.method === 'GET')
        const { status, body, json } = await invoke(operation, inputOf(operation, places, request, rpc))
        // the problem that an earlier request with the same key ended with
        if (status >= 400) throw problemFrom(body)
        return json === undefined ? body : written(json)
      }
    },
  }
}

/** No frame has bytes. */
export const isOfWords = ({ bytesBody, answers }: Operation) => !bytesBody && !Object.values(answers).some(({ bytes }) => bytes)

/** The names of an operation's members, by where they are. */
interface Places {
  params: ReadonlySet<string>
  query: ReadonlySet<string>
  body: ReadonlySet<string>
}

function placesOf({ id, session, params, query, body }: Operation): Places {
  const all = [params, query, body].map(namesOf)
  const names = [...all.flat(), ...(session === 'none' ? [] : ['session']), ...ofRequests]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`${id} has a member ${twice} in two places.`)
  const [ofParams, ofQuery, ofBody] = all
  return { params: new Set(ofParams), query: new Set(ofQuery), body: new Set(ofBody) }
}

/** what every request may have, which by HTTP are headers */
const ofRequests = ['idempotencyKey', 'respondAsync', 'traceparent', 'tracestate']

const namesOf = (schema: z.ZodType | undefined) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])

/** The request as it would have come by HTTP. */
function inputOf(operation: Operation, places: Places, request: RpcRequest, { caller, session, signal }: RpcCaller): Input {
  const { idempotencyKey, respondAsync, traceparent, tracestate, ...rest } = request.params
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
    requestId: request.requestId,
    signal,
    trace: traceOf({ traceparent, tracestate }),
  }
}

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
