/** What Redis loses, the owner of a session writes anew, and only what is lost. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SessionRecord } from '../../src/gateway/ports/session-record.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { acceptance, eventually, newId, sessionRecord, sessionStatus, stateOf } from './sample.ts'

const stream = { id: 's', jid: 'j', inbound: 1, outbound: 1, acked: 1, max: null, savedAt: 1 }

interface Held {
  id: string
  fence: string
  record: SessionRecord
  mirror: Map<string, Map<string, unknown>>
}

describe('what Redis lost', { timeout: 60_000 }, () => {
  let server: RedisServer
  let store: Store
  const opener = createOpener()
  before(async () => {
    server = await startRedis()
    store = await opener.open(server.url)
  })
  after(async () => {
    await opener.close()
    await server?.stop()
  })

  /** As an owner takes a session up, writes its state and keeps its mirror. */
  async function held(by: Store, given: Partial<SessionRecord> = {}): Promise<Held> {
    const record = sessionRecord(given)
    const { id } = record
    await by.sessions.create(record, sessionStatus)
    const lease = await by.leases.acquire(id, 'owner')
    assert.ok(lease)
    await by.sessions.get(id)
    const mirror = await stateOf(by, id)
    mirror.set('roster', new Map([['juliet@example.org', { name: 'Juliet' }]]))
    const { fence } = lease
    await by.commit(id, fence, {
      events: [{ type: 'a', data: 1 }],
      state: [{ kind: 'roster', key: 'juliet@example.org', value: { name: 'Juliet' } }],
      streams: { 0: stream },
      status: { ...sessionStatus, state: 'online' },
    })
    return { id, fence, record, mirror }
  }

  test('is written anew, free for the next owner, and its readers are told of a gap', async () => {
    const other = await opener.open(server.url)
    const { id, fence, record } = await held(store, { version: 7 })
    await store.sessions.addToken(id, 'given')
    const cursor = await store.log.end(id)
    let woken = 0
    const stop = other.log.watch(id, () => woken++)
    await other.bus.publish('any', 1)
    await server.cli('flushall')
    assert.equal(await other.sessions.get(id), undefined)

    assert.deepEqual(await store.sessions.get(id), { record, status: { ...sessionStatus, state: 'online' } })
    await eventually(() => woken > 0)
    stop()
    const page = await other.log.read(id, cursor, 10)
    assert.deepEqual([page.gap?.reason, page.events], ['store-lost', []])
    assert.deepEqual(await other.state.read(id, 'roster'), new Map([['juliet@example.org', { name: 'Juliet' }]]))
    assert.deepEqual(await other.state.streams(id), new Map([[0, stream]]))
    assert.equal(await other.sessions.hasToken(id, 'given'), true)
    assert.equal((await other.sessions.find(record.tenant, record.jid)).length, 1)
    assert.equal((await other.sessions.list(record.tenant, { limit: 10 })).length, 1)
    const lease = await other.leases.acquire(id, 'next')
    assert.ok(lease && Number(lease.fence) > Number(fence))
    assert.equal((await other.sessions.update(id, 7, { connections: 2 }))?.version, 8)
  })

  async function listed(): Promise<string[]> {
    const ids: string[] = []
    for await (const id of store.sessions.ids()) ids.push(id)
    return ids
  }

  for (const [way, look] of Object.entries({
    'a look for sessions': async ({ id }: Held) => (await listed()).includes(id),
    'a look for the account': async ({ record: { tenant, jid } }: Held) => (await store.sessions.find(tenant, jid)).length === 1,
    'a token': async ({ id }: Held) => store.sessions.hasToken(id, 'given'),
    'who opens it again': async ({ id, record }: Held) => {
      const { record: found, created } = await store.sessions.create({ ...record, id: newId('ses') }, sessionStatus)
      return found.id === id && !created
    },
    'who takes it up': async ({ id }: Held) => (await store.leases.acquire(id, 'owner', 'owner')) !== undefined,
  })) {
    test(`is found missing by ${way}`, async () => {
      const session = await held(store)
      await store.sessions.addToken(session.id, 'given')
      await server.cli('flushall')
      assert.equal(await look(session), true)
      assert.equal((await server.cli('exists', `sg:{${session.id}}:session`)).trim(), '1')
    })
  }

  test('knows where its named consumers were, whoever asks and wherever they were told', async () => {
    const other = await opener.open(server.url)
    const { id, fence } = await held(store)
    const [cursor] = await store.commit(id, fence, { events: [{ type: 'a', data: 2 }] })
    await store.consumers.ack(id, 'here', cursor!)
    await other.consumers.ack(id, 'there', cursor!)
    await other.bus.publish('any', 1)
    await store.bus.publish('any', 1)
    await server.cli('flushall')
    await store.sessions.get(id)
    const late = await opener.open(server.url)
    for (const name of ['here', 'there']) {
      assert.equal(await late.consumers.use(id, name, undefined), cursor)
      assert.equal((await late.log.read(id, cursor, 10)).gap?.reason, 'store-lost')
    }
    // what comes in the new life of the log is acked over it
    const lease = await late.leases.acquire(id, 'next')
    const [next] = await late.commit(id, lease!.fence, { events: [{ type: 'a', data: 3 }] })
    assert.equal(await late.consumers.ack(id, 'here', next!), next)
    assert.equal(await late.consumers.ack(id, 'here', cursor!), next)
    await late.sessions.remove(id)
  })

  test('knows the consumers that it had when it was taken up', async () => {
    const { id, fence } = await held(store)
    const cursor = await store.log.end(id)
    await store.consumers.ack(id, 'crm', cursor)
    await store.leases.release(id, 'owner', fence)
    const next = await opener.open(server.url)
    await next.leases.acquire(id, 'next')
    await next.sessions.get(id)
    await stateOf(next, id)
    await server.cli('flushall')
    assert.ok(await next.sessions.get(id))
    assert.equal(await next.consumers.use(id, 'crm', undefined), cursor)
    await next.sessions.remove(id)
  })

  test('is listed again where only the list was lost', async () => {
    const { id, record } = await held(store)
    await server.cli('del', `sg:{ten_${record.tenant}}:jid:${record.jid}`, `sg:{ten_${record.tenant}}:sessions`)
    assert.ok((await listed()).includes(id))
    const other = await opener.open(server.url)
    assert.deepEqual(
      (await other.sessions.find(record.tenant, record.jid)).map((found) => found.id),
      [id],
    )
  })

  test('stays away where it was removed, handed over, taken by another owner, or opened anew', async () => {
    const other = await opener.open(server.url)
    const gone = async ({ id }: Held) => {
      assert.ok(!(await listed()).includes(id))
      assert.equal(await store.sessions.get(id), undefined)
    }
    const removed = await held(store)
    await other.sessions.remove(removed.id)
    await gone(removed)

    const released = await held(store)
    await store.leases.release(released.id, 'owner', released.fence)
    const taken = await held(store)
    await other.leases.acquire(taken.id, 'next', 'owner')
    assert.deepEqual(await store.leases.owners([taken.id]), ['next'])
    const replaced = await held(store)
    await server.cli('flushall')
    const { tenant, jid } = replaced.record
    assert.equal((await other.sessions.create(sessionRecord({ tenant, jid }), sessionStatus)).created, true)
    for (const session of [released, taken, replaced]) await gone(session)
  })

  test('of a log that fell back, the rest is written again with what comes next', async () => {
    const { id, fence, mirror } = await held(store)
    const keys = ['session', 'log', 'log:durable', 'state:roster', 'kinds'].map((noun) => `sg:{${id}}:${noun}`)
    for (const key of keys) await server.cli('copy', key, `before:${key}`)
    mirror.get('roster')?.set('nurse@example.org', { name: 'Nurse' })
    await store.commit(id, fence, {
      events: [{ type: 'a', data: 2 }],
      state: [{ kind: 'roster', key: 'nurse@example.org', value: { name: 'Nurse' } }],
      streams: { 0: { ...stream, inbound: 2 } },
    })
    const cursor = await store.log.end(id)
    for (const key of keys) await server.cli('copy', `before:${key}`, key, 'replace')
    assert.equal((await store.state.read(id, 'roster')).size, 1)
    await store.commit(id, fence, { events: [{ type: 'a', data: 3 }] })
    assert.deepEqual(await store.state.read(id, 'roster'), mirror.get('roster'))
    assert.equal((await store.state.streams(id)).get(0)?.inbound, 2)
    assert.equal((await store.log.read(id, cursor, 10)).gap?.reason, 'store-lost')
  })

  test('of an outbox that fell back, the owner reads on where it was and misses nothing', async () => {
    const { id } = await held(store)
    await store.outbox.accept(id, acceptance(['m1']))
    const keys = ['session', 'outbox'].map((noun) => `sg:{${id}}:${noun}`)
    for (const key of keys) await server.cli('copy', key, `before:${key}`)
    await store.outbox.accept(id, acceptance(['m2']))
    const last = (await store.outbox.read(id, undefined, 10)).at(-1)
    for (const key of keys) await server.cli('copy', `before:${key}`, key, 'replace')
    await store.outbox.accept(id, acceptance(['m3']))
    assert.deepEqual(
      (await store.outbox.read(id, last?.place, 10)).map((entry) => entry.id),
      ['m3'],
    )
  })

  test('of webhooks is written anew by who has listed them, but none that somebody removed', async () => {
    const other = await opener.open(server.url)
    const tenant = newId('tenant')
    const draft = { tenant, url: 'https://example.org/', types: ['*'], ordering: 'strict', state: 'enabled', secrets: [] } as const
    const [one, two] = await Promise.all(['whk_1', 'whk_2'].map((id) => store.webhooks.create({ ...draft, id, types: ['*'], secrets: [] })))
    assert.equal((await store.webhooks.list(tenant)).length, 2)
    assert.equal((await other.webhooks.list(tenant)).length, 2)
    await other.webhooks.remove(tenant, two!.id)
    assert.deepEqual(await store.webhooks.list(tenant), [one])
    await server.cli('flushall')
    assert.deepEqual(await store.webhooks.list(tenant), [one])
    assert.deepEqual(await other.webhooks.get(tenant, one!.id), one)
  })
})
