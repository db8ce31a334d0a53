import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { COPIES_OF_KEY, type Copy, type EventDraft, WAYS_OF_COPY } from '../../src/gateway/ports/event.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import type { Opened } from './contract.ts'
import { came, limits, ownedSession } from './sample.ts'

const event = (n: number, copy?: Copy): EventDraft => ({ type: 'message.received', data: { n }, ...(copy && { copy }) })

async function numbers(store: Store, id: string): Promise<number[]> {
  const { events } = await store.log.read(id, undefined, 1000)
  return events.map(({ data }) => (data as { n: number }).n)
}

export function describeCopies(opened: Opened): void {
  /** commits an event for each of these in turn; answers which were told */
  async function told(...copies: Copy[]): Promise<number[]> {
    const { store } = await opened()
    const { id, fence } = await ownedSession(store)
    for (const [n, copy] of copies.entries()) await store.commit(id, fence, { events: [event(n, copy)] })
    return await numbers(store, id)
  }

  describe('a stanza that may be a copy', () => {
    test('makes no event and answers the cursor of the first; the rest of its change is written', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const [first] = await store.commit(id, fence, { events: [event(0, came('/live/', 'a'))] })
      const again = await store.commit(id, fence, {
        events: [event(1, came('/late/', 'a')), event(2), event(3, came('/live/', 'b')), event(4, came('/late/', 'b'))],
        state: [{ kind: 'k', key: 'a', value: 1 }],
      })
      assert.equal(again[0], first)
      assert.equal(again[3], again[2])
      assert.deepEqual(await numbers(store, id), [0, 2, 3])
      assert.equal((await store.state.read(id, 'k')).get('a'), 1)
    })

    test('is told where it came by the same way, as often as it did; each is then known once', async () => {
      const [live, late] = [() => came('/live/', 'a'), () => came('/late/', 'a')]
      assert.deepEqual(await told(live(), live(), live()), [0, 1, 2])
      assert.deepEqual(await told(live(), live(), late(), late(), late()), [0, 1, 4])
      assert.deepEqual(await told(live(), late(), live(), late(), live()), [0, 2, 4])
    })

    test('is not told twice where its change is written twice', async () => {
      const copy = came('/live/', 'a')
      const plain = came('/live/', 'a', { keys: [{ key: 'a', keep: true }] })
      assert.deepEqual(await told(copy, copy, came('/live/', 'a'), copy), [0, 2])
      assert.deepEqual(await told(plain, plain, came('/late/', 'b')), [0, 2])
    })

    test('is told where it cannot be one by what it is looked for with', async () => {
      const key = (match?: Copy['keys'][0]['match']): Partial<Copy> => ({ keys: [{ key: 'a', keep: true, ...(match && { match }) }] })
      const first = came('/live/x/', 'a', { time: 5000 })
      const looked = (match?: Copy['keys'][0]['match']) => told(first, came('/late/', 'a', key(match)))
      assert.deepEqual(await looked(), [0, 1])
      assert.deepEqual(await looked({ unless: '/x/' }), [0, 1])
      assert.deepEqual(await looked({ unless: '/late/', by: '/carbon/' }), [0, 1])
      assert.deepEqual(await looked({ unless: '/late/', by: '/live/x/' }), [0])
      assert.deepEqual(await looked({ unless: '/late/', since: 5001 }), [0, 1])
      assert.deepEqual(await looked({ unless: '/late/', until: 4999 }), [0, 1])
      assert.deepEqual(await looked({ unless: '/late/', since: 5000, until: 5000 }), [0])
    })

    test('is known by the first of its keys that fits, and then by all that are kept', async () => {
      const match = { unless: '/archive/' }
      const both: Copy['keys'] = [
        { key: 'id', keep: true, match },
        { key: 'words', keep: false, match },
      ]
      const archived = (at: string, keys: Copy['keys']) => came('/archive/', '', { at, keys })
      assert.deepEqual(await told(came('/live/', 'words'), archived('@1', both), archived('@2', both)), [0, 2])
      assert.deepEqual(await told(came('/live/', 'words'), archived('@1', both), came('/late/', 'id')), [0])
      assert.deepEqual(await told(archived('@1', both), came('/late/', 'words')), [0, 1], 'a key that is not kept is not remembered')
    })

    test('is told where it was forgotten: the oldest of one key, one that came by very many ways, all with time', async () => {
      const repeated = Array.from({ length: COPIES_OF_KEY + 1 }, () => came('/live/', 'a', { time: 1 }))
      const { store, clock } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.commit(id, fence, { events: [event(0, came('/live/', 'a', { time: 0 })), ...repeated.map((copy) => event(1, copy))] })
      const first = came('/late/', 'a', { keys: [{ key: 'a', keep: false, match: { unless: '/late/', until: 0 } }] })
      await store.commit(id, fence, { events: [event(2, first), event(3, came('/late/', 'a'))] })
      assert.deepEqual(
        (await numbers(store, id)).filter((n) => n !== 1),
        [0, 2],
      )
      clock.advance(limits.dedupAge + 1000)
      await store.commit(id, fence, { events: [event(4, came('/archive/', 'a'))] })
      assert.deepEqual(
        (await numbers(store, id)).filter((n) => n !== 1),
        [0, 2, 4],
      )
      const ways = Array.from({ length: WAYS_OF_COPY + 2 }, (_, n) => came(`/${n}/`, 'b'))
      assert.deepEqual(await told(...ways), [0, WAYS_OF_COPY + 1])
    })

    test('is not known when its change could not be written, and nothing else of that change is there', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const unwritable = { type: 'message.received', data: { n: 1n } }
      const state = [{ kind: 'k', key: 'a', value: 1 }]
      await assert.rejects(store.commit(id, fence, { events: [event(0, came('/live/', 'a')), unwritable], state }), TypeError)
      assert.deepEqual([await numbers(store, id), (await store.state.read(id, 'k')).size], [[], 0])
      await store.commit(id, fence, { events: [event(2, came('/late/', 'a'))] })
      assert.deepEqual(await numbers(store, id), [2])
    })

    test('of another session is another', async () => {
      const { store } = await opened()
      for (const { id, fence } of [await ownedSession(store), await ownedSession(store)]) {
        await store.commit(id, fence, { events: [event(0, came('/live/', 'a'))] })
        assert.deepEqual(await numbers(store, id), [0])
      }
    })
  })
}
