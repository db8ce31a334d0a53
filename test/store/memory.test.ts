import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createMemoryStore } from '../../src/store/memory/store.ts'
import { describeStore } from './contract.ts'
import { acceptance, countedBounds, createClock, limits, ownedSession, sessionStatus } from './sample.ts'

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
  it('has a bound for their logs: the oldest events of the largest go, and whoever had not read them is told', async () => {
    const { metrics, counted } = countedBounds()
    const store = createMemoryStore({ limits, clock: createClock(), metrics, heap: 16 * 2 ** 20 })
    const event = (n: number, bytes: number) => ({
      type: 'a',
      data: { n, text: randomBytes((bytes * 3) / 4).toString('base64') },
      volatile: n % 3 === 1,
    })
    const [small, large, other] = [await ownedSession(store), await ownedSession(store), await ownedSession(store)]
    const say = async ({ id, fence }: typeof small, count: number, bytes: number) => {
      for (let n = 0; n < count; n++) await store.commit(id, fence, { events: [event(n, bytes)] })
    }
    const kept = async ({ id }: typeof small) => {
      const numbers: number[] = []
      for (let after: string | undefined, end = false; !end; ) {
        const page = await store.log.read(id, after, 100)
        numbers.push(...page.events.map(({ data }) => (data as { n: number }).n))
        ;({ next: after, end } = page)
      }
      return numbers
    }
    await say(small, 20, 10_000)
    const first = (await store.commit(large.id, large.fence, { events: [event(0, 10)] }))[0]!
    await say(large, 60, 100_000)
    await say(other, 20, 100_000)
    assert.equal((await kept(small)).length, 20, 'of the largest alone')
    const numbers = await kept(large)
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, n) => 60 - numbers.length + n),
      'the newest, of both lanes',
    )
    assert.ok(numbers.length > 10 && numbers.length < 40, `${numbers.length}`)
    assert.equal((await store.log.read(large.id, first, 1)).gap?.reason, 'expired')
    assert.equal((await kept(other)).length, 20)
    assert.ok(counted['logs-in-memory']! >= 20, JSON.stringify(counted))
    // what one that is gone had is there for others, once nobody can read its log any more
    const before = counted['logs-in-memory']!
    await store.sessions.remove(large.id)
    await store.sessions.create(large.record, sessionStatus)
    await say(small, 15, 100_000)
    assert.equal(counted['logs-in-memory'], before)
  })
})
