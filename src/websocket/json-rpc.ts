import { randomUUID } from 'node:crypto'
import { bodyBounds, parseJson } from '../api/json.ts'
import { problemBody, problemOf } from '../api/problem.ts'
import { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import { ID_MAX } from '../gateway/ids.ts'
import type { Log } from '../gateway/ports/log.ts'

/** JSON-RPC 2.0 error codes */
const rpcCodes = { parse: -32700, request: -32600, method: -32601, params: -32602, problem: -32000 } as const

export interface RpcRequest {
  method: string
  params: Readonly<Record<string, unknown>>
  requestId: string
}

/** Runs one request; rejects with a problem. */
export type RpcMethod = (request: RpcRequest) => Promise<unknown>

export interface RpcAnswer {
  /** absent for a notification */
  text?: string
  /** false for a frame that no method could take */
  isRequest: boolean
}

const WRITTEN = Symbol('written')
/** A result that is JSON already. */
export const written = (json: string) => ({ [WRITTEN]: json })
const isWritten = (result: unknown): result is ReturnType<typeof written> =>
  typeof result === 'object' && result !== null && WRITTEN in result

/** Answers the JSON-RPC 2.0 frames of one client. What is wrong is told as the problem that HTTP would answer. */
export function createRpc({
  methods,
  log,
}: {
  methods: { get(name: string): RpcMethod | undefined }
  log: Log
}): (text: string) => Promise<RpcAnswer> {
  function failure(id: unknown, thrown: unknown, { code, requestId }: { code?: number; requestId: string }): string {
    const problem = problemOf(thrown)
    const { status, message } = problem
    const error = {
      code: code ?? (status === 400 || status === 422 ? rpcCodes.params : rpcCodes.problem),
      message,
      data: problemBody(problem, requestId),
    }
    return JSON.stringify({ jsonrpc: '2.0', id, error })
  }

  return async (text) => {
    const requestId = `req_${randomUUID()}`
    const refuse = (id: unknown, code: number, problem: Problem) => ({ text: failure(id, problem, { code, requestId }), isRequest: false })
    let value: unknown
    try {
      value = parseJson(text, { ...bodyBounds, depth: bodyBounds.depth + 1 })
    } catch (thrown) {
      return refuse(null, rpcCodes.parse, invalid(problemOf(thrown).message.replace('The body', 'The frame')))
    }
    const frame = (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}) as Record<string, unknown>
    const { id = null, method, params = {} } = frame
    if (!isId(id)) return refuse(null, rpcCodes.request, invalid(`id must be a number, or a string of at most ${ID_MAX} characters.`))
    // one that is null is answered, as one that is there
    const isNotification = !('id' in frame)
    if (typeof method !== 'string') return refuse(id, rpcCodes.request, invalid('The frame is not a JSON-RPC request.'))
    const known = methods.get(method)
    if (!known) return refuse(id, rpcCodes.method, new Problem('not-found', 'There is no such method.'))
    const isNamed = typeof params === 'object' && params !== null && !Array.isArray(params)
    if (!isNamed) return refuse(id, rpcCodes.params, invalid('params must be an object.'))
    try {
      const result = await known({ method, params: params as Record<string, unknown>, requestId })
      if (isNotification) return { isRequest: true }
      if (isWritten(result)) return { isRequest: true, text: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result[WRITTEN]}}` }
      return { isRequest: true, text: JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null }) }
    } catch (thrown) {
      const problem = problemOf(thrown)
      if (problem.code === 'internal-error') log.error({ event: 'rpc.error', requestId, method, err: problem.cause }, 'A request failed')
      // whoever goes on all the same is a flood
      const isRequest = problem.code !== 'too-many-requests'
      return isNotification ? { isRequest } : { isRequest, text: failure(id, problem, { requestId }) }
    }
  }
}

/** JSON-RPC 2.0 section 4; it is answered with every problem of a request */
const isId = (id: unknown) => id === null || Number.isFinite(id) || (typeof id === 'string' && id.length <= ID_MAX)

const invalid = (message: string) => invalidRequest('frame', message, { detail: message })
