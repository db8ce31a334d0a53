import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf } from '../../src/api/declared.ts'
import { createInvoke } from '../../src/api/invoke.ts'
import type { ProblemCode } from '../../src/errors/catalogue.ts'
import { Problem } from '../../src/errors/problem.ts'
import type { Operation } from '../../src/gateway/contract/operation.ts'
import { operation } from '../http/support.ts'
import { watchUndeclared } from '../support/undeclared.ts'

const { invoke } = createInvoke({ sessions: {} as never, store: { idempotency: {} as never }, instance: 'test' })

/** Ends with a problem, of which it declares some. */
async function endWith(code: ProblemCode, problems: readonly ProblemCode[]): Promise<void> {
  const run = async () => {
    throw new Problem(code, 'As asked.')
  }
  const { signal } = new AbortController()
  const rest = { isXml: false, prefer: {}, idempotencyKey: undefined, accept: 'application/json' as const, requestId: 'req', signal }
  const made: Operation = operation({ id: 'things.get', method: 'GET', path: '/things', problems, run })
  const caller = { tenant: 't', scopes: 'all' as const }
  await assert.rejects(invoke(made, { caller, params: {}, query: {}, body: undefined, ...rest }), { code })
}

test('a problem that an operation does not declare is noticed', async () => {
  const refuse = watchUndeclared()
  await endWith('xmpp-gone', ['xmpp-conflict'])
  assert.throws(refuse, /things\.get.*xmpp-gone/)
})

test('one that it declares, or that every operation may end with, is not', async () => {
  const refuse = watchUndeclared()
  await endWith('xmpp-gone', ['xmpp-gone'])
  for (const code of ['invalid-request', 'store-unavailable', 'internal-error', 'too-busy'] as const) await endWith(code, [])
  refuse()
})

test('what all of a kind may answer depends on what they take', () => {
  const plain = problemsOf(operation({ id: 'a', method: 'GET', path: '/a', problems: [] }))
  assert.ok(!plain.has('session-not-found') && !plain.has('body-too-large') && !plain.has('idempotency-key-reused'))
  const named = problemsOf(operation({ id: 'a', method: 'GET', path: '/a', problems: [], session: 'named', scope: 'iq:read' }))
  for (const code of ['session-required', 'session-not-found', 'scope-missing'] as const) assert.ok(named.has(code))
})
