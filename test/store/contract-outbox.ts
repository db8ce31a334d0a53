import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Acceptance, type Change, Fenced } from '../../src/gateway/ports/change.ts'
import type { Opened } from './contract.ts'
import { acceptance, countedBounds, limits, messageRecord, newId, ownedSession, problem, stateOf } from './sample.ts'

const answer = { status: 202, body: { id: 'm1', nested: [1, null, 'ü'] }, headers: { location: '/messages/m1' } }
const idempotency = { key: 'key 1 ☂', fingerprint: 'POST /messages {"a": 1}', answer }

export function describeOutbox(opened: Opened): void {
  describe('accepting', () => {
    test('writes entry, record, event and answer', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      const wanted = acceptance(['m1', 'm2'], idempotency)
      assert.equal((await store.outbox.accept(id, wanted)).kind, 'accepted')
      const entries = await store.outbox.read(id, undefined, 10)
      assert.deepEqual(
        entries.map(({ place, ...entry }) => entry),
        wanted.entries.map(({ entry }) => entry),
      )
      assert.deepEqual(await store.records.get(id, 'm2'), messageRecord('m2'))
      assert.deepEqual(await store.outbox.size(id), { length: 2, oldest: 1000 })
      const { events } = await store.log.read(id, undefined, 10)
      assert.deepEqual(
        events.map(({ type, subject, data }) => ({ type, subject, data })),
        wanted.events,
      )
      assert.deepEqual(await store.outbox.accept(id, wanted), { kind: 'replayed', answer })
    })

    test('the same request again is replayed and writes nothing', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1'], idempotency))
      assert.deepEqual(await store.outbox.accept(id, acceptance(['m2'], idempotency)), { kind: 'replayed', answer })
      assert.equal(await store.records.get(id, 'm2'), undefined)
      assert.equal((await store.log.read(id, undefined, 10)).events.length, 1)
    })

    test('another request with the key is refused, also in another session only there', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      const other = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1'], idempotency))
      assert.deepEqual(await store.outbox.accept(id, acceptance(['m2'], { ...idempotency, fingerprint: 'other' })), { kind: 'reused' })
      assert.equal((await store.outbox.accept(other.id, acceptance(['m2'], { ...idempotency, fingerprint: 'other' }))).kind, 'accepted')
    })

    test('a key is forgotten with time', async () => {
      const { store, clock } = await opened()
      const { id } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1'], idempotency))
      clock.advance(limits.idempotencyAge - 10_000)
      assert.equal((await store.outbox.accept(id, acceptance(['m2'], idempotency))).kind, 'replayed')
      clock.advance(20_000)
      assert.equal((await store.outbox.accept(id, acceptance(['m3'], idempotency))).kind, 'accepted')
    })

    test('a request with the key that still runs elsewhere is told', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      assert.deepEqual(await store.idempotency.begin(id, idempotency.key, idempotency.fingerprint, 'one', 30_000), { kind: 'new' })
      assert.deepEqual(await store.outbox.accept(id, acceptance(['m1'], idempotency)), { kind: 'running' })
      assert.deepEqual(await store.outbox.accept(id, acceptance(['m1'], { ...idempotency, fingerprint: 'other' })), { kind: 'reused' })
      await store.idempotency.release(id, idempotency.key)
      assert.equal((await store.outbox.accept(id, acceptance(['m1'], idempotency))).kind, 'accepted')
    })

    test('a hundred racing requests with one key make one entry', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      const wanted = Array.from({ length: 100 }, (_, index) => acceptance([`m${index}`], idempotency))
      const results = await Promise.all(wanted.map((each) => store.outbox.accept(id, each)))
      assert.equal(results.filter(({ kind }) => kind === 'accepted').length, 1)
      assert.equal(results.filter(({ kind }) => kind === 'replayed').length, 99)
      assert.equal((await store.outbox.size(id)).length, 1)
    })

    test('an id in use is refused, and nothing of the batch is written', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1']))
      assert.deepEqual(await store.outbox.accept(id, acceptance(['m2', 'm1'], idempotency)), { kind: 'id-in-use', id: 'm1' })
      assert.deepEqual(await store.outbox.accept(id, acceptance(['m3', 'm3'], idempotency)), { kind: 'id-in-use', id: 'm3' })
      assert.equal(await store.records.get(id, 'm2'), undefined)
      assert.equal((await store.log.read(id, undefined, 10)).events.length, 1)
      await store.commit(id, fence, { settled: ['m1'] })
      assert.deepEqual(await store.outbox.accept(id, acceptance(['m1'])), { kind: 'id-in-use', id: 'm1' })
      // neither took the key
      assert.equal((await store.outbox.accept(id, acceptance(['m4'], idempotency))).kind, 'accepted')
    })

    test('an id is free again when its record has aged, but not while it waits in the outbox', async () => {
      const { store, clock } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['waiting', 'done']))
      await store.commit(id, fence, { settled: ['done'], records: [messageRecord('done', { status: 'acked' })] })
      clock.advance(limits.recordAge + 1000)
      assert.equal(await store.records.get(id, 'done'), undefined)
      assert.deepEqual(await store.records.get(id, 'waiting'), messageRecord('waiting'))
      assert.equal((await store.outbox.accept(id, acceptance(['done']))).kind, 'accepted')
      assert.deepEqual(await store.outbox.accept(id, acceptance(['waiting'])), { kind: 'id-in-use', id: 'waiting' })
      await store.commit(id, fence, { settled: ['waiting'], records: [messageRecord('waiting', { status: 'acked' })] })
      assert.equal((await store.records.get(id, 'waiting'))?.status, 'acked')
      assert.equal((await store.outbox.size(id)).length, 1)
    })

    test('a full outbox takes nothing, not even a part', async () => {
      const { store } = await opened({ outboxMax: 3 })
      const { id, fence } = await ownedSession(store)
      assert.equal((await store.outbox.accept(id, acceptance(['m1', 'm2']))).kind, 'accepted')
      const full = await store.outbox.accept(id, acceptance(['m3', 'm4'], idempotency))
      assert.ok(full.kind === 'full' && full.retryAfter >= 1)
      assert.equal(await store.records.get(id, 'm3'), undefined)
      assert.equal((await store.outbox.accept(id, acceptance(['m3'], idempotency))).kind, 'accepted')
      await store.commit(id, fence, { settled: ['m1'] })
      assert.equal((await store.outbox.accept(id, acceptance(['m4']))).kind, 'accepted')
    })

    test('an outbox is full by its bytes too, and has room again when some of them have gone', async () => {
      const { metrics, counted } = countedBounds()
      const { store } = await opened({ outboxBytes: 100_000 }, metrics)
      const { id, fence } = await ownedSession(store)
      const large = (message: string, bytes: number, idempotency?: Acceptance['idempotency']) => {
        const { entries, ...rest } = acceptance([message], idempotency)
        return { ...rest, entries: entries.map(({ entry, record }) => ({ record, entry: { ...entry, xml: 'x'.repeat(bytes) } })) }
      }
      for (let round = 0; round < 3; round++) {
        for (const n of [1, 2, 3]) assert.equal((await store.outbox.accept(id, large(`m${round}-${n}`, 30_000))).kind, 'accepted')
        const full = await store.outbox.accept(id, large('more', 30_000, idempotency))
        assert.ok(full.kind === 'full' && full.retryAfter >= 1)
        assert.equal(await store.records.get(id, 'more'), undefined)
        assert.equal((await store.outbox.accept(id, large(`small${round}`, 100))).kind, 'accepted')
        // in an order of its own, and one of them twice
        await store.commit(id, fence, { settled: [`m${round}-2`] })
        await store.commit(id, fence, { settled: [`m${round}-2`, `m${round}-1`, `m${round}-3`] })
        await store.commit(id, fence, { settled: [`small${round}`] })
      }
      assert.deepEqual(counted, { 'outbox-bytes': 3 })
      // one that is larger goes where nothing else waits
      assert.equal((await store.outbox.accept(id, large('largest', 200_000, idempotency))).kind, 'accepted')
      assert.equal((await store.outbox.accept(id, large('next', 1))).kind, 'full')
      await store.commit(id, fence, { settled: ['largest'] })
      assert.equal((await store.outbox.accept(id, large('next', 1))).kind, 'accepted')
    })

    test('how long a full outbox needs follows how fast it drained', async () => {
      const { store, clock } = await opened({ outboxMax: 100 })
      const { id, fence } = await ownedSession(store)
      const ids = Array.from({ length: 100 }, (_, index) => `m${index}`)
      await store.outbox.accept(id, acceptance(ids))
      await store.commit(id, fence, { settled: ids.slice(0, 10) })
      clock.advance(5000)
      // ten in five seconds, thirty more are wanted than there is room for
      const full = await store.outbox.accept(id, acceptance(Array.from({ length: 40 }, (_, index) => `n${index}`)))
      assert.ok(full.kind === 'full' && full.retryAfter >= 14 && full.retryAfter <= 17, JSON.stringify(full))
    })

    test('events alone, or a key alone, can be accepted', async () => {
      const { store } = await opened({ outboxMax: 0 })
      const { id } = await ownedSession(store)
      assert.deepEqual(await store.outbox.accept(id, { entries: [], events: [{ type: 'a', data: null }] }), { kind: 'accepted' })
      assert.deepEqual(await store.outbox.accept(id, { entries: [], events: [], idempotency }), { kind: 'accepted' })
      assert.equal((await store.outbox.accept(id, { entries: [], events: [], idempotency })).kind, 'replayed')
    })

    test('a session that is not there accepts nothing', async () => {
      const { store } = await opened()
      await assert.rejects(store.outbox.accept(newId('ses'), acceptance(['m1'])), problem('session-not-found'))
    })
  })

  describe('the outbox', () => {
    test('is read oldest first, in pages, also after entries that are gone', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const ids = Array.from({ length: 7 }, (_, index) => `m${index}`)
      await store.outbox.accept(id, acceptance(ids.slice(0, 4)))
      await store.outbox.accept(id, acceptance(ids.slice(4)))
      const page = await store.outbox.read(id, undefined, 3)
      assert.deepEqual(
        page.map((entry) => entry.id),
        ids.slice(0, 3),
      )
      await store.commit(id, fence, { settled: ['m1', 'm2', 'm3', 'unknown'] })
      const rest = await store.outbox.read(id, page[2]!.place, 10)
      assert.deepEqual(
        rest.map((entry) => entry.id),
        ['m4', 'm5', 'm6'],
      )
      assert.deepEqual(
        (await store.outbox.read(id, undefined, 10)).map((entry) => entry.id),
        ['m0', 'm4', 'm5', 'm6'],
      )
      assert.deepEqual(await store.outbox.read(id, rest[2]!.place, 10), [])
      assert.deepEqual(await store.outbox.size(id), { length: 4, oldest: 1000 })
    })

    test('accepting tells the places that reading tells', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const accepted = async (ids: readonly string[]) => {
        const result = await store.outbox.accept(id, acceptance(ids))
        assert.ok(result.kind === 'accepted')
        return result.places
      }
      const first = await accepted(['m1', 'm2'])
      await store.commit(id, fence, { settled: ['m2'] })
      const second = await accepted(['m3'])
      const places = (await store.outbox.read(id, undefined, 10)).map(({ place }) => place)
      assert.equal(second?.before, first?.last)
      assert.equal(second?.last, places[1])
      assert.deepEqual(await store.outbox.read(id, second?.last, 10), [])
      const after = await store.outbox.read(id, second?.before, 10)
      assert.deepEqual(
        after.map((entry) => entry.id),
        ['m3'],
      )
      assert.equal(await accepted([]), undefined)
    })

    test('settling twice counts once', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1', 'm2']))
      await store.commit(id, fence, { settled: ['m1', 'm1'] })
      await store.commit(id, fence, { settled: ['m1'] })
      assert.equal((await store.outbox.size(id)).length, 1)
    })
  })

  describe('a commit', () => {
    test('writes all that it holds', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1']))
      const record = messageRecord('m1', { status: 'acked', ackBy: 'ping', history: [{ status: 'acked', at: 2 }] })
      const stream = { id: 'sm', jid: 'romeo@example.org/a', inbound: 4_294_967_295, outbound: 7, acked: 6, max: 600, savedAt: 5 }
      const status = { state: 'online', since: 9, reason: null, lastVerifiedAt: 8, instance: 'two', connections: [] } as const
      const cursors = await store.commit(id, fence, {
        events: [{ type: 'message.acked', subject: 'm1', data: record }],
        state: [{ kind: 'roster', key: 'juliet@example.org', value: { name: 'Juliet', groups: [] } }],
        records: [record],
        iqs: [{ id: 'q', session: id, status: 'result' }],
        settled: ['m1'],
        streams: { 0: stream, 3: stream },
        status: { ...status, connections: [] },
      })
      assert.equal(cursors.length, 1)
      assert.deepEqual(await store.records.get(id, 'm1'), record)
      assert.deepEqual(await store.iqs.get(id, 'q'), { id: 'q', session: id, status: 'result' })
      assert.deepEqual(await store.outbox.size(id), { length: 0 })
      assert.deepEqual(await store.state.read(id, 'roster'), new Map([['juliet@example.org', { name: 'Juliet', groups: [] }]]))
      assert.deepEqual(
        await store.state.streams(id),
        new Map([
          [0, stream],
          [3, stream],
        ]),
      )
      assert.deepEqual((await store.sessions.get(id))?.status, status)
      await store.commit(id, fence, { streams: { 0: null } })
      assert.deepEqual([...(await store.state.streams(id)).keys()], [3])
      assert.deepEqual(await store.commit(id, fence, {}), [])
    })

    test('of an owner who lost its lease writes nothing', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.outbox.accept(id, acceptance(['m1']))
      await store.leases.release(id, 'owner', fence)
      const change: Change = {
        events: [{ type: 'a', data: 1 }],
        state: [{ kind: 'roster', key: 'a', value: 1 }],
        records: [messageRecord('m1', { status: 'failed' })],
        iqs: [{ id: 'q', session: id, status: 'result' }],
        settled: ['m1'],
        streams: { 0: { id: 's', jid: 'j', inbound: 1, outbound: 1, acked: 1, max: null, savedAt: 1 } },
        status: { state: 'stopped', since: 1, reason: null, lastVerifiedAt: null, instance: 'one', connections: [] },
      }
      const stale = () => assert.rejects(store.commit(id, fence, change), Fenced)
      await stale()
      await store.leases.acquire(id, 'next')
      await stale()
      assert.equal((await store.log.read(id, undefined, 10)).events.length, 1)
      assert.equal((await store.state.read(id, 'roster')).size, 0)
      assert.equal((await store.records.get(id, 'm1'))?.status, 'accepted')
      assert.equal(await store.iqs.get(id, 'q'), undefined)
      assert.equal((await store.outbox.size(id)).length, 1)
      assert.equal((await store.state.streams(id)).size, 0)
      assert.equal((await store.sessions.get(id))?.status.state, 'connecting')
    })

    test('of an owner that has it again is refused under the fence of before', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const again = await store.leases.acquire(id, 'owner', 'owner')
      assert.ok(again)
      const change: Change = { events: [{ type: 'a', data: 1 }] }
      await store.commit(id, again.fence, change)
      await assert.rejects(store.commit(id, fence, change), Fenced)
      assert.equal((await store.log.read(id, undefined, 10)).events.length, 1)
    })

    test('what a session knows is read in pieces, some kinds last, and nothing is left out', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const written = new Map<string, Map<string, unknown>>()
      for (const [kind, count, length] of [
        ['small', 3, 10],
        ['many', 2_000, 400],
        ['large', 12, 100_000],
      ] as const) {
        const values = Array.from({ length: count }, (_, index): [string, unknown] => [`${kind} ${index}`, { text: 'ü'.repeat(length) }])
        written.set(kind, new Map(values))
        await store.commit(id, fence, { state: values.map(([key, value]) => ({ kind, key, value })) })
      }
      const read = new Map<string, Map<string, unknown>>()
      const kinds: string[] = []
      let pieces = 0
      for await (const piece of store.state.pieces(id, { last: ['many', 'never'], mirror: read })) {
        pieces += 1
        const size = piece.reduce((sum, { value }) => sum + JSON.stringify(value).length, 0)
        assert.ok(size < 3_300_000 && piece.length < 2_000, `${size} characters, ${piece.length} values`)
        for (const { kind, key, value } of piece) {
          if (kinds.at(-1) !== kind) kinds.push(kind)
          read.set(kind, (read.get(kind) ?? new Map()).set(key, value))
        }
      }
      assert.deepEqual(read, written)
      assert.deepEqual([kinds.at(-1), kinds.length], ['many', 3])
      assert.ok(pieces > 4, `${pieces}`)
      await store.sessions.remove(id)
    })

    test('changes state by key, after emptying whole kinds', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.commit(id, fence, {
        state: [
          { kind: 'roster', key: 'a', value: { n: 1 } },
          { kind: 'roster', key: 'b', value: 'text' },
          { kind: 'presence', key: 'a/x', value: false },
          { kind: 'own', key: '', value: 0 },
        ],
      })
      assert.deepEqual(
        await stateOf(store, id),
        new Map<string, Map<string, unknown>>([
          [
            'roster',
            new Map<string, unknown>([
              ['a', { n: 1 }],
              ['b', 'text'],
            ]),
          ],
          ['presence', new Map([['a/x', false]])],
          ['own', new Map([['', 0]])],
        ]),
      )
      await store.commit(id, fence, {
        state: [
          { kind: 'roster', key: 'b', value: null },
          { kind: 'own', key: '', value: null },
          { kind: 'none', key: 'x', value: null },
        ],
      })
      await store.commit(id, fence, { clear: ['presence', 'never'], state: [{ kind: 'presence', key: 'c', value: 3 }] })
      assert.deepEqual(
        await stateOf(store, id),
        new Map<string, Map<string, unknown>>([
          ['roster', new Map([['a', { n: 1 }]])],
          ['presence', new Map([['c', 3]])],
        ]),
      )
    })

    test('has all of a state that is large, of several sessions at once', async () => {
      const { store } = await opened()
      const owners = await Promise.all([ownedSession(store), ownedSession(store)])
      const kept = new Map(Array.from({ length: 3_000 }, (_, index) => [`contact${index}@x.example`, { name: 'x'.repeat(index % 500) }]))
      const state = [...kept].map(([key, value]) => ({ kind: 'roster', key, value }))
      for (const { id, fence } of owners) await store.commit(id, fence, { state: [...state, { kind: 'own', key: '', value: 1 }] })
      const found = await Promise.all(owners.map(({ id }) => stateOf(store, id)))
      for (const all of found) {
        assert.deepEqual([...all.keys()].toSorted(), ['own', 'roster'])
        assert.deepEqual(new Map([...all.get('roster')!].toSorted()), new Map([...kept].toSorted()))
      }
    })

    test('keeps values as they were, and as JSON has them', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const value: { list: number[]; none?: undefined } = { list: [1], none: undefined }
      await store.commit(id, fence, {
        state: [{ kind: 'k', key: 'a', value }],
        events: [{ type: 'a', data: value }],
        records: [messageRecord('m')],
      })
      value.list.push(2)
      assert.deepEqual((await store.state.read(id, 'k')).get('a'), { list: [1] })
      assert.deepEqual((await store.log.read(id, undefined, 1)).events[0]?.data, { list: [1] })
      const record = await store.records.get(id, 'm')
      record?.history.push({ status: 'failed', at: 1 })
      assert.deepEqual(await store.records.get(id, 'm'), messageRecord('m'))
    })

    test('carries texts of any kind and size', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const body = `"'\\\n\u0000\ud800 汉字😀`.repeat(20_000)
      await store.commit(id, fence, { events: [{ type: 'a', data: { body } }], state: [{ kind: 'k', key: '汉 字\n', value: body }] })
      assert.deepEqual((await store.log.read(id, undefined, 1)).events[0]?.data, { body })
      assert.equal((await store.state.read(id, 'k')).get('汉 字\n'), body)
    })
  })
}
