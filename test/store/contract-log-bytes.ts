/** Bounds in bytes of a log, and of what is read of it at one time. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import type { EventDraft } from '../../src/gateway/ports/event.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { READ_BYTES } from '../../src/store/reading.ts'
import type { Opened } from './contract.ts'
import { acceptance, countedBounds, ownedSession } from './sample.ts'

const KiB = 1024
const told = (n: number, text: string, volatile = false): EventDraft => ({ type: 'a', data: { n, text }, ...(volatile && { volatile }) })
/** one that cannot be packed */
const random = (n: number, bytes: number, volatile = false) => told(n, randomBytes((bytes * 3) / 4).toString('base64'), volatile)
/** one that is small when it is packed */
const dull = (n: number, bytes: number) => told(n, 'x'.repeat(bytes))
const numberOf = ({ data }: { data: unknown }) => (data as { n: number }).n
const range = (count: number) => Array.from({ length: count }, (_, n) => n)

async function readAll(store: Store, id: string, limit = 1000): Promise<{ numbers: number[]; largest: number; reads: number }> {
  const numbers: number[] = []
  let largest = 0
  for (let reads = 1, after: string | undefined; ; reads += 1) {
    const { events, next, end, gap } = await store.log.read(id, after, limit)
    assert.equal(gap, undefined)
    numbers.push(...events.map(numberOf))
    const last = events.at(-1)?.size ?? 0
    largest = Math.max(largest, events.reduce((sum, { size = 0 }) => sum + size, 0) - last)
    if (end) return { numbers, largest, reads }
    assert.ok(events.length > 0, 'each read comes further')
    after = next
  }
}

export function describeLogBytes(opened: Opened): void {
  describe('bytes of a log', () => {
    test('a read ends after so many of them, whatever its limit, and nothing is left out', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      // large ones after small ones and before them, over both lanes
      const events = range(120).map((n) => random(n, n % 40 < 10 ? 60 * KiB : 200, n % 3 === 0))
      await store.commit(id, fence, { events })
      const { numbers, largest, reads } = await readAll(store, id)
      assert.deepEqual(numbers, range(120))
      // of each lane so much
      assert.ok(largest < 2 * READ_BYTES, `${largest} bytes before the last of a read`)
      assert.ok(reads <= 20, `${reads} reads`)
      assert.deepEqual((await readAll(store, id, 7)).numbers, range(120))
    })

    test('one that is larger than a read is told alone', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      await store.commit(id, fence, {
        events: [random(0, 10), random(1, 3 * READ_BYTES), random(2, 10), dull(3, 3 * READ_BYTES), random(4, 10)],
      })
      assert.deepEqual((await readAll(store, id)).numbers, range(5))
      const { events } = await store.log.read(id, undefined, 2)
      assert.equal((events[1]!.data as { text: string }).text.length, 3 * READ_BYTES)
      assert.equal(JSON.stringify(events[1]?.data), events[1]?.json)
    })

    test('are bounded: the oldest events go, and whoever was behind is told', async () => {
      const { store } = await opened({ eventLogBytes: 100 * KiB })
      const { id, fence } = await ownedSession(store)
      const cursors: string[] = []
      for (const n of range(30)) cursors.push(...(await store.commit(id, fence, { events: [random(n, 9 * KiB)] })))
      const { numbers } = await readAll(store, id)
      assert.deepEqual(numbers, range(30).slice(-numbers.length))
      assert.ok(numbers.length >= 9 && numbers.length <= 11, `${numbers.length} events are kept`)
      const page = await store.log.read(id, cursors[0], 1)
      assert.deepEqual([page.gap?.reason, page.gap?.from, numberOf(page.events[0]!)], ['expired', cursors[0], numbers[0]])
      assert.deepEqual(page.gap?.to, cursors[29 - numbers.length])
    })

    test('are bounded within one commit too, and by what is accepted', async () => {
      const { store } = await opened({ eventLogBytes: 20 * KiB })
      const { id, fence } = await ownedSession(store)
      await store.commit(id, fence, { events: range(20).map((n) => random(n, 4 * KiB)) })
      const { numbers } = await readAll(store, id)
      assert.ok(numbers.length >= 3 && numbers.length <= 5 && numbers.at(-1) === 19, numbers.join())
      for (const n of range(200)) await store.outbox.accept(id, acceptance([`m${n}`]))
      const { events } = await store.log.read(id, undefined, 1000)
      assert.ok(events.every(({ type }) => type === 'message.accepted'))
      assert.ok(events.length > 40 && events.length < 200, `${events.length} events are kept`)
    })

    test('never cost the newest event, however large it is', async () => {
      const { store } = await opened({ eventLogBytes: 10 * KiB, volatileBytes: 10 * KiB })
      const { id, fence } = await ownedSession(store)
      for (const n of range(3)) {
        await store.commit(id, fence, { events: [random(2 * n, 30 * KiB), random(2 * n + 1, 30 * KiB, true)] })
        assert.deepEqual((await readAll(store, id)).numbers, [2 * n, 2 * n + 1])
      }
      await store.commit(id, fence, { events: [random(6, 100), random(7, 100, true)] })
      assert.deepEqual((await readAll(store, id)).numbers, [6, 7])
    })

    test('of volatile events are bounded apart, and cost no durable one', async () => {
      const { store } = await opened({ volatileBytes: 50 * KiB })
      const { id, fence } = await ownedSession(store)
      await store.commit(id, fence, { events: [random(0, 10)] })
      for (const n of range(40)) await store.commit(id, fence, { events: [random(n + 1, 9 * KiB, true)] })
      const { numbers } = await readAll(store, id)
      assert.equal(numbers[0], 0)
      assert.ok(numbers.length >= 5 && numbers.length <= 7 && numbers.at(-1) === 40, numbers.join())
    })

    test('are told where the bound is reached', async () => {
      const { metrics, counted } = countedBounds()
      const { store } = await opened({ eventLogBytes: 30 * KiB, volatileBytes: 30 * KiB, eventLogMax: 10, volatileMax: 10 }, metrics)
      const { id, fence } = await ownedSession(store)
      for (const volatile of [false, true]) {
        await store.commit(id, fence, { events: range(15).map((n) => random(n, 10, volatile)) })
        await store.commit(id, fence, { events: range(2).map((n) => random(n, 20 * KiB, volatile)) })
      }
      assert.deepEqual(counted, { 'log-events': 7, 'log-bytes': 9, 'volatile-events': 7, 'volatile-bytes': 9 })
    })
  })
}
