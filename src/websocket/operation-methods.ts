/** The operations as methods of JSON-RPC. */
import type { Input } from '../api/checked-call.ts'
import { createFlatInput, type FlatCaller } from '../api/flat-input.ts'
import type { Invoke } from '../api/invoke.ts'
import { problemFrom } from '../api/problem.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import type { Tracing } from '../gateway/ports/tracing.ts'
import { spanned } from '../gateway/spanned.ts'
import { type RpcMethod, written } from './json-rpc.ts'

/** Whose requests they are: those of one socket, whose signal is aborted when it is gone. */
export type RpcCaller = Omit<FlatCaller, 'requestId'>

export interface OperationMethods {
  /** the method of a name, for one caller */
  of(name: string, caller: RpcCaller): RpcMethod | undefined
}

/** `params` are one flat object, see api/flat-input.ts. Throws where an operation has one name in two places. */
export function createOperationMethods({
  operations,
  invoke,
  admit,
  tracing,
}: {
  operations: readonly Operation[]
  invoke: Invoke
  /** waits for the tenant's turn; rejects with too-busy */
  admit: (tenant: string, isRead: boolean) => Promise<void>
  tracing: Tracing
}): OperationMethods {
  const known = new Map(operations.filter(isOfWords).map((operation) => [operation.id, { operation, inputOf: createFlatInput(operation) }]))

  async function answer(operation: Operation, input: Input): Promise<unknown> {
    const { status, body, json } = await invoke(operation, input)
    // the problem that an earlier request with the same key ended with
    if (status >= 400) throw problemFrom(body)
    return json === undefined ? body : written(json)
  }

  return {
    of(name, rpc) {
      const found = known.get(name)
      if (!found) return undefined
      const { operation, inputOf } = found
      return async ({ params, requestId }) => {
        await admit(rpc.caller.tenant, operation.method === 'GET')
        const input = inputOf(params, { ...rpc, requestId })
        const attributes = { 'rpc.system': 'jsonrpc', 'rpc.method': name }
        const span = tracing.isOn ? tracing.begin('request', { parent: input.trace, name, attributes }) : undefined
        return spanned(span, () => answer(operation, span ? { ...input, trace: span.trace } : input))
      }
    },
  }
}

/** No frame has bytes. */
export const isOfWords = ({ bytesBody, answers }: Operation) => !bytesBody && !Object.values(answers).some(({ bytes }) => bytes)
