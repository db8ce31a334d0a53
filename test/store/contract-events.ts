import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EventDraft } from '../../src/gateway/ports/event.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import type { Opened } from './contract.ts'
import { acceptance, eventually, limits, newId, ownedSession, problem, sessionStatus } from './sample.ts'

const durable = (n: number): EventDraft => ({ type: 'message.received', subject: `s${n}`, data: { n } })
const volatile = (n: number): EventDraft => ({ type: 'presence.available', data: { n }, volatile: true })
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

async function numbers(store: Store, id: string, after?: string, limit = 1000): Promise<number[]> {
  const { events } = await store.log.read(id, after, limit)
  return events.map(({ data }) => (data as { n: number }).n)
}

export function describeEvents(opened: Opened): void {
  describe('the log', () => {
    test('gives each event a cursor of its own, in order', async () => {
      const { store, clock } = await opened()
      const [one, other] = [await ownedSession(store), await ownedSession(store)]
      const before = clock.now()
      const cursors = await store.commit(one.id, one.fence, { events: range(0, 40).map(durable) })
      const others = await store.commit(other.id, other.fence, { events: range(0, 40).map(durable) })
      assert.equal(new Set([...cursors, ...others]).size, 80)
      for (const cursor of cursors) assert.match(cursor, /^[A-Za-z0-9_-]+$/)
      const { events, next, end, gap } = await store.log.read(one.id, undefined, 100)
      assert.deepEqual(
        events.map(({ id }) => id),
        cursors,
      )
      assert.deepEqual({ next, end, gap }, { next: cursors[39], end: true, gap: undefined })
      const [{ time, json, size, ...first }] = events as [(typeof events)[0]]
      assert.deepEqual([json, size], ['{"n":0}', 7])
      assert.deepEqual(first, { id: cursors[0], type: 'message.received', subject: 's0', data: { n: 0 } })
      assert.ok(time >= before && time <= clock.now())
      assert.equal('subject' in (await store.log.read(one.id, undefined, 1)).events[0]!, true)
    })

    test('keeps the trace of an event with it, however large that is', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'rojo=",{}' }
      const large = { ...durable(0), data: { text: 'x'.repeat(20_000) }, trace }
      await store.commit(id, fence, { events: [{ ...durable(0), trace }, durable(1), large] })
      const { events } = await store.log.read(id, undefined, 3)
      assert.deepEqual(
        events.map((event) => event.trace),
        [trace, undefined, trace],
      )
      assert.equal('trace' in events[1]!, false)
    })

    test('is read in pages, each from the end of the one before', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const start = await store.log.end(id)
      assert.deepEqual(await store.log.read(id, undefined, 10), { events: [], next: start, end: true })
      const cursors = await store.commit(id, fence, { events: range(0, 5).map((n) => (n % 2 === 0 ? durable(n) : volatile(n))) })
      const first = await store.log.read(id, start, 2)
      assert.deepEqual([first.events.length, first.next, first.end], [2, cursors[1], false])
      const second = await store.log.read(id, first.next, 3)
      assert.deepEqual([second.events.map(({ data }) => data), second.end], [[{ n: 2 }, { n: 3 }, { n: 4 }], true])
      assert.deepEqual(await store.log.read(id, second.next, 3), { events: [], next: second.next, end: true })
      assert.equal(await store.log.end(id), second.next)
    })

    test('keeps one order over durable and volatile events', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      for (const n of range(0, 9)) await store.commit(id, fence, { events: [n % 3 === 0 ? durable(n) : volatile(n)] })
      assert.deepEqual(await numbers(store, id), range(0, 9))
    })

    test('drops volatile events without a gap, and for them no durable one', async () => {
      const { store } = await opened({ eventLogMax: 10, volatileMax: 3 })
      const { id, fence } = await ownedSession(store)
      const cursors = await store.commit(id, fence, {
        events: [durable(0), volatile(1), volatile(2), durable(3), ...range(4, 20).map(volatile)],
      })
      assert.deepEqual(await numbers(store, id), [0, 3, 17, 18, 19])
      for (const cursor of cursors) assert.deepEqual(await store.log.place(id, cursor), { kind: 'known' })
      const page = await store.log.read(id, cursors[5], 2)
      assert.deepEqual([page.events.length, page.gap, page.end], [2, undefined, false])
      const rest = await store.log.read(id, page.next, 2)
      assert.deepEqual([rest.events.length, rest.end], [1, true])
    })

    test('keeps so many durable events, and tells the gap to who was behind', async () => {
      const { store } = await opened({ eventLogMax: 5 })
      const { id, fence } = await ownedSession(store)
      const start = await store.log.end(id)
      const cursors = await store.commit(id, fence, { events: range(0, 8).map(durable) })
      const place = await store.log.place(id, cursors[1]!)
      assert.ok(place.kind === 'expired')
      const page = await store.log.read(id, cursors[1], 100)
      assert.deepEqual(page.gap, { from: cursors[1], to: place.oldest, reason: 'expired' })
      assert.deepEqual(
        page.events.map(({ data }) => data),
        range(3, 8).map((n) => ({ n })),
      )
      assert.deepEqual(await store.log.place(id, start), place)
      // nothing is missing after the last one that was dropped
      assert.deepEqual(await store.log.place(id, cursors[2]!), { kind: 'known' })
      assert.equal((await store.log.read(id, cursors[2], 100)).gap, undefined)
      assert.deepEqual(await store.log.place(id, place.oldest), { kind: 'known' })
      assert.equal((await store.log.read(id, undefined, 100)).gap, undefined)
    })

    test('keeps events so long', async () => {
      const { store, clock } = await opened()
      const { id, fence } = await ownedSession(store)
      const [first] = await store.commit(id, fence, { events: [durable(0), volatile(1)] })
      clock.advance(limits.eventLogAge / 2)
      await store.commit(id, fence, { events: [durable(2)] })
      clock.advance(limits.eventLogAge / 2 + 1000)
      assert.deepEqual(await numbers(store, id), [2])
      await store.commit(id, fence, { events: [volatile(3)] })
      assert.deepEqual(await numbers(store, id), [2, 3])
      assert.deepEqual(await store.log.place(id, first!), { kind: 'known' })
      assert.equal((await store.log.place(id, first!.replace(/-.*$/, '-0'))).kind, 'expired')
      clock.advance(limits.eventLogAge)
      const page = await store.log.read(id, first, 10)
      assert.deepEqual([page.events, page.gap?.reason, page.next, page.end], [[], 'expired', await store.log.end(id), true])
    })

    test('knows its cursors from those of others', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const other = await ownedSession(store)
      const [cursor] = await store.commit(id, fence, { events: [durable(0)] })
      for (const foreign of ['', '0', 'x', 'a-b', '../..', `${cursor}-1`, `${cursor} `, 'ä-1', '-1', await store.log.end(other.id)]) {
        assert.deepEqual(await store.log.place(id, foreign), { kind: 'foreign' }, foreign)
        await assert.rejects(store.log.read(id, foreign, 10), problem('cursor-invalid'))
      }
    })

    test('tells that a cursor ahead of it is lost', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const [cursor] = await store.commit(id, fence, { events: [durable(0)] })
      const ahead = cursor!.replace(/-.*$/, '-zz')
      const place = await store.log.place(id, ahead)
      assert.ok(place.kind === 'lost')
      const page = await store.log.read(id, ahead, 10)
      assert.deepEqual([page.gap, page.events.length], [{ from: ahead, to: place.oldest, reason: 'store-lost' }, 1])
    })

    test('starts a new life with a session made again, and the cursors of the old one are lost', async () => {
      const { store } = await opened()
      const { id, fence, record } = await ownedSession(store)
      const [cursor] = await store.commit(id, fence, { events: [durable(0), durable(1)] })
      await store.sessions.remove(id)
      await store.sessions.create(record, sessionStatus)
      assert.deepEqual(await numbers(store, id), [])
      const place = await store.log.place(id, cursor!)
      assert.ok(place.kind === 'lost' && place.oldest !== cursor)
      assert.equal((await store.log.read(id, cursor, 10)).gap?.reason, 'store-lost')
    })

    test('of a session that is not there is not there', async () => {
      const { store } = await opened()
      const id = newId('ses')
      await assert.rejects(store.log.read(id, undefined, 1), problem('session-not-found'))
      await assert.rejects(store.log.place(id, '0'), problem('session-not-found'))
      await assert.rejects(store.log.end(id), problem('session-not-found'))
    })
  })

  describe('who watches a log', () => {
    test('is woken by commits and acceptances, until it stops', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const woken = { one: 0, two: 0 }
      const stop = store.log.watch(id, () => woken.one++)
      const stopTwo = store.log.watch(id, () => woken.two++)
      await store.commit(id, fence, { events: [durable(0)] })
      await eventually(() => woken.one > 0 && woken.two > 0)
      const before = woken.two
      stop()
      stop()
      const stopped = woken.one
      await store.outbox.accept(id, acceptance(['m1']))
      await eventually(() => woken.two > before)
      assert.equal(woken.one, stopped)
      stopTwo()
    })

    test('is woken far less than once for each of many events', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      let woken = 0
      const stop = store.log.watch(id, () => woken++)
      await Promise.all(range(0, 300).map((n) => store.commit(id, fence, { events: [durable(n)] })))
      await eventually(() => woken > 0)
      stop()
      assert.ok(woken <= 150, String(woken))
      assert.equal((await numbers(store, id)).length, 300)
    })

    test('is woken when the session is removed, not by other sessions', async () => {
      const { store } = await opened()
      const [one, other] = [await ownedSession(store), await ownedSession(store)]
      let woken = 0
      let others = 0
      const stops = [store.log.watch(one.id, () => woken++), store.log.watch(other.id, () => others++)]
      // a message over the bus tells that the watch is in force
      await store.bus.publish('any', 1)
      await store.commit(other.id, other.fence, { events: [durable(0)] })
      await eventually(() => others > 0)
      assert.equal(woken, 0)
      await store.sessions.remove(one.id)
      await eventually(() => woken > 0)
      for (const stop of stops) stop()
    })

    test('misses nothing when it reads after each wake', async () => {
      const { store } = await opened()
      const { id, fence } = await ownedSession(store)
      const seen: number[] = []
      let after = await store.log.end(id)
      let reading: Promise<void> | undefined
      let again = false
      const read = async () => {
        do {
          again = false
          const page = await store.log.read(id, after, 7)
          seen.push(...page.events.map(({ data }) => (data as { n: number }).n))
          after = page.next
          if (!page.end) again = true
        } while (again)
        reading = undefined
      }
      const stop = store.log.watch(id, () => {
        again = true
        reading ??= read()
      })
      await store.bus.publish('any', 1)
      for (const n of range(0, 200)) await store.commit(id, fence, { events: [n % 5 === 0 ? volatile(n) : durable(n)] })
      await eventually(() => seen.length >= 200)
      await reading
      stop()
      assert.deepEqual(seen, range(0, 200))
    })
  })
}
