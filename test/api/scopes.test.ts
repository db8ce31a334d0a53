import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createInvoke } from '../../src/api/invoke.ts'
import { Problem } from '../../src/errors/problem.ts'
import type { Caller, Operation } from '../../src/gateway/contract/operation.ts'
import { type Scope, scopeNouns } from '../../src/gateway/ports/scope.ts'
import { allOperations } from '../linear/operations.ts'

const { operations, sessions } = allOperations()
const { invoke, invokeWith } = createInvoke({ sessions, store: { idempotency: {} as never }, instance: 'test' })
const all: Scope[] = scopeNouns.flatMap((noun) => [`${noun}:read`, `${noun}:write`] as const)

/** How a call without any members ends; `done` where it got as far as the operation. */
async function ending(operation: Operation, scopes: Caller['scopes']): Promise<{ code: string; detail: string }> {
  const rest = { isXml: false, prefer: {}, idempotencyKey: undefined, accept: 'application/json' as const, requestId: 'req' }
  const caller = { tenant: 't', session: 'ses_x', scopes }
  try {
    const { signal } = new AbortController()
    await invoke(operation, { caller, params: { id: 'x', jid: 'a@b.example' }, query: {}, body: undefined, ...rest, signal })
    return { code: 'done', detail: '' }
  } catch (thrown) {
    return thrown instanceof Problem ? { code: thrown.code, detail: thrown.message } : { code: 'done', detail: '' }
  }
}

describe('a scope is needed for', () => {
  for (const operation of operations.filter(({ scope }) => scope !== null)) {
    const scope = operation.scope as Scope
    it(`${operation.id}: ${scope}`, async () => {
      for (const scopes of [[], all.filter((one) => one.split(':')[0] !== scope.split(':')[0])]) {
        const { code, detail } = await ending(operation, scopes)
        assert.equal(code, 'scope-missing')
        assert.ok(detail.includes(scope), detail)
      }
      const write = scope.replace(/:read$/, ':write') as Scope
      for (const scopes of ['all', [scope], [write]] as const) assert.notEqual((await ending(operation, scopes)).code, 'scope-missing')
      const readOnly = all.filter((one) => one.endsWith(':read'))
      assert.equal((await ending(operation, readOnly)).code === 'scope-missing', scope === write)
    })
  }

  it('an event stream, which is opened by something else than its operation', async () => {
    const list = operations.find(({ id }) => id === 'events.list') as Operation
    const { signal } = new AbortController()
    const rest = { isXml: false, prefer: {}, idempotencyKey: undefined, accept: 'application/json' as const, requestId: 'req', signal }
    const open = (scopes: Caller['scopes']) =>
      invokeWith(
        list,
        { caller: { tenant: 't', session: 'ses_x', scopes }, params: {}, query: {}, body: undefined, ...rest },
        async () => 'open',
      )
    await assert.rejects(open(['messages:write']), { code: 'scope-missing' })
    assert.equal(await open(['events:read']), 'open')
  })

  it('nothing that only translates', async () => {
    assert.deepEqual(
      operations.filter(({ scope }) => scope === null).map(({ id }) => id),
      ['translate'],
    )
  })
})
