import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { LiveSession } from '../../../src/gateway/contract/session.ts'
import type { Change } from '../../../src/gateway/ports/change.ts'
import { createSeal } from '../../../src/gateway/seal.ts'
import { createUserAgent, fastTokens } from '../../../src/gateway/session/fast-tokens.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'

test('a token is kept sealed, and is none once the key that sealed it was dropped', async () => {
  const [old, fresh] = [randomBytes(32), randomBytes(32)]
  const state = createMirror(new Map())
  const commit = async (change: Change) => {
    state.apply(change)
    return []
  }
  const session = { record: { id: 'ses_1', tenant: 'main' }, state, commit } as unknown as LiveSession
  const deviceWith = (...keys: Buffer[]) => createUserAgent({ index: 0, session, seal: createSeal(keys) })
  const token = { mechanism: 'HT-SHA-256-EXPR', token: 'canary', expiry: '2030-01-01T00:00:00Z' }
  await deviceWith(old).keep(token)
  assert.ok(!JSON.stringify(state.get(fastTokens, '0')).includes('canary'))
  assert.deepEqual(await deviceWith(fresh, old).token(), token)
  assert.equal(await deviceWith(fresh).token(), null)
})
