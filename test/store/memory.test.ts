import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryStore } from '../../src/store/memory/store.ts'
import { describeStore } from './contract.ts'
import { acceptance, countedBounds, createClock, limits, ownedSession } from './sample.ts'

describeStore('memory', async (options) => createMemoryStore(options))

describe('memory of all sessions together', () => {
  const message = (id: string, bytes: number) => {
    const { entries, events } = acceptance([id])
    return { events, entries: entries.map(({ entry, record }) => ({ record, entry: { ...entry, xml: 'x'.repeat(bytes) } })) }
  }

  it('has a bound for what waits in their outboxes, and leaves some to each', async () => {
    const { metrics, counted } = countedBounds()
    const store = createMemoryStore({ limits, clock: createClock(), metrics, heap: 8 * 2 ** 20 })
    const accept = async (session: string, id: string) => (await store.outbox.accept(session, message(id, 100_000))).kind
    const [one, other] = [await ownedSession(store), await ownedSession(store)]
    let taken = 0
    while ((await accept(one.id, `m${taken}`)) === 'accepted') taken++
    assert.ok(taken >= 12 && taken <= 13, `${taken} messages of 100 kB in 1 MiB and what each may have`)
    assert.deepEqual(
      [await accept(other.id, 'm0'), await accept(other.id, 'm1'), await accept(other.id, 'm2')],
      ['accepted', 'accepted', 'full'],
    )
    assert.deepEqual(counted, { 'outbox-bytes': 2 })
    await store.commit(one.id, one.fence, { settled: ['m3', 'm4'] })
    assert.deepEqual(
      [await accept(other.id, 'm2'), await accept(one.id, 'again'), await accept(one.id, 'more')],
      ['accepted', 'accepted', 'full'],
    )
    await store.sessions.remove(one.id)
    for (let n = 3; n < 12; n++) assert.equal(await accept(other.id, `m${n}`), 'accepted')
  })
})
