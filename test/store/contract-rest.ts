import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CHOSEN_MAX, IQ_AGE } from '../../src/gateway/ports/change.ts'
import type { Opened } from './contract.ts'
import { eventually, limits, newId, ownedSession, problem } from './sample.ts'

const answer = { status: 201, body: { ok: true }, headers: { location: '/x' }, contentType: 'application/json' }

export function describeRest(opened: Opened): void {
  describe('ids that callers chose', () => {
    test('lead to the sessions that have something of them, the newest first, of one tenant alone', async () => {
      const { store } = await opened()
      const [tenant, other] = [newId('tenant'), newId('tenant')]
      assert.deepEqual(await store.chosen.sessions(tenant, 'order 1'), [])
      await store.chosen.note(tenant, 'ses_a', ['order 1', 'ä'.repeat(255)])
      await store.chosen.note(tenant, 'ses_b', ['order 1'])
      assert.deepEqual(await store.chosen.sessions(tenant, 'order 1'), ['ses_b', 'ses_a'])
      await store.chosen.note(tenant, 'ses_a', ['order 1'])
      assert.deepEqual(await store.chosen.sessions(tenant, 'order 1'), ['ses_a', 'ses_b'])
      assert.deepEqual(await store.chosen.sessions(tenant, 'ä'.repeat(255)), ['ses_a'])
      assert.deepEqual(await store.chosen.sessions(other, 'order 1'), [])
      for (let n = 0; n < 20; n++) await store.chosen.note(tenant, `ses_${n}`, ['order 1'])
      assert.deepEqual((await store.chosen.sessions(tenant, 'order 1')).slice(0, 2), ['ses_19', 'ses_18'])
      assert.equal((await store.chosen.sessions(tenant, 'order 1')).length, CHOSEN_MAX)
    })

    test('are forgotten with the records', async () => {
      const { store, clock } = await opened()
      const tenant = newId('tenant')
      await store.chosen.note(tenant, 'ses_a', ['order 1'])
      clock.advance(limits.recordAge + 1000)
      assert.deepEqual(await store.chosen.sessions(tenant, 'order 1'), [])
    })
  })

  describe('an Idempotency-Key', () => {
    test('runs once, then its answer is replayed', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      const begin = (fingerprint = 'f') => store.idempotency.begin(id, 'key', fingerprint, 'one', 30_000)
      assert.deepEqual(await begin(), { kind: 'new' })
      assert.deepEqual(await begin(), { kind: 'running' })
      assert.deepEqual(await begin('other'), { kind: 'reused' })
      await store.idempotency.finish(id, 'key', 'f', answer)
      assert.deepEqual(await begin(), { kind: 'replayed', answer })
      assert.deepEqual(await begin('other'), { kind: 'reused' })
    })

    test('is free again after a release, and after its time', async () => {
      const { store, clock } = await opened()
      const { id } = await ownedSession(store)
      const begin = () => store.idempotency.begin(id, 'key', 'f', 'one', 30_000)
      await begin()
      await store.idempotency.release(id, 'key')
      assert.deepEqual(await begin(), { kind: 'new' })
      await store.idempotency.finish(id, 'key', 'f', answer)
      await store.idempotency.release(id, 'key')
      assert.equal((await begin()).kind, 'replayed')
      clock.advance(limits.idempotencyAge + 1000)
      assert.deepEqual(await begin(), { kind: 'new' })
    })

    test('that never finished runs again after its ttl, and only the new one may finish it', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      assert.deepEqual(await store.idempotency.begin(id, 'key', 'f', 'one', 20), { kind: 'new' })
      await eventually(async () => (await store.idempotency.begin(id, 'key', 'g', 'two', 30_000)).kind === 'new')
      await store.idempotency.finish(id, 'key', 'f', answer)
      assert.deepEqual(await store.idempotency.begin(id, 'key', 'g', 'two', 30_000), { kind: 'running' })
      await store.idempotency.finish(id, 'key', 'g', answer)
      await store.idempotency.finish(id, 'key', 'g', { status: 500 })
      assert.deepEqual(await store.idempotency.begin(id, 'key', 'g', 'two', 30_000), { kind: 'replayed', answer })
    })

    test('has its answer replaced by that request alone, and for the rest of its time', async () => {
      const { store, clock } = await opened()
      const { id } = await ownedSession(store)
      const begin = () => store.idempotency.begin(id, 'key', 'f', 'one', 30_000)
      await begin()
      await store.idempotency.replace(id, 'key', 'f', { status: 200 })
      assert.deepEqual(await begin(), { kind: 'running' })
      await store.idempotency.finish(id, 'key', 'f', answer)
      clock.advance(limits.idempotencyAge / 2)
      await store.idempotency.replace(id, 'key', 'g', { status: 500 })
      assert.deepEqual(await begin(), { kind: 'replayed', answer })
      await store.idempotency.replace(id, 'key', 'f', { status: 200, body: { later: true } })
      assert.deepEqual(await begin(), { kind: 'replayed', answer: { status: 200, body: { later: true } } })
      clock.advance(limits.idempotencyAge / 2 + 1000)
      assert.deepEqual(await begin(), { kind: 'new' })
    })

    test('of racing requests lets one run', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      const begun = await Promise.all(Array.from({ length: 50 }, () => store.idempotency.begin(id, 'key', 'f', 'one', 30_000)))
      assert.deepEqual(begun.map(({ kind }) => kind).toSorted(), ['new', ...Array.from({ length: 49 }, () => 'running')])
    })

    test('of a session that is gone is gone', async () => {
      const { store } = await opened()
      const id = newId('ses')
      await assert.rejects(store.idempotency.begin(id, 'key', 'f', 'one', 1000), problem('session-not-found'))
      await store.idempotency.finish(id, 'key', 'f', answer)
      await store.idempotency.release(id, 'key')
    })
  })

  describe('a kept iq', () => {
    test('is found until its time, in its last version', async () => {
      const { store, clock } = await opened()
      const { id: session, fence } = await ownedSession(store)
      await store.commit(session, fence, { iqs: [{ id: 'q', session, status: 'pending' }] })
      assert.deepEqual(await store.iqs.get(session, 'q'), { id: 'q', session, status: 'pending' })
      clock.advance(IQ_AGE / 2)
      const done = { id: 'q', session, status: 'result', iq: { type: 'result' } } as const
      await store.commit(session, fence, { iqs: [done] })
      clock.advance(IQ_AGE - 60_000)
      assert.deepEqual(await store.iqs.get(session, 'q'), done)
      assert.equal(await store.iqs.get(newId('ses'), 'q'), undefined)
      assert.equal(await store.iqs.get(session, 'other'), undefined)
      clock.advance(120_000)
      assert.equal(await store.iqs.get(session, 'q'), undefined)
    })
  })

  describe('a ticket', () => {
    test('is taken once', async () => {
      const { store } = await opened()
      const hash = newId('hash')
      await store.tickets.put(hash, { tenant: 't', session: 's' }, 30_000)
      const taken = await Promise.all(Array.from({ length: 20 }, () => store.tickets.take(hash)))
      assert.deepEqual(
        taken.filter((ticket) => ticket !== undefined),
        [{ tenant: 't', session: 's' }],
      )
      assert.equal(await store.tickets.take(newId('hash')), undefined)
    })

    test('ends with its time', async () => {
      const { store, clock } = await opened()
      const hash = newId('hash')
      await store.tickets.put(hash, { tenant: 't', session: 's' }, 1)
      clock.advance(50)
      await eventually(async () => {
        await store.tickets.put(hash, { tenant: 't', session: 's' }, 1)
        clock.advance(50)
        await store.ping()
        return (await store.tickets.take(hash)) === undefined
      })
    })
  })

  describe('the bus', () => {
    test('has a clock that all go by', async () => {
      const { store } = await opened()
      const { id } = await ownedSession(store)
      const before = performance.now()
      const first = await store.bus.now(id)
      await delay(20)
      const passed = (await store.bus.now(id)) - first
      assert.ok(passed >= 19 && passed <= performance.now() - before + 1, String(passed))
    })

    test('tells everyone who hears, and the sender how many did', async () => {
      const { store } = await opened()
      const channel = newId('channel')
      assert.equal(await store.bus.publish(channel, 1), 0)
      const heard: unknown[] = []
      const stop = store.bus.subscribe(channel, (message) => heard.push(message))
      assert.equal(await store.bus.publish(channel, { a: [1, 'ü'] }), 1)
      await eventually(() => heard.length === 1)
      assert.deepEqual(heard, [{ a: [1, 'ü'] }])
      stop()
      stop()
      assert.equal(await store.bus.publish(channel, 2), 0)
      assert.equal(heard.length, 1)
    })

    test('keeps the order and the channels apart', async () => {
      const { store } = await opened()
      const [one, other] = [newId('channel'), newId('channel')]
      const heard: unknown[] = []
      const stops = [store.bus.subscribe(one, (message) => heard.push(message)), store.bus.subscribe(other, () => heard.push('other'))]
      await Promise.all(Array.from({ length: 50 }, (_, index) => store.bus.publish(one, index)))
      await eventually(() => heard.length >= 50)
      assert.deepEqual(
        heard,
        Array.from({ length: 50 }, (_, index) => index),
      )
      for (const stop of stops) stop()
    })
  })

  test('the store answers, and closes twice', async () => {
    const { store } = await opened()
    await store.ping()
    await store.close()
    await store.close()
  })
}
