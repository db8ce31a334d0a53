import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fenced } from '../../src/gateway/ports/change.ts'
import type { Metrics } from '../../src/gateway/ports/metrics.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { createMemoryStore } from '../../src/store/memory/store.ts'
import { metered } from '../../src/store/metered.ts'
import { createClock, limits } from './sample.ts'

test('a write of an owner that lost its lease is counted, and refused as before', async () => {
  const counted: string[] = []
  const metrics: Metrics = { count: (name) => counted.push(name), set() {}, observe() {} }
  const commit: Store['commit'] = async () => {
    throw new Fenced('Somebody else holds the lease by now.')
  }
  const store = metered({ ...createMemoryStore({ limits, clock: createClock() }), commit }, metrics)
  await assert.rejects(store.commit('ses_1', '1', {}), Fenced)
  assert.deepEqual(counted, ['fenced_writes_total'])
})
