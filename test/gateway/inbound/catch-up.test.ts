import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../src/errors/problem.ts'
import type { Archived, ArchiveQuery, LiveSession } from '../../../src/gateway/contract/session.ts'
import type { SessionJson } from '../../../src/gateway/contract/session-json.ts'
import type { Archive } from '../../../src/gateway/inbound/archive.ts'
import { noteArchived } from '../../../src/gateway/inbound/archive-marks.ts'
import { createCatchUp } from '../../../src/gateway/inbound/catch-up.ts'
import type { Receiver } from '../../../src/gateway/inbound/dispatch.ts'
import type { Handled, Inbound } from '../../../src/gateway/inbound/queue.ts'
import type { Outbox } from '../../../src/gateway/outbox/outbox.ts'
import type { Change } from '../../../src/gateway/ports/change.ts'
import type { Clock } from '../../../src/gateway/ports/clock.ts'
import type { Store } from '../../../src/gateway/ports/store.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'
import { CLIENT, element } from '../../../src/xml/element.ts'
import { unwatched } from '../unwatched.ts'

const HOUR = 3_600_000
const nothing = async (): Promise<Handled> => ({ change: {}, after: [] })
const refused = new Problem('xmpp-item-not-found', 'Not there.', { xmpp: { type: 'cancel', condition: 'item-not-found' } })
const lost = new Problem('outcome-unknown', 'The connection was lost.')

/** A catch-up over what a session remembers; `page` is its archive. */
function start(page: (query: ArchiveQuery) => Awaited<ReturnType<Archive['page']>>, remembered = new Map<string, Map<string, unknown>>()) {
  const state = createMirror(remembered)
  const told: string[] = []
  const waiting: boolean[] = []
  const restored: string[] = []
  let now = 0
  const clock: Clock = { now: () => now, monotonic: () => now }
  const session = {
    record: { id: 'ses_1', jid: 'romeo@montague.lit' },
    state,
    commit: async (change: Change) => {
      state.apply(change)
      told.push(...(change.events ?? []).map(({ type }) => type))
      return []
    },
  } as unknown as LiveSession
  const catchUp = createCatchUp({
    session,
    archive: { page: async (query) => page(query) },
    inbound: {
      enqueue: async (handle: () => Promise<Handled>) => {
        state.apply((await handle()).change)
      },
    } as unknown as Inbound,
    receiver: {
      archived: async (items: readonly Archived[]) => {
        restored.push(...items.map(({ id }) => id))
        return await nothing()
      },
      held: {
        begin: () => waiting.push(true),
        has: () => false,
        release: async () => {
          waiting.push(false)
          return await nothing()
        },
      },
    } as unknown as Receiver,
    outbox: {} as Outbox,
    features: [],
    store: { log: { end: async () => '0', read: async () => ({ events: [], next: '0', end: true }) } } as unknown as Store,
    clock,
    watch: unwatched,
    announcer: { view: async () => ({}) as SessionJson },
  })
  return {
    catchUp,
    told,
    waiting,
    restored,
    remembered,
    at: (time: number) => {
      now = time
    },
    note: (id: string) => state.apply({ state: [noteArchived(clock, id, undefined)] }),
  }
}

test('a catch-up that a lost link ends is owed: messages wait, and the next one starts where it did', async () => {
  const places: (string | undefined)[] = []
  let broken = true
  const { catchUp, waiting, told, at, note } = start((query) => {
    places.push(query.before ?? query.after)
    if (broken) throw lost
    return { items: [], complete: true }
  })
  note('m1')
  at(HOUR)
  await assert.rejects(catchUp.run(), lost)
  assert.ok(catchUp.isDue())
  assert.deepEqual(waiting, [true])
  // what was known last moves on, as it does with what is restored or comes in
  note('m9')
  at(2 * HOUR)
  broken = false
  const finish = await catchUp.run()
  assert.deepEqual(places, ['m1', 'm1', 'm1'])
  assert.deepEqual(waiting, [true, true], 'nothing is let in before own presence was sent')
  await finish()
  assert.deepEqual([waiting.at(-1), catchUp.isDue(), told], [false, false, ['session.caught-up']])
})

test('a catch-up that is cut off goes on where it came to', async () => {
  const asked: ArchiveQuery[] = []
  const stanza = element('message', CLIENT, { from: 'juliet@capulet.lit' }, [])
  const { catchUp, note } = start((query) => {
    asked.push(query)
    if (query.before) return { items: [], complete: false }
    if (asked.length === 3) throw lost
    return asked.length > 3
      ? { items: [], complete: true }
      : { items: [{ id: 'm2', stamp: '1970-01-01T00:00:01Z', stanza }], complete: false, last: 'm2' }
  })
  note('m1')
  await assert.rejects(catchUp.run(), lost)
  await catchUp.run()
  assert.deepEqual(
    asked.map(({ before, after }) => [before, after]),
    [
      ['m1', undefined],
      [undefined, 'm1'],
      [undefined, 'm2'],
      ['m2', undefined],
      [undefined, 'm2'],
    ],
  )
})

test('a page of which all was left out is not the end, and one that comes to no other place is', async () => {
  const stanza = element('message', CLIENT, { from: 'juliet@capulet.lit' }, [])
  const pages = [
    { items: [], complete: false, last: 'm2' },
    { items: [{ id: 'm3', stamp: '1970-01-01T00:00:01Z', stanza }], complete: false, last: 'm3' },
    { items: [], complete: false, last: 'm3' },
  ]
  const places: (string | undefined)[] = []
  const { catchUp, restored, note } = start((query) => {
    if (query.before !== undefined) return { items: [], complete: false }
    places.push(query.after)
    return pages.shift() ?? { items: [], complete: true }
  })
  note('m1')
  await catchUp.run()
  assert.deepEqual([places, restored], [['m1', 'm2', 'm3'], ['m3']])
})

test('an id that the archive does not know any more is replaced by its time', async () => {
  const asked: ArchiveQuery[] = []
  const { catchUp, at, note } = start((query) => {
    asked.push(query)
    if (query.before) throw refused
    return { items: [], complete: true }
  })
  at(HOUR)
  note('m1')
  await catchUp.run()
  assert.deepEqual(asked.at(-1)?.start, '1970-01-01T00:55:00.000Z')
})

test('a stamp that cannot be right neither moves the place to start from nor leaves a message out', async () => {
  const now = Date.UTC(2024, 4, 1)
  const stanza = element('message', CLIENT, { from: 'juliet@capulet.lit' }, [])
  for (const stamp of ['9999-12-31T23:59:59Z', '2024-05-02T00:00:01Z', '1999-12-31T23:59:59Z', '0000-01-01T00:00:00Z', 'never', '']) {
    const asked: ArchiveQuery[] = []
    const { catchUp, at, restored } = start((query) => {
      asked.push(query)
      if (query.before === '') return { items: [{ id: 'm1', stamp, stanza }], complete: false }
      if (query.before || query.after === 'm1') throw refused
      return {
        items: [
          { id: 'm2', stamp: '2024-05-01T00:00:00Z', stanza },
          { id: 'm3', stamp, stanza },
        ],
        complete: true,
      }
    })
    at(now)
    await (await catchUp.begin())?.()
    await (await catchUp.run())()
    assert.ok(
      asked.some((query) => query.start === '2024-04-30T23:55:00.000Z'),
      stamp,
    )
    assert.deepEqual(restored.slice(0, 2), ['m2', 'm3'], stamp)
  }
})

test('what another process owed makes messages wait from the start', async () => {
  const first = start(() => {
    throw lost
  })
  first.note('m1')
  await assert.rejects(first.catchUp.run(), lost)
  const second = start(() => ({ items: [], complete: true }), first.remembered)
  assert.ok(second.catchUp.isDue())
  assert.deepEqual(second.waiting, [true])
})

test('a run that another has overtaken lets nothing in and pays nothing', async () => {
  const { catchUp, waiting, note } = start(() => ({ items: [], complete: true }))
  note('m1')
  const first = await catchUp.run()
  const second = await catchUp.run()
  await first()
  assert.deepEqual([waiting, catchUp.isDue()], [[true, true], true])
  await second()
  assert.deepEqual([waiting.at(-1), catchUp.isDue()], [false, false])
})

test('the very first start reads what came between its look at the archive and own presence', async () => {
  const asked: ArchiveQuery[] = []
  const { catchUp, waiting, told } = start((query) => {
    asked.push(query)
    return { items: [], complete: true }
  })
  const finish = await catchUp.begin()
  assert.deepEqual(waiting, [true])
  await finish?.()
  assert.deepEqual(
    asked.map(({ before }) => before),
    ['', undefined],
  )
  assert.deepEqual([waiting.at(-1), catchUp.isDue(), told], [false, false, []])
  assert.equal(await catchUp.begin(), undefined)
})
