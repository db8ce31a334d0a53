/** Who is there, told in several places of a Cluster, while one master is away. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RedisCluster, startRedisCluster } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { eventually, newId, problem } from './sample.ts'

let cluster: RedisCluster
const opener = createOpener()
before(async () => {
  cluster = await startRedisCluster()
})
after(async () => {
  await opener.close()
  await cluster?.stop()
})

test('instances stay there while one master is away, whichever, and nobody is told anything while two are', {
  timeout: 60_000,
}, async () => {
  const store = await opener.open(cluster.url)
  const [here, gone] = [newId('instance'), newId('instance')]
  const said = { ttl: 60_000, load: 1 }
  await store.instances.beat(here, { ...said, anew: true })
  await store.instances.beat(gone, { ...said, ttl: 300, anew: true })
  for (const node of cluster.nodes) {
    node.signal('SIGSTOP')
    for (let beats = 0; beats < 2; beats += 1) assert.ok((await store.instances.beat(here, said)).has(here))
    node.signal('SIGCONT')
    await eventually(() =>
      store
        .ping()
        .then(() => true)
        .catch(() => undefined),
    )
  }
  await eventually(async () => !(await store.instances.list()).has(gone))
  assert.equal((await store.instances.beat(gone, said)).has(gone), false)

  for (const node of cluster.nodes.slice(0, 2)) node.signal('SIGSTOP')
  await assert.rejects(store.instances.beat(here, said), problem('store-unavailable'))
  await assert.rejects(store.instances.list(), problem('store-unavailable'))
  for (const node of cluster.nodes) node.signal('SIGCONT')
  await eventually(() =>
    store.instances
      .beat(here, said)
      .then((there) => there.has(here))
      .catch(() => undefined),
  )
})
