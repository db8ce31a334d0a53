/** Who is there, told in several places of a Cluster, while one master is away. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RedisCluster, type RedisServer, startRedisCluster } from '../support/redis.ts'
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

/** How many places of the Cluster have this name. */
async function placesOf(name: string): Promise<number> {
  const places = await Promise.all(
    cluster.nodes.map(async (node) => (await node.cli('keys', 'sg:instances:*')).split('\n').filter((key) => key !== '')),
  )
  const known = places.map((keys, index) => keys.map((key) => cluster.nodes[index]!.cli('hexists', key, name)))
  return (await Promise.all(known.flat())).filter((answer) => answer.trim() === '1').length
}

/** ms that an instance is there unheard: several beats, each of which takes most of a second while a master is away */
const TTL = 5_000
const outages: Record<string, { begin: (node: RedisServer) => unknown; end: (node: RedisServer) => unknown; ms: number }> = {
  'away for longer than an instance is there unheard': {
    begin: (node) => node.signal('SIGSTOP'),
    end: (node) => node.signal('SIGCONT'),
    ms: TTL,
  },
  'back without its data': { begin: (node) => node.kill(), end: (node) => node.restart(), ms: 0 },
}
for (const [what, { begin, end, ms }] of Object.entries(outages)) {
  test(`instances stay there while one master and then another is ${what}`, { timeout: 60_000 }, async () => {
    const store = await opener.open(cluster.url)
    const name = newId('instance')
    const said = { ttl: TTL, load: 1 }
    await store.instances.beat(name, { ...said, anew: true })
    /** As an instance does it: tried again where too few answer, as while a master is on its way back. */
    async function beat(): Promise<void> {
      const there = await store.instances.beat(name, said).catch(unavailableOnly)
      assert.ok(there?.has(name) ?? true)
    }
    for (const node of cluster.nodes.slice(0, 2)) {
      await begin(node)
      for (const until = performance.now() + ms; performance.now() < until; ) await beat()
      await end(node)
      await eventually(async () => {
        await beat()
        return (await placesOf(name)) === 5
      })
    }
  })
}

function unavailableOnly(error: unknown): undefined {
  assert.ok(problem('store-unavailable')(error), String(error))
}
