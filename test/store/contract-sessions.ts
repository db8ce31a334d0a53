import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fenced, TOKENS_MAX } from '../../src/gateway/ports/change.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import type { Opened } from './contract.ts'
import { acceptance, eventually, newId, ownedSession, problem, sessionRecord, sessionStatus, stateOf } from './sample.ts'

export function describeSessions(opened: Opened): void {
  describe('sessions', () => {
    test('a new session is as it was given', async () => {
      const { store } = await opened()
      const record = sessionRecord({ requestedResource: 'phone', service: 'xmpps://xmpp.example.org:5223', presence: false })
      const made = await store.sessions.create(record, sessionStatus)
      assert.deepEqual(made, { record, created: true })
      assert.deepEqual(await store.sessions.get(record.id), { record, status: sessionStatus })
      assert.equal(await store.sessions.get(newId('ses')), undefined)
    })

    test('what was handed over or answered can change without changing the store', async () => {
      const { store } = await opened()
      const record = sessionRecord()
      const { id } = record
      await store.sessions.create(record, sessionStatus)
      record.handles.push('urn:example:2')
      const first = await store.sessions.get(id)
      first?.record.handles.push('urn:example:3')
      assert.deepEqual((await store.sessions.get(id))?.record.handles, ['urn:example:1'])
    })

    test('a second one of the same tenant, JID and resource is the first', async () => {
      const { store } = await opened()
      const record = sessionRecord()
      const { tenant } = record
      await store.sessions.create(record, sessionStatus)
      assert.deepEqual(await store.sessions.create(sessionRecord({ tenant }), sessionStatus), { record, created: false })
      for (const other of [
        sessionRecord({ tenant, requestedResource: '' }),
        sessionRecord({ tenant, requestedResource: '-' }),
        sessionRecord({ tenant, requestedResource: 'a b' }),
        sessionRecord({ tenant, jid: 'juliet@example.org' }),
        sessionRecord(),
      ]) {
        assert.equal((await store.sessions.create(other, sessionStatus)).created, true)
      }
    })

    test('of racing ones one is made, and all get it', async () => {
      const { store } = await opened()
      const tenant = newId('tenant')
      const made = await Promise.all(Array.from({ length: 20 }, () => store.sessions.create(sessionRecord({ tenant }), sessionStatus)))
      assert.equal(made.filter(({ created }) => created).length, 1)
      assert.equal(new Set(made.map(({ record }) => record.id)).size, 1)
      assert.equal((await store.sessions.find(tenant, 'romeo@example.org')).length, 1)
    })

    test('a list is of one tenant, oldest first, in pages', async () => {
      const { store } = await opened()
      const tenant = newId('tenant')
      const records = [3, 1, 2, 2].map((createdAt, index) => sessionRecord({ tenant, createdAt, jid: `user${index}@example.org` }))
      for (const record of records) await store.sessions.create(record, sessionStatus)
      const sorted = records.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)).map(({ id }) => id)
      const page = async (after?: string) =>
        (await store.sessions.list(tenant, { limit: 3, ...(after !== undefined && { after }) })).map(({ record }) => record.id)
      assert.deepEqual(await page(), sorted.slice(0, 3))
      assert.deepEqual(await page(sorted[2]), sorted.slice(3))
      assert.deepEqual(await page(sorted[3]), [])
      assert.deepEqual(await page(newId('ses')), [])
      assert.deepEqual(await store.sessions.list(newId('tenant'), { limit: 3 }), [])
    })

    test('a list goes on after sessions that were removed meanwhile', async () => {
      const { store } = await opened()
      const tenant = newId('tenant')
      const records = [1, 2, 2, 3].map((createdAt, index) =>
        sessionRecord({ id: `ses_${tenant}${index}`, tenant, createdAt, jid: `u${index}@example.org` }),
      )
      for (const record of records) await store.sessions.create(record, sessionStatus)
      await store.sessions.remove(records[0]!.id)
      await store.sessions.remove(records[1]!.id)
      const rest = await store.sessions.list(tenant, { after: records[1]!.id, limit: 10 })
      assert.deepEqual(
        rest.map(({ record }) => record.id),
        [records[2]!.id, records[3]!.id],
      )
    })

    test('the sessions of a JID are found', async () => {
      const { store } = await opened()
      const tenant = newId('tenant')
      const records = [null, 'a'].map((requestedResource) => sessionRecord({ tenant, requestedResource }))
      for (const record of records) await store.sessions.create(record, sessionStatus)
      const found = await store.sessions.find(tenant, 'romeo@example.org')
      assert.deepEqual(new Set(found.map(({ id }) => id)), new Set(records.map(({ id }) => id)))
      assert.deepEqual(await store.sessions.find(tenant, 'juliet@example.org'), [])
      assert.deepEqual(await store.sessions.find(newId('tenant'), 'romeo@example.org'), [])
    })

    test('all sessions of all tenants are told', async () => {
      const { store } = await opened()
      const ids = await Promise.all([1, 2, 3].map(async () => (await ownedSession(store)).id))
      const told: string[] = []
      for await (const id of store.sessions.ids()) told.push(id)
      assert.deepEqual(
        ids.filter((id) => !told.includes(id)),
        [],
      )
    })

    test('a change raises the version; the second of two with one version loses', async () => {
      const { store } = await opened()
      const { id, record } = await ownedSession(store)
      const changed = await store.sessions.update(id, 1, { connections: 3, credentials: 'other' })
      assert.deepEqual(changed, { ...record, connections: 3, credentials: 'other', version: 2 })
      assert.deepEqual((await store.sessions.get(id))?.record, changed)
      assert.equal(await store.sessions.update(id, 1, { connections: 4 }), undefined)
      const racing = await Promise.all([5, 6, 7].map((connections) => store.sessions.update(id, 2, { connections })))
      assert.equal(racing.filter((won) => won !== undefined).length, 1)
      assert.equal(await store.sessions.update(newId('ses'), 1, {}), undefined)
    })

    test('whose session it is cannot be changed', async () => {
      const { store } = await opened()
      const { id, record } = await ownedSession(store)
      await store.sessions.update(id, 1, {
        id: newId('ses'),
        tenant: 'other',
        jid: 'other@example.org',
        requestedResource: 'other',
        createdAt: 1,
        version: 9,
      })
      assert.deepEqual((await store.sessions.get(id))?.record, { ...record, version: 2 })
    })

    test('tokens are known to their session only', async () => {
      const { store } = await opened()
      const one = await ownedSession(store)
      const other = await ownedSession(store)
      await store.sessions.addToken(one.id, 'hash-1')
      await store.sessions.addToken(one.id, 'hash-2')
      assert.deepEqual(await Promise.all(['hash-1', 'hash-2', 'hash-3'].map((hash) => store.sessions.hasToken(one.id, hash))), [
        true,
        true,
        false,
      ])
      assert.equal(await store.sessions.hasToken(other.id, 'hash-1'), false)
      await assert.rejects(store.sessions.addToken(newId('ses'), 'hash-1'), problem('session-not-found'))
    })

    test('tokens are bounded in number: another one makes room for a new one', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      const hashes = Array.from({ length: TOKENS_MAX + 3 }, (_, index) => `hash-${index}`)
      const known: boolean[] = []
      for (let at = 0; at < hashes.length; at += 500) {
        await Promise.all(hashes.slice(at, at + 500).map((hash) => store.sessions.addToken(id, hash)))
      }
      for (let at = 0; at < hashes.length; at += 500) {
        known.push(...(await Promise.all(hashes.slice(at, at + 500).map((hash) => store.sessions.hasToken(id, hash)))))
      }
      assert.equal(known.filter((one) => one).length, TOKENS_MAX)
      assert.equal(known.at(-1), true)
    })

    test('of a removed session nothing is answered, and its place is free', async () => {
      const { store } = await opened()
      const { id, fence, record } = await ownedSession(store)
      await store.sessions.addToken(id, 'hash')
      await store.outbox.accept(id, acceptance(['m1'], { key: 'k', fingerprint: 'f', answer: { status: 202 } }))
      await store.commit(id, fence, {
        iqs: [{ id: 'iq1', session: id, status: 'pending' }],
        state: [{ kind: 'roster', key: 'a', value: 1 }],
        streams: { 0: { id: 's', jid: 'j', inbound: 1, outbound: 1, acked: 1, max: null, savedAt: 1 } },
      })
      assert.deepEqual([await store.sessions.isOf(record.tenant, id), await store.sessions.isOf('other', id)], [true, false])
      await store.sessions.remove(id)
      await store.sessions.remove(id)
      assert.equal(await store.sessions.get(id), undefined)
      assert.equal(await store.sessions.isOf(record.tenant, id), false)
      assert.equal(await store.sessions.hasToken(id, 'hash'), false)
      assert.deepEqual(await store.sessions.find(record.tenant, record.jid), [])
      assert.deepEqual(await store.sessions.list(record.tenant, { limit: 10 }), [])
      assert.equal(await store.leases.owner(id), undefined)
      assert.equal(await store.leases.acquire(id, 'owner'), undefined)
      await assert.rejects(store.commit(id, fence, {}), Fenced)
      await assert.rejects(store.outbox.accept(id, acceptance(['m2'])), problem('session-not-found'))
      assert.deepEqual(await store.outbox.read(id, undefined, 10), [])
      assert.deepEqual(await store.outbox.size(id), { length: 0 })
      assert.equal(await store.records.get(id, 'm1'), undefined)
      assert.equal((await store.state.read(id, 'roster')).size, 0)
      assert.equal((await stateOf(store, id)).size, 0)
      assert.equal((await store.state.streams(id)).size, 0)
      assert.equal(await store.iqs.get(id, 'iq1'), undefined)
      await assert.rejects(store.idempotency.begin(id, 'k', 'f', 'one', 1000), problem('session-not-found'))
      assert.equal(await store.sessions.update(id, 1, {}), undefined)
      assert.equal((await store.sessions.create(sessionRecord({ tenant: record.tenant }), sessionStatus)).created, true)
    })

    test('the log of a removed session is read to its end', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const [cursor] = await store.commit(id, fence, { events: [{ type: 'session.ended', data: { id } }] })
      await store.sessions.remove(id)
      assert.equal((await store.log.read(id, undefined, 10)).events[0]?.type, 'session.ended')
      assert.deepEqual(await store.log.place(id, cursor!), { kind: 'known' })
      assert.equal(await store.log.end(id), cursor)
    })
  })

  describe('instances', () => {
    const said = (ttl: number, load: number | null = 0) => ({ ttl, load })
    const loads = async (store: Store, prefix: string) =>
      [...(await store.instances.list())].filter(([name]) => name.startsWith(prefix)).map(([name, { load }]) => [name, load])

    test('are there with their load until their time is over', async () => {
      const { store } = await opened()
      const prefix = newId('instance')
      const [one, two, three] = [1, 2, 3].map((number) => `${prefix}:${number}`) as [string, string, string]
      const first = await store.instances.beat(one, { ...said(60_000, 3), anew: true })
      assert.equal(first.get(one)?.load, 3)
      await store.instances.beat(two, { ...said(60_000, null), anew: true })
      const { left = 0 } = (await store.instances.beat(three, { ...said(50), anew: true })).get(three) ?? {}
      assert.ok(left > 0 && left <= 50)
      await eventually(async () => (await loads(store, prefix)).length === 2)
      await store.instances.beat(one, said(60_000, 4))
      assert.deepEqual((await loads(store, prefix)).toSorted(), [
        [one, 4],
        [two, null],
      ])
    })

    test('once gone they never come back under their name', async () => {
      const { store } = await opened()
      const prefix = newId('instance')
      const [late, left, unknown] = ['late', 'left', 'unknown'].map((name) => `${prefix}:${name}`) as [string, string, string]
      await store.instances.beat(late, { ...said(20), anew: true })
      await store.instances.beat(left, { ...said(60_000), anew: true })
      await store.instances.leave(left)
      await eventually(async () => (await loads(store, prefix)).length === 0)
      for (const name of [late, left, unknown]) assert.equal((await store.instances.beat(name, said(60_000))).has(name), false)
      assert.deepEqual(await loads(store, prefix), [])
    })
  })

  describe('leases', () => {
    test('one owner holds a session until it lets go', async () => {
      const { store } = await opened()
      const { id, fence, record } = await ownedSession(store)
      assert.equal(await store.leases.owner(id), 'owner')
      assert.deepEqual(await store.sessions.get(id), { record, status: sessionStatus, owner: 'owner' })
      assert.equal(await store.leases.acquire(id, 'other'), undefined)
      assert.equal(await store.leases.acquire(id, 'other', 'somebody'), undefined)
      await store.leases.release(id, 'other', fence)
      await store.leases.release(id, 'owner', `${fence}1`)
      assert.equal(await store.leases.owner(id), 'owner')
      await store.leases.release(id, 'owner', fence)
      assert.equal(await store.leases.owner(id), undefined)
      assert.equal(await store.leases.acquire(id, 'other', 'owner'), undefined)
      assert.ok(await store.leases.acquire(id, 'other'))
    })

    test('of racing owners one gets it', async () => {
      const { store } = await opened()
      const record = sessionRecord()
      await store.sessions.create(record, sessionStatus)
      const owners = Array.from({ length: 20 }, (_, index) => `owner ${index}`)
      const got = await Promise.all(owners.map((owner) => store.leases.acquire(record.id, owner)))
      const winner = got.findIndex((lease) => lease !== undefined)
      assert.equal(got.filter((lease) => lease !== undefined).length, 1)
      assert.equal(await store.leases.owner(record.id), owners[winner])
    })

    test('the session of one that is gone is taken from it with a greater fence, and it is fenced', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const next = await store.leases.acquire(id, 'next', 'owner')
      assert.ok(next && Number(next.fence) > Number(fence))
      assert.equal(await store.leases.acquire(id, 'another', 'owner'), undefined)
      assert.equal(await store.leases.owner(id), 'next')
      await store.leases.release(id, 'owner', fence)
      assert.equal(await store.leases.owner(id), 'next')
      await assert.rejects(store.commit(id, fence, { events: [{ type: 'a', data: 1 }] }), Fenced)
    })

    test('whoever makes a session may have it from the start', async () => {
      const { store } = await opened()
      const record = sessionRecord()
      await store.sessions.create(record, sessionStatus, 'maker')
      assert.equal(await store.leases.owner(record.id), 'maker')
      assert.equal(await store.leases.acquire(record.id, 'other'), undefined)
      assert.ok(await store.leases.acquire(record.id, 'maker', 'maker'))
    })

    test('owners of many are told in their order', async () => {
      const { store } = await opened()
      const record = sessionRecord()
      await store.sessions.create(record, sessionStatus)
      const { id } = await ownedSession(store)
      assert.deepEqual(await store.leases.owners([record.id, id, newId('ses')]), [undefined, 'owner', undefined])
    })

    test('fences only grow', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.leases.release(id, 'owner', fence)
      const fences = [Number(fence)]
      for (let round = 0; round < 20; round++) {
        const lease = await store.leases.acquire(id, 'owner')
        assert.ok(lease)
        fences.push(Number(lease.fence))
        await store.leases.release(id, 'owner', lease.fence)
      }
      assert.deepEqual(
        fences,
        [...new Set(fences)].toSorted((a, b) => a - b),
      )
    })

    test('there is none of a session that is not there', async () => {
      const { store } = await opened()
      const id = newId('ses')
      assert.equal(await store.leases.acquire(id, 'owner'), undefined)
      assert.equal(await store.leases.owner(id), undefined)
      await store.leases.release(id, 'owner', '1')
    })
  })
}
