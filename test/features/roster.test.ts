import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProblemCode } from '../../src/errors/catalogue.ts'
import { Problem } from '../../src/errors/problem.ts'
import { rosterOperations } from '../../src/features/roster/operations.ts'
import type { Call } from '../../src/gateway/contract/operation.ts'
import type { SessionHandle } from '../../src/gateway/contract/session.ts'

/** What a change of a contact asks of the server where it cannot be told what is known of it. */
async function put(code: ProblemCode): Promise<string[]> {
  const asked: string[] = []
  const session = {
    state: async () => {
      if (asked.length === 0) throw new Problem(code, 'As asked.')
      return new Map()
    },
    stateKeys: async () => [],
    perform: async ({ name }: { name: string }, contact: unknown) => {
      asked.push(name)
      return contact
    },
  } as unknown as SessionHandle
  const operation = rosterOperations().find(({ id }) => id === 'roster.put')
  const call = { session, params: { jid: 'nurse@capulet.lit' }, body: { name: 'Nurse' }, signal: new AbortController().signal }
  await operation?.run(call as unknown as Call)
  return asked
}

test('a contact is changed where the roster is not known, and not where the store does not say', async () => {
  assert.deepEqual(await put('roster-unread'), ['roster.put'])
  for (const code of ['store-unavailable', 'session-stopped', 'session-not-found', 'internal-error'] as const)
    await assert.rejects(put(code), { code })
})
