/** What is in Redis, and what becomes of it where Redis, or an instance, loses something. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Fenced } from '../../src/gateway/ports/change.ts'
import type { SessionRecord } from '../../src/gateway/ports/session-record.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { createSeal } from '../../src/gateway/seal.ts'
import { openConnection } from '../../src/store/redis/connection.ts'
import { createScripts } from '../../src/store/redis/scripts.ts'
import { quiet } from '../support/quiet-log.ts'
import { type RedisServer, startRedis, startRedisCluster } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { acceptance, came, eventually, limits, newId, ownedSession, problem, sessionRecord, sessionStatus, stateOf } from './sample.ts'

interface Served {
  url: string
  nodes: readonly RedisServer[]
  stop(): Promise<void>
}

const kinds: Record<string, () => Promise<Served>> = {
  'Redis, standalone': async () => {
    const server = await startRedis()
    return { url: server.url, nodes: [server], stop: server.stop }
  },
  'Redis, a Cluster': startRedisCluster,
}

for (const [name, start] of Object.entries(kinds)) {
  describe(name, { timeout: 60_000 }, () => {
    let served: Served
    let store: Store
    const opener = createOpener()
    before(async () => {
      served = await start()
      store = await opener.open(served.url)
    })
    after(async () => {
      await opener.close()
      await served?.stop()
    })

    /** redis-cli, at the node that has the key */
    const cli = async (...args: string[]) => (await served.nodes[0]!.cli(...(served.nodes.length > 1 ? ['-c'] : []), ...args)).trim()
    const keysOf = async (part: string) => {
      const lists = await Promise.all(served.nodes.map((node) => node.cli('keys', `*${part}*`)))
      return lists.flatMap((list) => list.split('\n')).filter((key) => key !== '')
    }

    async function listed(): Promise<string[]> {
      const ids: string[] = []
      for await (const id of store.sessions.ids()) ids.push(id)
      return ids
    }

    test('of a removed session only its log is left, for half a minute', async () => {
      const { id, fence, record } = await ownedSession(store, { requestedResource: 'r' })
      await store.sessions.addToken(id, 'hash')
      await store.outbox.accept(id, acceptance(['m1'], { key: 'k', fingerprint: 'f', answer: { status: 202 } }))
      await store.idempotency.begin(id, 'k2', 'f', 'one', 30_000)
      await store.consumers.use(id, 'crm', undefined)
      await store.commit(id, fence, {
        iqs: [{ id: 'q', session: id, status: 'pending' }],
        events: [
          { type: 'a', data: 1, copy: came('/live/', 'x') },
          { type: 'b', data: 1, volatile: true },
        ],
        state: [
          { kind: 'roster', key: 'a', value: 1 },
          { kind: 'presence', key: 'a', value: 1 },
        ],
        streams: { 0: { id: 's', jid: 'j', inbound: 1, outbound: 1, acked: 1, max: null, savedAt: 1 } },
      })
      assert.ok((await keysOf(id)).length > 8)
      await store.sessions.remove(id)
      const left = await keysOf(id)
      assert.deepEqual(
        left.toSorted(),
        ['log', 'log:durable', 'log:volatile'].map((noun) => `sg:{${id}}:${noun}`),
      )
      for (const key of left) {
        const ttl = Number(await cli('pttl', key))
        assert.ok(ttl > 0 && ttl <= 30_000)
      }
      const ofTenant = await keysOf(record.tenant)
      assert.deepEqual(ofTenant, [`sg:{ten_${record.tenant}}:left`])
      assert.ok(Number(await cli('pttl', ofTenant[0]!)) > 0)
    })

    test('a removal that broke off is done whole by the next', async () => {
      const { id, record } = await ownedSession(store)
      const left = `sg:{ten_${record.tenant}}:left`
      await cli('set', left, 'no list')
      await assert.rejects(store.sessions.remove(id), problem('store-unavailable'))
      await cli('del', left)
      // whoever asked for it finds it still
      assert.equal((await store.sessions.get(id))?.record.id, id)
      await store.sessions.remove(id)
      assert.equal(await store.sessions.get(id), undefined)
      assert.deepEqual(
        (await keysOf(record.tenant)).filter((key) => key !== left),
        [],
      )
    })

    for (const [way, look] of Object.entries({
      'lists the sessions of its tenant': ({ tenant }: SessionRecord) => store.sessions.list(tenant, { limit: 10 }),
      'would take it up': async ({ id }: SessionRecord) => {
        assert.ok((await listed()).includes(id))
        assert.equal(await store.leases.acquire(id, 'owner'), undefined)
      },
    })) {
      test(`what is listed and is not there is taken off by whoever ${way}`, async () => {
        const record = sessionRecord()
        const next = sessionRecord({ tenant: record.tenant, jid: 'juliet@example.org' })
        for (const each of [record, next]) await store.sessions.create(each, sessionStatus)
        await cli('del', `sg:{${record.id}}:session`)
        await look(record)
        assert.equal(await cli('zrange', `sg:{ten_${record.tenant}}:sessions`, '0', '-1'), next.id)
        const ids = await listed()
        assert.deepEqual([ids.includes(record.id), ids.includes(next.id)], [false, true])
      })
    }

    test('the log of a session that was removed before it was confirmed ends', async () => {
      const connection = await openConnection({ url: served.url, log: quiet })
      try {
        const scripts = createScripts({ connection, limits, waitReplicas: 0, metrics: undefined })
        const { id } = await ownedSession(store)
        await store.sessions.remove(id)
        await scripts.persist(id, [])
        assert.ok(Number(await cli('pttl', `sg:{${id}}:log`)) > 0)
      } finally {
        connection.close()
      }
    })

    test('two instances share everything', async () => {
      const other = await opener.open(served.url)
      const { id, fence } = await ownedSession(store)
      let woken = 0
      const stop = other.log.watch(id, () => woken++)
      await other.bus.publish('any', 1)
      await store.commit(id, fence, { events: [{ type: 'a', data: 1 }] })
      await eventually(() => woken > 0)
      stop()
      assert.equal((await other.log.read(id, undefined, 10)).events.length, 1)
      assert.equal(await other.leases.acquire(id, 'other'), undefined)

      const heard: string[] = []
      const channel = newId('channel')
      const stops = [store, other].map((each, index) => each.bus.subscribe(channel, (message) => heard.push(`${index} ${message}`)))
      await store.bus.publish(newId('any'), 1)
      assert.equal(await other.bus.publish(channel, 'hello'), 2)
      await eventually(() => heard.length === 2)
      for (const stopHearing of stops) stopHearing()
      await other.close()
    })

    test('racing instances make one session and accept one message', async () => {
      const other = await opener.open(served.url)
      const tenant = newId('tenant')
      const stores = [store, other]
      const made = await Promise.all(
        Array.from({ length: 20 }, (_, index) => stores[index % 2]!.sessions.create(sessionRecord({ tenant }), sessionStatus)),
      )
      assert.equal(made.filter(({ created }) => created).length, 1)
      const { id } = made[0]!.record
      const idempotency = { key: 'k', fingerprint: 'f', answer: { status: 202 } }
      const accepted = await Promise.all(
        Array.from({ length: 100 }, (_, index) => stores[index % 2]!.outbox.accept(id, acceptance([`m${index}`], idempotency))),
      )
      assert.equal(accepted.filter(({ kind }) => kind === 'accepted').length, 1)
      assert.equal((await store.outbox.size(id)).length, 1)
      await other.close()
    })

    test('the running mark of a request dies with its instance', async () => {
      const dying = await opener.open(served.url)
      const { id } = await ownedSession(store)
      const idempotency = { key: 'two', fingerprint: 'f', answer: { status: 202 } }
      for (const key of ['one', 'two']) assert.equal((await dying.idempotency.begin(id, key, 'f', 'dying', 30_000)).kind, 'new')
      assert.equal((await store.idempotency.begin(id, 'one', 'f', 'living', 30_000)).kind, 'running')
      assert.equal((await store.outbox.accept(id, acceptance(['m1'], idempotency))).kind, 'running')
      await dying.close()
      await eventually(async () => (await store.idempotency.begin(id, 'one', 'f', 'living', 30_000)).kind === 'new')
      assert.equal((await store.outbox.accept(id, acceptance(['m1'], idempotency))).kind, 'accepted')
    })

    test('a session whose maker died on the way is made by the next', async () => {
      const record = sessionRecord()
      const index = `sg:{ten_${record.tenant}}:jid:${record.jid}`
      await cli('hset', index, '-', `ses_gone ${Date.now() + 300}`)
      assert.deepEqual(await store.sessions.create(record, sessionStatus), { record, created: true })
      await cli('del', `sg:{${record.id}}:session`)
      const next = sessionRecord({ tenant: record.tenant })
      assert.deepEqual(await store.sessions.create(next, sessionStatus), { record: next, created: true })
      assert.deepEqual(
        (await store.sessions.list(record.tenant, { limit: 10 })).map((kept) => kept.record.id),
        [next.id],
      )
      assert.equal(await cli('pttl', `sg:{${next.id}}:session`), '-1')
      assert.equal(await cli('pttl', `sg:{${next.id}}:log`), '-1')
    })

    test('a log that fell back has a new name, and the old cursors are lost', async () => {
      const { id, fence } = await ownedSession(store)
      const [, second] = await store.commit(id, fence, {
        events: [
          { type: 'a', data: 0 },
          { type: 'a', data: 1 },
        ],
      })
      const log = `sg:{${id}}:log`
      await cli('copy', log, `${log}-before`)
      await cli('copy', `${log}:durable`, `${log}-before:durable`)
      const [third] = await store.commit(id, fence, { events: [{ type: 'a', data: 2 }] })
      await cli('copy', `${log}-before`, log, 'replace')
      await cli('copy', `${log}-before:durable`, `${log}:durable`, 'replace')
      assert.equal((await store.log.place(id, third!)).kind, 'lost')
      const [next] = await store.commit(id, fence, { events: [{ type: 'a', data: 3 }] })
      assert.notEqual(next, third)
      for (const cursor of [second, third]) assert.equal((await store.log.place(id, cursor!)).kind, 'lost')
      const page = await store.log.read(id, second, 10)
      assert.deepEqual([page.gap?.reason, page.events.map(({ data }) => data)], ['store-lost', [0, 1, 3]])
    })

    test('values of a version that is not known are as if they were not there', async () => {
      const { id, fence, record } = await ownedSession(store)
      await store.commit(id, fence, { state: [{ kind: 'roster', key: 'old', value: 1 }], events: [{ type: 'a', data: 1 }] })
      const newer = '{"v":2,"d":{}}'
      await cli('hset', `sg:{${id}}:state:roster`, 'new', newer)
      await cli('xadd', `sg:{${id}}:log:durable`, '2-0', 't', String(Date.now()), 'e', newer)
      await cli('hset', `sg:{${id}}:log`, 'head', '2')
      await cli('hset', `sg:{${id}}:session`, 'stream 0', newer)
      await cli('hset', `sg:{${id}}:kept`, 'r m', `9999999999999 0 ${newer}`)
      assert.deepEqual([...(await store.state.read(id, 'roster')).keys()], ['old'])
      const page = await store.log.read(id, undefined, 10)
      assert.deepEqual([page.events.length, page.end, page.next], [1, true, await store.log.end(id)])
      assert.equal((await store.state.streams(id)).size, 0)
      assert.equal(await store.records.get(id, 'm'), undefined)
      await cli('hset', `sg:{${id}}:session`, 'record', newer)
      // but of a session callers must not believe that it is gone
      assert.equal(await store.sessions.get(id), null)
      await assert.rejects(store.sessions.find(record.tenant, record.jid), problem('store-unavailable'))
      assert.deepEqual(await store.sessions.list(record.tenant, { limit: 10 }), [])
    })

    test('after a flush the owner writes its session anew, with what it knows', async () => {
      const { id, fence, record } = await ownedSession(store)
      await store.sessions.get(id)
      const roster = { kind: 'roster', key: 'a', value: 1 }
      await store.commit(id, fence, { events: [{ type: 'a', data: 1 }], state: [roster] })
      await stateOf(store, id)
      const cursor = await store.log.end(id)
      for (const node of served.nodes) await node.cli('flushall')
      assert.deepEqual((await store.sessions.get(id))?.record, record)
      assert.deepEqual(await store.state.read(id, 'roster'), new Map([['a', 1]]))
      assert.equal((await store.log.place(id, cursor)).kind, 'lost')
      assert.deepEqual(
        (await store.sessions.find(record.tenant, record.jid)).map((found) => found.id),
        [id],
      )
      const lease = await store.leases.acquire(id, 'next')
      assert.ok(lease && Number(lease.fence) > Number(fence))
      await store.commit(id, lease.fence, { events: [{ type: 'a', data: 2 }] })
      await store.sessions.remove(id)
    })

    test('after a flush owners are fenced, fences go on growing, and cursors are lost', async () => {
      const { id, fence, record } = await ownedSession(store)
      const [cursor] = await store.commit(id, fence, { events: [{ type: 'a', data: 1 }] })
      for (const node of served.nodes) await node.cli('flushall')
      assert.equal(await store.sessions.get(id), undefined)
      await assert.rejects(store.commit(id, fence, { events: [{ type: 'a', data: 1 }] }), Fenced)
      assert.equal((await store.sessions.create(record, sessionStatus)).created, true)
      const lease = await store.leases.acquire(id, 'owner')
      assert.ok(lease && Number(lease.fence) > Number(fence))
      await store.commit(id, lease.fence, { events: [{ type: 'a', data: 2 }] })
      assert.equal((await store.log.place(id, cursor!)).kind, 'lost')
      const page = await store.log.read(id, cursor, 10)
      assert.deepEqual([page.gap?.reason, page.events.map(({ data }) => data)], ['store-lost', [2]])
    })
  })
}

test('what Redis writes to disk has no secret in clear', { timeout: 30_000 }, async () => {
  const server = await startRedis({ appendonly: true })
  const opener = createOpener()
  try {
    const store = await opener.open(server.url)
    const seal = createSeal([randomBytes(32)])
    const password = 'canary-password'
    const record = sessionRecord()
    record.credentials = seal.seal(password, { tenant: record.tenant, session: record.id, kind: 'password' })
    await store.sessions.create(record, sessionStatus)
    await store.outbox.accept(record.id, acceptance(['canary-message']))
    const kept = await store.sessions.get(record.id)
    assert.equal(seal.open(kept!.record.credentials, { tenant: record.tenant, session: record.id, kind: 'password' }), password)
    const [, folder] = (await server.cli('config', 'get', 'dir')).trim().split('\n')
    const files = (await readdir(folder!, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
    const written = (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')))).join('')
    assert.ok(written.includes('canary-message'))
    assert.equal(written.includes(password), false)
  } finally {
    await opener.close()
    await server.stop()
  }
})
