/** A link that takes what is sent slowly leaves the rest in the store. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createOutbox } from '../../../src/gateway/outbox/outbox.ts'
import { accepted, createRecords } from '../../../src/gateway/outbox/recent-records.ts'
import type { Change } from '../../../src/gateway/ports/change.ts'
import type { Clock } from '../../../src/gateway/ports/clock.ts'
import type { Connection } from '../../../src/gateway/ports/connection.ts'
import type { MessageRecord, OutboxEntry } from '../../../src/gateway/ports/message.ts'
import type { Store } from '../../../src/gateway/ports/store.ts'

const clock: Clock = { now: Date.now, monotonic: () => performance.now() }
const MIB = 1024 * 1024

const entry = (id: string, size: number, to = `${id}@capulet.lit`): OutboxEntry => ({
  ...{ id, to, kind: 'message', type: 'chat', acceptedAt: 0, expiresAt: null },
  xml: 'x'.repeat(size),
})

/** An outbox over a store that has these, and its connections; `read` counts what is taken from the store. */
function start(
  t: TestContext,
  entries: readonly OutboxEntry[],
  {
    record = () => undefined,
    connections = 1,
    transit = () => 0,
    ...options
  }: {
    record?: (id: string) => MessageRecord | undefined
    connections?: number
    transit?: () => number
    clock?: Clock
    quiet?: boolean
  } = {},
) {
  const written: string[] = []
  /** by the size of what was written: where */
  const wrote = new Map<number, number>()
  const failed: string[] = []
  const done: string[] = []
  let read = 0
  const store = {
    outbox: {
      async read(_: string, after: string | undefined, limit: number) {
        const from = after === undefined ? 0 : Number(after) + 1
        const found = entries.slice(from, from + limit).map((one, index) => ({ ...one, place: `${from + index}` }))
        read += found.length
        return found
      },
    },
    records: { get: async (_: string, message: string) => record(message) },
  } as unknown as Store
  const connection = (index: number) =>
    ({
      managed: true,
      isQuiet: () => options.quiet ?? true,
      transit,
      snapshot: () => null,
      send(xml: string) {
        written.push(xml)
        wrote.set(xml.length, index)
        return { position: written.length, written: Promise.resolve() }
      },
    }) as unknown as Connection
  const outbox = createOutbox({
    mayGo: () => undefined,
    id: 'ses_1',
    store,
    records: createRecords({ id: 'ses_1', store }),
    write: async ({ records = [], settled = [] }: Change) => {
      done.push(...settled)
      failed.push(...records.filter(({ status }) => status === 'failed').map(({ id }) => id))
      return []
    },
    writeSoon: async () => [],
    clock: options.clock ?? clock,
    usable: () => new Map(Array.from({ length: connections }, (_, index) => [index, connection(index)])),
    primaryOnly: () => false,
    resumable: new Map(),
    onWritten() {},
    onLatency() {},
    onGivenUp() {},
    onError: (error) => assert.fail(String(error)),
  })
  t.after(outbox.stop)
  const settle = async () => {
    for (let turns = 0; turns < 100; turns += 1) await turn()
  }
  return { outbox, written, wrote, failed, done, settle, read: () => read }
}

test('at most 1 MiB is handed to a connection that acknowledges nothing, and a few MiB wait outside the store', async (t) => {
  const size = 200_000
  const all = Array.from({ length: 100 }, (_, index) => entry(`m${index}`, size))
  const { outbox, written, settle, read } = start(t, all)
  outbox.wake()
  await settle()
  assert.equal(written.length, Math.ceil(MIB / size))
  assert.ok(read() * size < 8 * MIB, `${read()} were read`)
  for (let acked = 1; acked <= all.length; acked += 1) {
    outbox.acked(0, acked)
    await settle()
    assert.ok((written.length - acked) * size < MIB + size)
    assert.ok((read() - acked) * size < 8 * MIB)
  }
  assert.equal(written.length, all.length)
})

test('one that is larger than that goes by itself; many small ones go by their number', async (t) => {
  const { outbox, written, settle } = start(t, [entry('a', 2 * MIB), ...Array.from({ length: 600 }, (_, index) => entry(`m${index}`, 100))])
  outbox.wake()
  await settle()
  assert.equal(written.length, 1)
  outbox.acked(0, 1)
  await settle()
  assert.equal(written.length, 257)
  outbox.acked(0, 257)
  await settle()
  assert.equal(written.length, 513)
})

test('one account has one connection, however its name is written', async (t) => {
  const names = Array.from({ length: 8 }, (_, index) => [`straße${index}@capulet.lit`, `STRASSE${index}@Capulet.LIT/x`]).flat()
  const { written, wrote, settle, outbox } = start(
    t,
    names.map((to, index) => entry(`m${index}`, 100 + index, to)),
    { connections: 2 },
  )
  outbox.wake()
  await settle()
  assert.equal(written.length, names.length)
  assert.ok(new Set(wrote.values()).size === 2, 'both are used')
  for (let index = 0; index < names.length; index += 2) assert.equal(wrote.get(100 + index), wrote.get(101 + index), names[index])
})

test('what is under suspicion waits until a slow server has read what is on its way, and not for ever', async (t) => {
  for (const [ahead, until] of [
    [0, 5],
    [30_000, 35],
    [3_600_000, 120],
  ] as const) {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let now = 0
    const { written, settle, outbox } = start(t, [entry('a', 10)], {
      record: (id) => ({ ...accepted({ id, to: '', acceptedAt: 7 }), ended: { streams: 1, alone: 1, refused: 0 } }),
      transit: () => ahead,
      clock: { now: () => now, monotonic: () => now },
      quiet: false,
    })
    outbox.wake()
    await settle()
    while (written.length === 0) {
      now += 1_000
      t.mock.timers.tick(1_000)
      await settle()
      assert.ok(now <= 200_000)
    }
    // it is looked at each 5 s
    assert.ok(now >= until * 1_000 && now <= (until + 5) * 1_000, `${ahead}: ${now}`)
    t.mock.timers.reset()
  }
})

test('all that is left fails at the end of the session, a part at a time', async (t) => {
  const all = Array.from({ length: 700 }, (_, index) => entry(`m${index}`, 10_000))
  const { outbox, failed, settle } = start(t, all)
  outbox.wake()
  await settle()
  await outbox.end()
  await settle()
  assert.deepEqual([...failed].sort(), all.map(({ id }) => id).sort())
})

test('however many an owner left in doubt, each is confirmed or goes again', async (t) => {
  const all = Array.from({ length: 150_000 }, (_, index) => entry(`m${index}`, 1, `to${index % 1000}@capulet.lit`))
  const wire = { connection: 0, stream: 'gone', position: 1, over: true } as const
  const { outbox, written, done } = start(t, all, { record: (id) => ({ ...accepted({ id, to: '', acceptedAt: 7 }), wire }) })
  outbox.wake()
  await outbox.loaded()
  const ids = new Set(outbox.doubts().map(({ id }) => id))
  assert.deepEqual([ids.size, outbox.load()], [all.length, { entries: all.length, unacked: 0, oldest: 0 }])
  const [found, unknown] = [all.filter((_, index) => index % 2 === 0), all.filter((_, index) => index % 2 === 1)]
  for (const { id } of found) outbox.confirm(id, `stanza ${id}`)
  assert.equal(done.length, found.length)
  assert.equal(outbox.doubts().length, unknown.length)
  outbox.settleDoubts(ids, () => true)
  assert.deepEqual(outbox.doubts(), [])
  await outbox.loaded()
  assert.equal(written.length, 256)
  outbox.acked(0, 256)
  assert.equal(outbox.load().entries, unknown.length - 256)
})
