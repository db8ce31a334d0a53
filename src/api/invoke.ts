import { Problem } from '../errors/problem.ts'
import type { Answer, Call, Operation } from '../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../gateway/contract/session.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Audit } from './audit.ts'
import { boundedSession, checkReach } from './bounded-session.ts'
import { checkCharactersOf, createCheckedCall, type Input } from './checked-call.ts'
import { noteUndeclared } from './declared.ts'
import { checkKey, createIdempotency, fingerprintOf } from './idempotency.ts'
import type { Defined } from './operation.ts'
import type { TakeRate } from './rate-limits.ts'
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
 * The one way to an operation: scope, limits, session, validation, recipients, idempotency, run, audit. Rejects with problems only, apart from faults of our own.
 */
export function createInvoke({
  sessions,
  store,
  instance,
  takeRate = async () => undefined,
  audit = { done: async () => {}, refused: async () => {} },
}: {
  sessions: Sessions
  store: Pick<Store, 'idempotency'>
  instance: string
  takeRate?: TakeRate
  audit?: Audit
}): Invocations {
  const idempotency = createIdempotency({ store: store.idempotency, instance })
  const whichSession = createWhichSession(sessions)
  const callOf = createCheckedCall()

  function once(operation: Operation, input: Input, session: SessionHandle | undefined): Promise<Answer> {
    const call = callOf(operation, input, session)
    const run = () => {
      checkCharactersOf(call, input)
      checkReach(call)
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

  /** The checks that come first, whatever is run after them. `headers`: what is left of a limit. */
  async function checked<Result>(
    operation: Operation,
    input: Input,
    run: (session: SessionHandle | undefined, headers: Answer['headers']) => Promise<Result>,
  ): Promise<Result> {
    const { caller } = input
    let session: SessionHandle | undefined
    let headers: Answer['headers']
    try {
      checkScope(operation, caller)
      headers = await takeRate(operation, caller, input.body)
      session = await whichSession(operation, input)
      if (session?.as !== undefined && !operation.components) throw notForComponents()
      return await run(session && caller.recipients ? boundedSession(session, caller.recipients) : session, headers)
    } catch (thrown) {
      noteUndeclared(operation, thrown)
      await audit.refused(operation, input, thrown, session && aboutOf(session))
      throw headers && thrown instanceof Problem ? withHeaders(thrown, headers) : thrown
    }
  }

  return {
    invoke: (operation, input) =>
      checked(operation, input, async (session, headers) => {
        if (session) input.onSession?.(session.record.id)
        const answer = await once(operation, input, session)
        await audit.done(operation, input, answer, session && aboutOf(session))
        return headers ? { ...answer, headers: { ...answer.headers, ...headers } } : answer
      }),

    invokeWith: <C extends Call, Result>(operation: Defined<C>, input: Input, run: (call: C) => Promise<Result>) =>
      checked(operation, input, (session) => {
        const call: Call = callOf(operation, input, session)
        checkCharactersOf(call, input)
        checkReach(call)
        // its schemas have made it one of its calls
        return run(call as C)
      }),
  }
}

const notForComponents = () => new Problem('not-for-components', 'This is about what an account has; a component has no such thing.')

const aboutOf = ({ record: { id, jid } }: SessionHandle) => ({ id, jid })

function withHeaders(problem: Problem, headers: Readonly<Record<string, string>>): Problem {
  const { code, message, options, cause } = problem
  return new Problem(code, message, { ...options, cause, headers: { ...options.headers, ...headers } })
}
