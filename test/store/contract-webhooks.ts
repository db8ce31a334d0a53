/** Where events are sent to, and what is told of how that went. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DELIVERIES_MAX, type DeliveryRow, WEBHOOKS_MAX, type WebhookRecord } from '../../src/gateway/ports/webhook.ts'
import type { Opened } from './contract.ts'
import { newId, ownedSession } from './sample.ts'

type Draft = Omit<WebhookRecord, 'createdAt' | 'since' | 'version'>

const draft = (given: Partial<Draft> = {}): Draft => ({
  id: newId('whk'),
  tenant: newId('tenant'),
  url: 'https://example.org/hook',
  types: ['*'],
  ordering: 'strict',
  state: 'enabled',
  secrets: [{ id: 'sec_1', sealed: 'sealed', createdAt: 1 }],
  ...given,
})

const row = (id: string, given: Partial<DeliveryRow> = {}): DeliveryRow => ({
  id,
  event: { id: `e-${id}`, type: 'message.received', session: 'ses_1' },
  state: 'delivered',
  attempts: [{ at: 1, status: 200, ms: 3 }],
  firstTryAt: Date.now(),
  before: 'b',
  ...given,
})

export function describeWebhooks(opened: Opened): void {
  describe('webhooks', () => {
    test('are there until they are removed, oldest first, and those of one tenant alone', async () => {
      const { store, clock } = await opened()
      const { webhooks } = store
      const first = draft()
      const made = await webhooks.create(first)
      assert.ok(made && Math.abs(made.createdAt - clock.now()) < 60_000)
      assert.deepEqual(made, { ...first, createdAt: made.createdAt, since: made.createdAt, version: 1 })
      assert.deepEqual(await webhooks.get(first.tenant, first.id), made)
      const second = await webhooks.create(draft({ tenant: first.tenant, session: 'ses_1', description: '☂' }))
      assert.deepEqual(new Set((await webhooks.list(first.tenant)).map(({ id }) => id)), new Set([first.id, second!.id]))
      assert.deepEqual(await webhooks.list(newId('tenant')), [])
      assert.equal(await webhooks.get(newId('tenant'), first.id), undefined)
      assert.equal(await webhooks.remove(newId('tenant'), first.id), false)
      assert.equal(await webhooks.remove(first.tenant, first.id), true)
      assert.equal(await webhooks.remove(first.tenant, first.id), false)
      assert.deepEqual(await webhooks.list(first.tenant), [second])
    })

    test('are changed by who has seen the last change', async () => {
      const { store } = await opened()
      const made = (await store.webhooks.create(draft()))!
      const failing = await store.webhooks.update({ ...made, state: 'failing', since: 7 })
      assert.deepEqual(failing, { ...made, state: 'failing', since: 7, version: 2 })
      assert.equal(await store.webhooks.update({ ...made, state: 'disabled' }), undefined)
      assert.deepEqual(await store.webhooks.get(made.tenant, made.id), failing)
      await store.webhooks.remove(made.tenant, made.id)
      assert.equal(await store.webhooks.update(failing!), undefined)
    })

    test(`are ${WEBHOOKS_MAX} of a tenant at most`, async () => {
      const { store } = await opened()
      const tenant = newId('tenant')
      const made = await Promise.all(Array.from({ length: WEBHOOKS_MAX }, () => store.webhooks.create(draft({ tenant }))))
      assert.ok(made.every((one) => one !== undefined))
      assert.equal(await store.webhooks.create(draft({ tenant })), undefined)
      assert.ok(await store.webhooks.create(draft()))
      await store.webhooks.remove(tenant, made[0]!.id)
      assert.ok(await store.webhooks.create(draft({ tenant })))
    })

    test('count what failed in a row, whoever tried', async () => {
      const { store } = await opened()
      const { tenant, id } = (await store.webhooks.create(draft()))!
      const counts = await Promise.all([1, 2, 3].map(() => store.webhooks.failed(tenant, id)))
      assert.deepEqual(counts.sort(), [1, 2, 3])
      assert.equal((await store.webhooks.health(tenant, id)).failures, 3)
      await store.webhooks.worked(tenant, id)
      assert.deepEqual(await store.webhooks.health(tenant, id), { failures: 0 })
      assert.equal(await store.webhooks.failed(tenant, id), 1)
      await store.webhooks.remove(tenant, id)
      assert.equal(await store.webhooks.failed(tenant, id), 0)
    })

    test('are probed by one at a time', async () => {
      const { store } = await opened()
      const { tenant, id } = (await store.webhooks.create(draft()))!
      assert.equal(await store.webhooks.probe(tenant, id, 'one', 60_000), true)
      assert.equal(await store.webhooks.probe(tenant, id, 'one', 60_000), true)
      assert.equal(await store.webhooks.probe(tenant, id, 'two', 60_000), false)
      await store.webhooks.probed(tenant, id, 'two')
      assert.equal(await store.webhooks.probe(tenant, id, 'two', 60_000), false)
      await store.webhooks.probed(tenant, id, 'one')
      assert.equal(await store.webhooks.probe(tenant, id, 'two', 60_000), true)
    })

    test('tell what became of deliveries: newest first, one row each, what is tried next and what was tried last', async () => {
      const { store, clock } = await opened()
      const { tenant, id } = (await store.webhooks.create(draft()))!
      const now = clock.now()
      const [a, b] = [row('dlv_a', { firstTryAt: now - 2 }), row('dlv_b', { firstTryAt: now - 1, state: 'pending', nextTry: now + 5_000 })]
      await store.webhooks.tell(tenant, id, [a], { at: now - 2, status: 200 })
      await store.webhooks.tell(tenant, id, [b], { at: now - 1 })
      assert.deepEqual(await store.webhooks.rows(tenant, id), [b, a])
      assert.deepEqual(await store.webhooks.row(tenant, id, 'dlv_a'), a)
      assert.equal(await store.webhooks.row(tenant, id, 'dlv_c'), undefined)
      assert.deepEqual(await store.webhooks.health(tenant, id), { failures: 0, last: { at: now - 1 }, nextTry: now + 5_000 })
      const { nextTry: _, ...done } = b
      await store.webhooks.tell(tenant, id, [{ ...done, state: 'delivered' }], { at: now, status: 204 })
      assert.deepEqual(await store.webhooks.rows(tenant, id), [{ ...done, state: 'delivered' }, a])
      assert.deepEqual(await store.webhooks.health(tenant, id), { failures: 0, last: { at: now, status: 204 } })
      await store.webhooks.remove(tenant, id)
      await store.webhooks.tell(tenant, id, [a], { at: now })
      assert.deepEqual(await store.webhooks.rows(tenant, id), [])
    })

    test(`keep ${DELIVERIES_MAX} rows, and those that are dead beside them`, async () => {
      const { store, clock } = await opened()
      const { tenant, id } = (await store.webhooks.create(draft()))!
      const now = clock.now()
      await store.webhooks.tell(tenant, id, [row('dlv_dead', { state: 'dead', firstTryAt: now - 10_000 })], { at: now })
      const rows = Array.from({ length: DELIVERIES_MAX + 5 }, (_, n) =>
        row(`dlv_${n}`, { firstTryAt: now - 5_000 + n, attempts: [{ at: now - 5_000 + n, status: 200, ms: 3 }] }),
      )
      await store.webhooks.tell(tenant, id, rows, { at: now })
      const kept = await store.webhooks.rows(tenant, id)
      assert.equal(kept.length, DELIVERIES_MAX + 1)
      assert.deepEqual([kept[0]?.id, kept.at(-2)?.id, kept.at(-1)?.id], [`dlv_${DELIVERIES_MAX + 4}`, 'dlv_5', 'dlv_dead'])
    })
  })

  test('a log says from where on it was told at a time', async () => {
    const { store, clock } = await opened()
    const { id, fence } = await ownedSession(store)
    const append = (count: number, volatile = false) =>
      store.commit(id, fence, { events: Array.from({ length: count }, (_, n) => ({ type: 'a', data: n, volatile })) })
    const start = await store.log.end(id)
    assert.equal(await store.log.since(id, 0), start)
    assert.equal(await store.log.since(id, clock.now() + 3_600_000), start)
    await append(400)
    const end = (await append(1, true)).at(-1)
    const times = (await store.log.read(id, undefined, 1)).events.map(({ time }) => time)
    assert.equal(await store.log.since(id, times[0]!), start)
    assert.equal(await store.log.since(id, clock.now() + 3_600_000), end)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const after = await append(3)
    const { time } = (await store.log.read(id, end, 1)).events[0]!
    assert.equal(await store.log.since(id, time), end)
    assert.equal(await store.log.since(id, time - 10), end)
    assert.equal(await store.log.since(id, time + 3_600_000), after.at(-1))
  })
}
