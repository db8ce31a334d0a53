/** Redis away, hanging, full, read-only, moving: a problem within a second or so, and all is well again by itself. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fenced } from '../../src/gateway/ports/change.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { createRedisStore } from '../../src/store/redis/store.ts'
import { freePorts } from '../support/processes.ts'
import { quiet } from '../support/quiet-log.ts'
import { type RedisOptions, type RedisServer, startRedis, startRedisCluster } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { acceptance, came, createClock, eventually, limits, newId, ownedSession, problem, sessionRecord, sessionStatus } from './sample.ts'

const unavailable = problem('store-unavailable')
/** ms in which each call is promised to be answered (a command has 0.8 s), on a machine that has other things to do */
const WITHIN = 1500

/** sessions whose keys are in slots 0 to 5, the first to be moved from the first node */
const inFirstSlots = ['ses_moving5160', 'ses_moving224', 'ses_moving29468', 'ses_moving22077', 'ses_moving2169', 'ses_moving9576']

async function withRedis(
  options: RedisOptions & { waitReplicas?: number },
  run: (given: { server: RedisServer; store: Store; open: () => Promise<Store> }) => Promise<void>,
): Promise<void> {
  const { waitReplicas = 0, ...rest } = options
  const server = await startRedis(rest)
  const opener = createOpener()
  const open = () => opener.open(server.url, { waitReplicas })
  try {
    await run({ server, store: await open(), open })
  } finally {
    await opener.close()
    server.signal('SIGCONT')
    await server.stop()
  }
}

/** every kind of call; all of them settle */
function calls(store: Store, id: string, fence: string): Promise<unknown>[] {
  return [
    store.ping(),
    store.sessions.get(id),
    store.sessions.create(sessionRecord(), sessionStatus),
    store.instances.beat('owner', { ttl: 60_000, load: 1 }),
    store.leases.acquire(id, 'owner'),
    store.commit(id, fence, { events: [{ type: 'a', data: 1 }] }),
    store.outbox.accept(id, acceptance([newId('m')])),
    store.outbox.read(id, undefined, 10),
    store.log.read(id, undefined, 10),
    store.state.read(id, 'roster'),
    store.idempotency.begin(id, 'k', 'f', 'one', 1000),
    store.tickets.take('hash'),
    store.bus.publish('channel', 1),
    store.sessions.remove(newId('ses')),
  ]
}

async function allUnavailable(store: Store, id: string, fence: string): Promise<void> {
  const began = performance.now()
  for (const settled of await Promise.allSettled(calls(store, id, fence))) {
    assert.ok(settled.status === 'rejected' && unavailable(settled.reason), JSON.stringify(settled))
  }
  const took = performance.now() - began
  assert.ok(took < WITHIN, `${took} ms`)
}

const works = (store: Store) =>
  eventually(() =>
    store.ping().then(
      () => true,
      () => undefined,
    ),
  )

describe('Redis in trouble', { timeout: 60_000 }, () => {
  test('not there at the start: it says where it looked, and no password', async () => {
    const [port] = await freePorts(1)
    const url = `redis://user:canary@127.0.0.1:${port}`
    for (const bad of [url, `redis+cluster://user:canary@127.0.0.1:${port}`, `redis+sentinel://user:canary@127.0.0.1:${port}/main`]) {
      const error = await createRedisStore({
        url: bad,
        limits,
        clock: createClock(),
        waitReplicas: 0,
        log: quiet,
        startDeadline: 300,
      }).then(
        () => assert.fail('it must not open'),
        (thrown: Error) => thrown,
      )
      assert.ok(unavailable(error))
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*cannot be reached`))
      assert.doesNotMatch(error.message, /canary/)
    }
  })

  test('killed and started again: everything is there, and who watched and listened is told again', async () => {
    await withRedis({ appendonly: true }, async ({ server, store, open }) => {
      const other = await open()
      const { id, fence } = await ownedSession(store)
      const idempotency = { key: 'k', fingerprint: 'f', answer: { status: 202 } }
      await store.outbox.accept(id, acceptance(['m1'], idempotency))
      const [cursor] = await store.commit(id, fence, { events: [{ type: 'a', data: 1 }] })
      let woken = 0
      const heard: unknown[] = []
      const stops = [other.log.watch(id, () => woken++), other.bus.subscribe('channel', (message) => heard.push(message))]
      await other.bus.publish('any', 1)

      await server.kill()
      await allUnavailable(store, id, fence)
      await server.restart()
      await works(store)
      await works(other)
      // hints may have been missed: whoever watches is woken
      await eventually(() => woken > 0)
      assert.deepEqual(await store.log.place(id, cursor!), { kind: 'known' })
      assert.equal((await store.outbox.size(id)).length, 1)
      assert.equal((await store.outbox.accept(id, acceptance(['m2'], idempotency))).kind, 'replayed')
      assert.equal(await store.leases.owner(id), 'owner')
      await eventually(async () => (await store.bus.publish('channel', 'again')) === 1)
      await eventually(() => heard.includes('again'))
      const before = woken
      await store.commit(id, fence, { events: [{ type: 'a', data: 2 }] })
      await eventually(() => woken > before)
      for (const stop of stops) stop()
    })
  })

  test('killed and started again without a disk: sessions are gone, owners are fenced', async () => {
    await withRedis({}, async ({ server, store }) => {
      const { id, fence } = await ownedSession(store)
      await server.kill()
      await server.restart()
      await works(store)
      assert.equal(await store.sessions.get(id), undefined)
      await assert.rejects(store.commit(id, fence, {}), Fenced)
    })
  })

  test('hanging: nothing waits for it, and it is used again when it goes on', async () => {
    await withRedis({}, async ({ server, store }) => {
      const { id, fence } = await ownedSession(store)
      server.signal('SIGSTOP')
      await allUnavailable(store, id, fence)
      await allUnavailable(store, id, fence)
      server.signal('SIGCONT')
      await works(store)
      await store.commit(id, fence, { events: [{ type: 'b', data: 2 }] })
    })
  })

  test('paused by CLIENT PAUSE: writes fail, and later work again', async () => {
    await withRedis({}, async ({ server, store }) => {
      const { id, fence } = await ownedSession(store)
      await server.cli('client', 'pause', '1500', 'write')
      await assert.rejects(store.commit(id, fence, { events: [{ type: 'a', data: 1 }] }), unavailable)
      await eventually(() => store.commit(id, fence, { events: [{ type: 'b', data: 1 }] }).catch(() => undefined))
    })
  })

  test('full: what cannot be kept is refused whole, what is there is read, and then it goes on', async () => {
    await withRedis({ extraArgs: ['--maxmemory-policy', 'noeviction'] }, async ({ server, store }) => {
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1']))
      await store.instances.beat('owner', { ttl: 60_000, load: 1, anew: true })
      await server.cli('config', 'set', 'maxmemory', '1mb')
      const idempotency = { key: 'k', fingerprint: 'f', answer: { status: 202 } }
      await assert.rejects(store.outbox.accept(id, acceptance(['m2'], idempotency)), unavailable)
      await assert.rejects(store.commit(id, fence, { events: [{ type: 'a', data: 1 }], settled: ['m1'], clear: ['roster'] }), unavailable)
      await assert.rejects(store.sessions.create(sessionRecord(), sessionStatus), unavailable)
      assert.equal((await store.log.read(id, undefined, 10)).events.length, 1)
      assert.equal((await store.outbox.read(id, undefined, 10)).length, 1)
      assert.equal(await store.records.get(id, 'm2'), undefined)
      // nobody loses all sessions over it
      assert.equal((await store.instances.beat('owner', { ttl: 60_000, load: 2 })).get('owner')?.load, 2)
      await server.cli('config', 'set', 'maxmemory', '0')
      assert.equal((await store.outbox.accept(id, acceptance(['m2'], idempotency))).kind, 'accepted')
    })
  })

  test('a full disk: what cannot be kept is refused, what is there is read, and then it goes on', async () => {
    await withRedis({ appendonly: true }, async ({ server, store }) => {
      const { id, fence } = await ownedSession(store)
      await server.cli('config', 'set', 'appendfsync', 'everysec')
      await store.outbox.accept(id, acceptance(['m1']))
      await server.fillDisk(true)
      // the one that it finds out with is kept in memory until there is room
      const accepted = ['m1']
      await eventually(async () => {
        const message = newId('m')
        const result = await store.outbox.accept(id, acceptance([message])).catch(unavailableOnly)
        if (result) accepted.push(message)
        return result === undefined
      })
      await assert.rejects(store.ping(), unavailable)
      await assert.rejects(store.commit(id, fence, { events: [{ type: 'a', data: 1 }] }), unavailable)
      await assert.rejects(store.sessions.create(sessionRecord(), sessionStatus), unavailable)
      assert.equal((await store.sessions.get(id))?.owner, 'owner')
      assert.equal((await store.outbox.read(id, undefined, 10)).length, accepted.length)
      await server.fillDisk(false)
      await works(store)
      await store.outbox.accept(id, acceptance(['last']))
      await eventually(async () => /aof_last_write_status:ok/.test(await server.cli('info', 'persistence')))
      await server.kill('SIGTERM')
      await server.restart()
      await works(store)
      const kept = (await store.outbox.read(id, undefined, 10)).map((entry) => entry.id)
      assert.deepEqual(kept, [...accepted, 'last'])
    })
  })

  test('a full disk, where each write is to be on it: Redis ends, and comes back with all that was accepted', async () => {
    await withRedis({ appendonly: true }, async ({ server, store }) => {
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1', 'm2']))
      await server.fillDisk(true)
      await assert.rejects(store.outbox.accept(id, acceptance(['m3'])), unavailable)
      await allUnavailable(store, id, fence)
      await server.restart()
      await works(store)
      const kept = (await store.outbox.read(id, undefined, 10)).map((entry) => entry.id)
      assert.deepEqual(kept, ['m1', 'm2'])
      assert.equal((await store.outbox.accept(id, acceptance(['m3']))).kind, 'accepted')
    })
  })

  test('a master that became a replica: writes are refused until there is a master', async () => {
    await withRedis({}, async ({ server, store }) => {
      const { id, fence } = await ownedSession(store)
      const [nowhere] = await freePorts(1)
      await server.cli('replicaof', '127.0.0.1', String(nowhere))
      await assert.rejects(store.commit(id, fence, { events: [{ type: 'a', data: 1 }] }), unavailable)
      await assert.rejects(store.outbox.accept(id, acceptance(['m1'])), unavailable)
      await server.cli('replicaof', 'no', 'one')
      await works(store)
      await eventually(() => store.commit(id, fence, { events: [{ type: 'b', data: 1 }] }).catch(() => undefined))
    })
  })

  test('replicas are waited for where that is asked for', async () => {
    await withRedis({ waitReplicas: 1 }, async ({ server, store, open }) => {
      const record = sessionRecord()
      await assert.rejects(store.sessions.create(record, sessionStatus), unavailable)
      const replica = await startRedis({ extraArgs: ['--replicaof', '127.0.0.1', String(server.port), '--repl-diskless-sync-delay', '0'] })
      try {
        const { id } = await eventually(async () => {
          const made = sessionRecord()
          return store.sessions.create(made, sessionStatus).then(() => made, unavailableOnly)
        })
        // a replica of a busy machine may be late with one of them
        const accepted = (by: Store) => eventually(() => by.outbox.accept(id, acceptance([newId('m')])).catch(unavailableOnly))
        assert.equal((await accepted(store)).kind, 'accepted')
        assert.equal((await replica.cli('exists', `sg:{${id}}:outbox`)).trim(), '1')
        // scripts that the server forgot are told to it again
        await server.cli('script', 'flush')
        assert.equal((await accepted(store)).kind, 'accepted')
        assert.equal((await accepted(await open())).kind, 'accepted')

        replica.signal('SIGSTOP')
        await assert.rejects(store.sessions.addToken(id, 'hash'), unavailable)
        await assert.rejects(store.sessions.remove(id), unavailable)
        replica.signal('SIGCONT')
        await eventually(() => store.sessions.remove(id).then(() => true, unavailableOnly))
        assert.equal(await store.sessions.get(id), undefined)
      } finally {
        replica.signal('SIGCONT')
        await replica.stop()
      }
    })
  })
})

describe('a Cluster in trouble', { timeout: 120_000 }, () => {
  test('one master away takes only its sessions along, until it is back', async () => {
    const cluster = await startRedisCluster({ appendonly: true })
    const opener = createOpener()
    try {
      const store = await opener.open(cluster.url)
      const sessions = await Promise.all(Array.from({ length: 12 }, () => ownedSession(store)))
      let woken = 0
      const stops = sessions.map(({ id }) => store.log.watch(id, () => woken++))
      await store.bus.publish('any', 1)
      await cluster.nodes[1]!.kill()
      const write = ({ id, fence }: { id: string; fence: string }) => store.commit(id, fence, { events: [{ type: 'a', data: 1 }] })
      const settled = await eventually(async () => {
        const results = await Promise.allSettled(sessions.map(write))
        const lost = results.filter(({ status }) => status === 'rejected').length
        return lost < sessions.length && lost > 0 && results
      })
      for (const result of settled) assert.ok(result.status === 'fulfilled' || unavailable(result.reason), String(result))
      await cluster.nodes[1]!.restart()
      for (const session of sessions) await eventually(() => write(session).catch(() => undefined))
      // the hints of that master are heard again
      const others = await opener.open(cluster.url)
      for (const { id, fence } of sessions) {
        await eventually(async () => {
          const before = woken
          await others.commit(id, fence, { events: [{ type: 'a', data: 1 }] })
          await store.bus.publish('any', 1).catch(() => {})
          return woken > before
        })
      }
      for (const stop of stops) stop()
    } finally {
      await opener.close()
      await cluster.stop()
    }
  })

  test('without the master that lists the tenants the sessions on others are found', async () => {
    const cluster = await startRedisCluster({ appendonly: true })
    const opener = createOpener()
    try {
      const store = await opener.open(cluster.url)
      const ids: string[] = []
      for (let number = 0; number < 12; number += 1) ids.push((await ownedSession(store)).id)
      /** those found, until it fails or ends */
      async function found(): Promise<{ some: string[]; failed?: unknown }> {
        const some: string[] = []
        try {
          for await (const id of store.sessions.ids()) some.push(id)
          return { some }
        } catch (failed) {
          return { some, failed }
        }
      }
      const all = { some: ids.toSorted() }
      const sorted = async () => {
        const { some, ...rest } = await found()
        return { some: some.toSorted(), ...rest }
      }
      assert.deepEqual(await sorted(), all)
      const holders = await Promise.all(cluster.nodes.map((node) => node.cli('exists', 'sg:tenants').catch(() => '')))
      const master = cluster.nodes[holders.findIndex((answer) => answer.trim() === '1')]!
      await master.kill()
      const { some, failed } = await eventually(async () => {
        const result = await found()
        return result.failed !== undefined && result.some.length > 0 && result
      })
      assert.ok(unavailable(failed))
      assert.ok(some.length < ids.length)
      await master.restart()
      await eventually(async () => (await found()).failed === undefined)
      assert.deepEqual(await sorted(), all)
    } finally {
      await opener.close()
      await cluster.stop()
    }
  })

  test('slots that move lose nothing', async () => {
    const cluster = await startRedisCluster()
    const opener = createOpener()
    try {
      const store = await opener.open(cluster.url)
      const sessions = await Promise.all(inFirstSlots.map((id) => ownedSession(store, { id })))
      const [from, to] = await Promise.all(
        [cluster.nodes[0]!, cluster.nodes[2]!].map(async (node) => (await node.cli('cluster', 'myid')).trim()),
      )
      let moving = true
      const written = new Map(sessions.map(({ id }) => [id, [] as number[]]))
      const writing = sessions.map(async ({ id, fence }) => {
        for (let n = 0; moving || n < 20; n++) {
          const event = { type: 'a', data: n, copy: came('/live/', `${n}`) }
          await eventually(() => store.commit(id, fence, { events: [event] }).catch(unavailableOnly))
          written.get(id)!.push(n)
        }
      })
      const reshard = ['--cluster', 'reshard', `127.0.0.1:${cluster.nodes[0]!.port}`, '--cluster-yes', '--cluster-pipeline', '1']
      await cluster.nodes[0]!.cli(...reshard, '--cluster-from', from!, '--cluster-to', to!, '--cluster-slots', String(inFirstSlots.length))
      moving = false
      await Promise.all(writing)
      assert.equal((await cluster.nodes[2]!.cli('exists', `sg:{${inFirstSlots[0]}}:session`)).trim(), '1')
      for (const { id } of sessions) {
        const { events, gap } = await store.log.read(id, undefined, 1000)
        const expected = written.get(id)!.slice(-limits.eventLogMax)
        assert.deepEqual([events.map(({ data }) => data).slice(-expected.length), gap], [expected, undefined])
      }
    } finally {
      await opener.close()
      await cluster.stop()
    }
  })

  test('a slot that is half moved takes no half writes', async () => {
    const cluster = await startRedisCluster()
    const opener = createOpener()
    try {
      const store = await opener.open(cluster.url)
      const { id, fence } = await ownedSession(store, { id: inFirstSlots[0]! })
      await store.outbox.accept(id, acceptance(['m1']))
      const [source, , target] = cluster.nodes as [RedisServer, RedisServer, RedisServer]
      const [from, to] = await Promise.all([source, target].map(async (node) => (await node.cli('cluster', 'myid')).trim()))
      await target.cli('cluster', 'setslot', '0', 'importing', from!)
      await source.cli('cluster', 'setslot', '0', 'migrating', to!)
      const keys = (await source.cli('keys', `*{${id}}*`)).trim().split('\n')
      const move = (some: string[]) => source.cli('migrate', '127.0.0.1', String(target.port), '', '0', '1000', 'keys', ...some)
      await move(keys.slice(0, 3))
      await assert.rejects(
        store.commit(id, fence, { events: [{ type: 'a', data: 1 }], state: [{ kind: 'roster', key: 'a', value: 1 }] }),
        unavailable,
      )
      await assert.rejects(store.outbox.accept(id, acceptance(['m2'])), unavailable)
      await move(keys.slice(3))
      for (const node of [target, source]) await node.cli('cluster', 'setslot', '0', 'node', to!)
      assert.equal((await store.outbox.accept(id, acceptance(['m2']))).kind, 'accepted')
      await store.commit(id, fence, { events: [{ type: 'a', data: 2 }] })
      const { events } = await store.log.read(id, undefined, 10)
      assert.deepEqual(
        events.map(({ type }) => type),
        ['message.accepted', 'message.accepted', 'a'],
      )
      assert.equal((await store.outbox.size(id)).length, 2)
    } finally {
      await opener.close()
      await cluster.stop()
    }
  })
})

function unavailableOnly(error: unknown): undefined {
  assert.ok(unavailable(error), String(error))
}
