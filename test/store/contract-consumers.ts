/** Named readers of a log: each goes on where it was. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CONSUMERS_MAX } from '../../src/gateway/ports/consumer.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import type { Opened } from './contract.ts'
import { limits, newId, ownedSession, problem } from './sample.ts'

export function describeConsumers(opened: Opened): void {
  describe('a named consumer', () => {
    const append = (store: Store, id: string, fence: string, count: number) =>
      store.commit(id, fence, { events: Array.from({ length: count }, (_, n) => ({ type: 'a', data: n })) })

    test('begins where it is told, or at the oldest event, and is there from then on', async () => {
      const { store, clock } = await opened()
      const { id, fence } = await ownedSession(store)
      const cursors = await append(store, id, fence, 3)
      assert.deepEqual(await store.consumers.list(id), [])
      assert.equal(await store.consumers.use(id, 'crm', cursors[1]), cursors[1])
      assert.equal(await store.consumers.use(id, 'crm', cursors[2]), cursors[1])
      assert.equal((await store.log.read(id, await store.consumers.use(id, 'archive', undefined), 10)).events.length, 3)
      const [archive, crm] = await store.consumers.list(id)
      assert.deepEqual([archive?.name, archive?.behind, crm?.name, crm?.behind, crm?.cursor], ['archive', 3, 'crm', 1, cursors[1]])
      assert.ok(Math.abs(crm!.usedAt - clock.now()) < 60_000)
    })

    test('goes forward by what it acks, never back, and one that acks first begins there', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const cursors = await append(store, id, fence, 4)
      assert.equal(await store.consumers.ack(id, 'crm', cursors[1]!), cursors[1])
      assert.equal(await store.consumers.ack(id, 'crm', cursors[2]!), cursors[2])
      assert.equal(await store.consumers.ack(id, 'crm', cursors[0]!), cursors[2])
      const [crm] = await store.consumers.list(id)
      assert.deepEqual([crm?.cursor, crm?.behind], [cursors[2], 1])
    })

    test('does not go past the end, and stays where a cursor is of no life of its log', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const other = await ownedSession(store, { tenant: newId('tenant') })
      const [first] = await append(store, id, fence, 1)
      await store.consumers.use(id, 'crm', first)
      assert.equal(await store.consumers.ack(id, 'crm', `${first!.split('-')[0]}-zz`), first)
      for (const cursor of [await store.log.end(other.id), 'nonsense', '']) {
        await assert.rejects(store.consumers.ack(id, 'crm', cursor), problem('cursor-invalid'))
        await assert.rejects(store.consumers.use(id, 'new', cursor), problem('cursor-invalid'))
        assert.throws(() => store.consumers.further(id, cursor, first), problem('cursor-invalid'))
      }
      assert.equal((await store.consumers.list(id)).length, 1)
    })

    test('of two places the further is known without a question', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const [first, second] = await append(store, id, fence, 2)
      assert.equal(store.consumers.further(id, first!, undefined), first)
      assert.equal(store.consumers.further(id, first!, second), second)
      assert.equal(store.consumers.further(id, second!, first), second)
    })

    test('is kept as long as events are, from its last use', async () => {
      const { store, clock } = await opened()
      const { id, fence } = await ownedSession(store)
      const cursors = await append(store, id, fence, 2)
      for (const name of ['used', 'unused']) await store.consumers.ack(id, name, cursors[0]!)
      clock.advance(limits.eventLogAge - 1_000)
      await store.consumers.use(id, 'used', undefined)
      clock.advance(2_000)
      assert.deepEqual(
        (await store.consumers.list(id)).map(({ name, cursor }) => [name, cursor]),
        [['used', cursors[0]]],
      )
      assert.notEqual(await store.consumers.use(id, 'unused', undefined), cursors[0])
    })

    test('is one of so many, and those that are too old make room', async () => {
      const { store, clock } = await opened()
      const { id } = await ownedSession(store)
      for (let n = 0; n < CONSUMERS_MAX; n++) assert.notEqual(await store.consumers.use(id, `c${n}`, undefined), undefined)
      assert.equal(await store.consumers.use(id, 'more', undefined), undefined)
      assert.equal(await store.consumers.ack(id, 'more', await store.log.end(id)), undefined)
      assert.notEqual(await store.consumers.use(id, 'c0', undefined), undefined)
      clock.advance(limits.eventLogAge + 1_000)
      assert.notEqual(await store.consumers.use(id, 'more', undefined), undefined)
      assert.equal((await store.consumers.list(id)).length, 1)
    })

    test('goes with its session', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      await store.consumers.use(id, 'crm', undefined)
      await store.sessions.remove(id)
      await assert.rejects(store.consumers.use(id, 'crm', undefined), problem('session-not-found'))
    })
  })
}
