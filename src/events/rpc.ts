import { Problem } from '../errors.ts'

/** JSON-RPC 2.0 error codes */
export const rpcCodes = { parse: -32700, request: -32600, method: -32601, params: -32602, problem: -32000 } as const

export interface RpcRequest {
  method: string
  params: Readonly<Record<string, unknown>>
}

/** Runs one request; rejects with a problem. */
export type RpcMethod = (request: RpcRequest) => Promise<unknown>

/**
 * Answers JSON-RPC 2.0 frames: text in, text out, nothing for a notification. `problemDocument` makes `data` of an error.
 */
export function createRpc({
  methods,
  problemDocument,
}: {
  methods: ReadonlyMap<string, RpcMethod>
  problemDocument: (thrown: unknown) => { status: number; detail: string; document: unknown }
}): (text: string) => Promise<string | undefined> {
  function failure(id: unknown, code: number, thrown: unknown): string {
    const { detail, document } = problemDocument(thrown)
    return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: detail, data: document } })
  }

  return async (text) => {
    const frame = parse(text)
    if (frame === undefined) return failure(null, rpcCodes.parse, invalid('The frame is not JSON.'))
    const { id = null, method, params = {} } = frame
    const isNamed = typeof params === 'object' && params !== null && !Array.isArray(params)
    if (typeof method !== 'string') return failure(id, rpcCodes.request, invalid('The frame is not a JSON-RPC request.'))
    const known = methods.get(method)
    if (!known) return failure(id, rpcCodes.method, new Problem('not-found', 'There is no such method.'))
    if (!isNamed) return failure(id, rpcCodes.params, invalid('params must be an object.'))
    try {
      const result = await known({ method, params: params as Record<string, unknown> })
      return id === null ? undefined : JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null })
    } catch (thrown) {
      const { status } = problemDocument(thrown)
      return failure(id, status === 400 || status === 422 ? rpcCodes.params : rpcCodes.problem, thrown)
    }
  }
}

const invalid = (message: string) => new Problem('invalid-request', message, { errors: [{ path: 'frame', message }] })

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return undefined
  }
}
