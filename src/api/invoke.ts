import type { Answer, Call, Operation } from '../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import type { Store } from '../gateway/ports/store.ts'
import { checkCharactersOf, createCheckedCall, type Input } from './checked-call.ts'
import { noteUndeclared } from './declared.ts'
import { checkKey, createIdempotency, fingerprintOf } from './idempotency.ts'
import type { Defined } from './operation.ts'
import { checkScope } from './scopes.ts'
import { createWhichSession } from './which-session.ts'

export interface Invocations {
  /** Runs an operation once for each Idempotency-Key. */
  invoke: (operation: Operation, input: Input) => Promise<Answer>
  /** After the same checks runs something else in place of the operation: an event stream is opened like this. */
  invokeWith<C extends Call, Result>(operation: Defined<C>, input: Input, run: (call: C) => Promise<Result>): Promise<Result>
}

export type Invoke = Invocations['invoke']

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
}): Invocations {
  const idempotency = createIdempotency({ store: store.idempotency, instance })
  const whichSession = createWhichSession(sessions)
  const callOf = createCheckedCall()

  function once(operation: Operation, input: Input, session: SessionHandle | undefined): Promise<Answer> {
    const call = callOf(operation, input, session)
    const run = () => {
      checkCharactersOf(call, input)
      return operation.run(call)
    }
    if (operation.idempotency === undefined || input.idempotencyKey === undefined || !session) return run()

    const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(input.params[name])))
    const mark = { key: checkKey(input.idempotencyKey), fingerprint: fingerprintOf(operation.method, path, input.body) }
    if (operation.idempotency === 'generic') return idempotency.generic(session.record.id, mark, input.requestId, run)
    return idempotency.own(session.record.id, mark, input.requestId, () => {
      call.idempotency = mark
      return run()
    })
  }

  /** The checks that come first, whatever is run after them. */
  async function checked<Result>(
    operation: Operation,
    input: Input,
    run: (session: SessionHandle | undefined) => Promise<Result>,
  ): Promise<Result> {
    try {
      checkScope(operation, input.caller)
      return await run(await whichSession(operation, input))
    } catch (thrown) {
      noteUndeclared(operation, thrown)
      throw thrown
    }
  }

  return {
    invoke: (operation, input) =>
      checked(operation, input, (session) => {
        if (session) input.onSession?.(session.record.id)
        return once(operation, input, session)
      }),

    invokeWith: <C extends Call, Result>(operation: Defined<C>, input: Input, run: (call: C) => Promise<Result>) =>
      checked(operation, input, (session) => {
        const call: Call = callOf(operation, input, session)
        checkCharactersOf(call, input)
        // its schemas have made it one of its calls
        return run(call as C)
      }),
  }
}
