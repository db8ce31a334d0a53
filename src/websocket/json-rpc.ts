import { problemBody, problemOf } from '../api/problem.ts'
import { Problem } from '../errors/problem.ts'
import { ID_MAX } from '../gateway/ids.ts'

/** JSON-RPC 2.0 error codes */
export const rpcCodes = { parse: -32700, request: -32600, method: -32601, params: -32602, problem: -32000 } as const

export interface RpcRequest {
  method: string
  params: Readonly<Record<string, unknown>>
}

/** Runs one request; rejects with a problem. */
export type RpcMethod = (request: RpcRequest) => Promise<unknown>

export interface RpcAnswer {
  /** absent for a notification */
  text?: string
  /** false for a frame that no method could take */
  isRequest: boolean
}

/** Answers JSON-RPC 2.0 frames; `data` of an error is the problem document. */
export function createRpc(methods: ReadonlyMap<string, RpcMethod>): (text: string) => Promise<RpcAnswer> {
  return async (text) => {
    const refuse = (id: unknown, code: number, problem: Problem) => ({ text: failure(id, code, problem), isRequest: false })
    const frame = parse(text)
    if (frame === undefined) return refuse(null, rpcCodes.parse, invalid('The frame is not JSON.'))
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
      const result = await known({ method, params: params as Record<string, unknown> })
      return { isRequest: true, ...(!isNotification && { text: JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null }) }) }
    } catch (thrown) {
      if (isNotification) return { isRequest: true }
      const problem = problemOf(thrown)
      const { status } = problem
      return { isRequest: true, text: failure(id, status === 400 || status === 422 ? rpcCodes.params : rpcCodes.problem, problem) }
    }
  }
}

const failure = (id: unknown, code: number, problem: Problem) =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: problem.message, data: problemBody(problem, '') } })

/** JSON-RPC 2.0 section 4; it is answered with every problem of a request */
const isId = (id: unknown) => id === null || Number.isFinite(id) || (typeof id === 'string' && id.length <= ID_MAX)

const invalid = (message: string) => new Problem('invalid-request', message, { errors: [{ path: 'frame', message }] })

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return undefined
  }
}
