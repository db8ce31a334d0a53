import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fenced } from '../../src/gateway/ports/change.ts'
import { startRedis, startSentinel } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { eventually, ownedSession, problem, sessionRecord, sessionStatus } from './sample.ts'

test('with Sentinel the store goes on with the new master, and fences go on growing', { timeout: 60_000 }, async () => {
  const master = await startRedis()
  const replica = await startRedis({ extraArgs: ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0'] })
  const sentinel = await startSentinel({ name: 'main', master })
  const opener = createOpener()
  try {
    const store = await opener.open(`redis+sentinel://127.0.0.1:${sentinel.port}/main`, { waitReplicas: 0 })
    await eventually(async () => (await replica.cli('info', 'replication')).includes('master_link_status:up'))
    await eventually(async () => (await sentinel.cli('sentinel', 'replicas', 'main')).includes(String(replica.port)))
    const { id, fence } = await ownedSession(store)
    const [cursor] = await store.commit(id, fence, { events: [{ type: 'a', data: 1 }] })
    await eventually(async () => (await replica.cli('hget', `sg:{${id}}:log`, 'head')).trim() === '1')
    await master.kill()
    await assert.rejects(store.ping(), problem('store-unavailable'))
    const [next] = await eventually(() =>
      store.commit(id, fence, { events: [{ type: 'a', data: 2 }] }).catch((error) => {
        assert.ok(!(error instanceof Fenced))
        return undefined
      }),
    )
    assert.notEqual(next, cursor)
    assert.deepEqual(await store.log.place(id, cursor!), { kind: 'known' })
    await store.leases.release(id, 'owner', fence)
    const lease = await store.leases.acquire(id, 'owner')
    assert.ok(lease && Number(lease.fence) > Number(fence))
    assert.equal((await store.sessions.create(sessionRecord(), sessionStatus)).created, true)
    assert.equal(await store.bus.publish('channel', 1), 0)
  } finally {
    await opener.close()
    await sentinel.stop()
    await replica.stop()
    await master.stop()
  }
})
