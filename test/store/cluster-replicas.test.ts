import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePorts } from '../support/processes.ts'
import { startRedis, startRedisCluster } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { acceptance, eventually, newId, problem, sessionRecord, sessionStatus } from './sample.ts'

/** slots of the first of three masters */
const FIRST_THIRD = 5461

test('on a Cluster the replicas of the master that has the session are waited for', { timeout: 60_000 }, async () => {
  const cluster = await startRedisCluster()
  const [bus] = await freePorts(1)
  const asNode = ['--cluster-enabled', 'yes', '--cluster-port', String(bus)]
  const replica = await startRedis({ extraArgs: [...asNode, '--repl-diskless-sync-delay', '0'] })
  const opener = createOpener()
  try {
    const store = await opener.open(cluster.url, { waitReplicas: 1 })
    const [master] = cluster.nodes
    const id = (await master!.cli('cluster', 'myid')).trim()
    const [added, to] = [replica, master!].map(({ port }) => `127.0.0.1:${port}`) as [string, string]
    await master!.cli('--cluster', 'add-node', added, to, '--cluster-slave', '--cluster-master-id', id)
    await eventually(async () => (await master!.cli('wait', '1', '100')).trim() === '1')

    /** A session that this master is to have, or one of the others, and its slot. */
    async function recordOf(there: boolean) {
      for (;;) {
        const record = sessionRecord()
        const slot = Number(await master!.cli('cluster', 'keyslot', `{${record.id}}`))
        if (slot < FIRST_THIRD === there) return { record, slot: String(slot) }
      }
    }
    const { record, slot } = await recordOf(true)
    await eventually(() => store.sessions.create(record, sessionStatus).catch(() => undefined))
    const accept = () => store.outbox.accept(record.id, acceptance([newId('m')]))
    assert.equal((await eventually(() => accept().catch(() => undefined))).kind, 'accepted')
    const keys = await Promise.all([master!, replica].map((node) => node.cli('cluster', 'countkeysinslot', slot)))
    assert.equal(keys[1], keys[0])
    const { record: apart } = await recordOf(false)
    await assert.rejects(store.sessions.create(apart, sessionStatus), problem('store-unavailable'))

    await replica.stop()
    await assert.rejects(accept(), problem('store-unavailable'))
  } finally {
    await opener.close()
    await replica.stop()
    await cluster.stop()
  }
})
