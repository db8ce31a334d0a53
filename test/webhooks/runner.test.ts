/** Webhooks of sessions in memory, with a clock that can be put forward and real consumers. */

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, afterEach, beforeEach, describe, it, type TestContext } from 'node:test'
import { Problem } from '../../src/errors/problem.ts'
import type { LiveSession, OwnersCommand } from '../../src/gateway/contract/session.ts'
import type { StateKind } from '../../src/gateway/contract/state-kind.ts'
import type { Change } from '../../src/gateway/ports/change.ts'
import type { EventDraft, StoredEvent } from '../../src/gateway/ports/event.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { noTracing } from '../../src/gateway/ports/tracing.ts'
import type { WebhookRecord } from '../../src/gateway/ports/webhook.ts'
import { createSeal } from '../../src/gateway/seal.ts'
import { createMemoryStore } from '../../src/store/memory/store.ts'
import { secretPlace } from '../../src/webhooks/hook.ts'
import { keptEvents } from '../../src/webhooks/kinds.ts'
import { newSecret } from '../../src/webhooks/signature.ts'
import { createWebhooks, type Webhooks } from '../../src/webhooks/webhooks.ts'
import { createClock, eventually, newId, ownedSession, limits as usual } from '../store/sample.ts'
import { quiet } from '../support/quiet-log.ts'
import { type Delivery, type Receiver, startReceiver } from './receiver.ts'

const HOUR = 3_600_000
const limits = { ...usual, eventLogAge: 200 * HOUR }
const seal = createSeal([Buffer.alloc(32, 7)])
const tenant = 'tenant'
const told = ({ body }: Delivery) => JSON.parse(body)
const isTold = (data: unknown) => (delivery: Delivery) => told(delivery).data === data

describe('webhooks', () => {
  const clock = createClock()
  let store: Store
  let webhooks: Webhooks
  let receiver: Receiver
  /** steps that the store was asked for, by name */
  let asked: string[]
  const started: Webhooks[] = []
  /** as another instance on the same store has them */
  function start(store: Store, limits: typeof usual, opens = seal): Webhooks {
    const metrics = { count() {}, set() {}, observe() {} }
    const made = createWebhooks({
      store,
      seal: opens,
      clock,
      log: quiet,
      metrics,
      tracing: noTracing,
      webhookPrivateHosts: ['127.0.0.1'],
      limits,
      version: '0',
    })
    started.push(made)
    return made
  }
  beforeEach(async () => {
    asked = []
    store = counted(createMemoryStore({ limits, clock }), asked)
    receiver = await startReceiver()
    webhooks = start(store, limits)
  })
  afterEach(async () => {
    await webhooks.stop()
    await receiver.stop()
  })
  after(async () => {
    for (const one of started) await one.stop()
  })

  /** A session as its owner has it. */
  async function owned(by = webhooks): Promise<{
    lease: { isHeld: boolean; isOthers: boolean }
    session: LiveSession
    append: (...data: unknown[]) => Promise<string[]>
    events: () => Promise<StoredEvent[]>
  }> {
    const { id, fence, record } = await ownedSession(store, { tenant, jid: `${newId('romeo')}@example.org` })
    const lease = { isHeld: true, isOthers: false }
    const kinds = new Map<string, Map<string, unknown>>()
    const state = {
      get: (kind: StateKind, key: string) => kinds.get(kind.name)?.get(key),
      all: (kind: StateKind) => kinds.get(kind.name) ?? new Map(),
    }
    async function commit(change: Change): Promise<string[]> {
      for (const { kind, key, value } of change.state ?? []) {
        const values = kinds.get(kind) ?? new Map()
        kinds.set(kind, values)
        if (value === null) values.delete(key)
        else values.set(key, value)
      }
      if (lease.isOthers) throw new Problem('session-offline', 'Another instance has the session by now.')
      return await store.commit(id, fence, change)
    }
    const session = { record, state, commit, holdsLease: () => lease.isHeld } as unknown as LiveSession
    by.feature.taken!(session)
    const append = (...data: unknown[]) => commit({ events: data.map((one): EventDraft => ({ type: 'message.received', data: one })) })
    return { lease, session, append, events: async () => (await store.log.read(id, undefined, 1000)).events }
  }

  async function create(given: Partial<WebhookRecord> = {}): Promise<WebhookRecord> {
    const { id = newId('whk') } = given
    const secrets = [{ id: 'sec_1', sealed: seal.seal(newSecret(), secretPlace({ tenant, id })), createdAt: 1 }]
    const usual = { url: receiver.url, types: ['message.received'], ordering: 'strict', state: 'enabled', secrets } as const
    const made = await store.webhooks.create({ ...usual, types: ['message.received'], secrets, ...given, id, tenant })
    await store.bus.publish('webhooks', { tenant })
    return made!
  }
  const resume = (id: string) => store.bus.publish('webhooks', { tenant, resume: id })
  const get = async (id: string) => (await store.webhooks.get(tenant, id))!
  /** every wait is nearly as long as it may be */
  const patient = (t: TestContext) => t.mock.method(Math, 'random', () => 0.99)

  it('are enabled after nine failed tries in a row, and failing after ten, which is told once', async (t) => {
    patient(t)
    receiver.answers = 500
    const { id } = await create({ ordering: 'relaxed' })
    const { append, events } = await owned()
    await append(1, 2, 3, 4, 5, 6, 7, 8, 9)
    await eventually(async () => (await store.webhooks.health(tenant, id)).failures === 9)
    assert.equal((await get(id)).state, 'enabled')
    assert.equal(receiver.deliveries.length, 9)
    await append(10)
    await eventually(async () => (await get(id)).state === 'failing')
    assert.equal(receiver.deliveries.length, 10)
    await eventually(async () => (await events()).some(({ type }) => type === 'webhook.failing'))
    await append(11, 12)
    // nothing but probes from now on
    assert.equal(receiver.deliveries.length, 10)
    receiver.answers = 200
    await resume(id)
    await receiver.received(22)
    await eventually(async () => (await get(id)).state === 'enabled')
    await eventually(async () => (await store.webhooks.rows(tenant, id)).filter(({ state }) => state === 'delivered').length === 12)
    const changes = (await events()).map(({ type }) => type).filter((type) => type.startsWith('webhook.'))
    assert.deepEqual(changes, ['webhook.failing', 'webhook.recovered'])
  })

  it('count failures over sessions, and one that worked begins anew', async (t) => {
    patient(t)
    const { id } = await create({ ordering: 'relaxed' })
    const [one, other] = [await owned(), await owned()]
    receiver.answers = 500
    await one.append(1, 2, 3, 4, 5)
    await receiver.received(5)
    receiver.answers = 200
    await other.append(6)
    await eventually(async () => (await store.webhooks.health(tenant, id)).failures === 0)
    receiver.answers = 500
    await other.append(7, 8, 9, 10, 11, 12, 13, 14, 15)
    await eventually(async () => (await store.webhooks.health(tenant, id)).failures === 9)
    assert.equal((await get(id)).state, 'enabled')
    await one.append(16)
    await eventually(async () => (await get(id)).state === 'failing')
  })

  it('give an event up after 72 h, go on with the next one, and send it again when they are asked to', async (t) => {
    patient(t)
    receiver.answers = (delivery, response) => response.writeHead(isTold('poison')(delivery) ? 500 : 200).end()
    const { id } = await create()
    const { session, append } = await owned()
    const [poison] = await append('poison', 'after it')
    await receiver.received(1)
    await eventually(async () => (await store.webhooks.rows(tenant, id)).length === 1)
    clock.advance(71 * HOUR)
    await resume(id)
    await receiver.received(2)
    await eventually(async () => (await store.webhooks.rows(tenant, id))[0]!.attempts.length === 2)
    assert.equal(receiver.deliveries.filter(isTold('after it')).length, 0)
    clock.advance(HOUR + 1_000)
    await resume(id)
    await receiver.received(1, isTold('after it'))
    await eventually(async () => (await store.webhooks.rows(tenant, id)).length === 2)
    const rows = await store.webhooks.rows(tenant, id)
    assert.deepEqual(
      rows.map(({ state, event }) => [state, event.id === poison]),
      [
        ['delivered', false],
        ['dead', true],
      ],
    )
    receiver.answers = 200
    const [replay] = webhooks.feature.commands as OwnersCommand[]
    assert.equal(await replay!.run(session, { webhook: id, replay: { dead: true } }, { timeout: 1_000 }), 1)
    const last = (await receiver.received(4, isTold('poison'))).at(-1)!
    assert.equal(last.headers['webhook-id'], poison)
    await eventually(async () => (await store.webhooks.rows(tenant, id)).every(({ state }) => state === 'delivered'))
    assert.equal(await replay!.run(session, { webhook: id, replay: { dead: true } }, { timeout: 1_000 }), 0)
  })

  it('can send an event again that the log forgot before it was given up', async (t) => {
    patient(t)
    const short = { ...limits, eventLogAge: 72 * HOUR }
    store = createMemoryStore({ limits: short, clock })
    webhooks = start(store, short)
    receiver.answers = 500
    const { id } = await create()
    const { session, append, events } = await owned()
    const [forgotten] = await append('forgotten')
    const tries = () => receiver.deliveries.length
    async function tryAgain(): Promise<void> {
      const before = tries()
      await resume(id)
      await receiver.received(before + 1)
      await eventually(async () => (await store.webhooks.health(tenant, id)).failures === before + 1)
    }
    await receiver.received(1)
    await eventually(async () => (await store.webhooks.health(tenant, id)).failures === 1)
    while (tries() < 15) await tryAgain()
    clock.advance(71 * HOUR)
    await tryAgain()
    const { nextTry, firstTryAt } = (await store.webhooks.rows(tenant, id))[0]!
    assert.equal(nextTry, firstTryAt + 72 * HOUR)
    clock.advance(HOUR + 1_000)
    assert.deepEqual(await events(), [])
    await tryAgain()
    await eventually(async () => (await store.webhooks.rows(tenant, id))[0]!.state === 'dead')
    receiver.answers = 200
    // by now nothing was delivered for as long as events are kept
    await eventually(async () => (await get(id)).state === 'disabled')
    await store.webhooks.update({ ...(await get(id)), state: 'enabled' })
    await resume(id)
    const [replay] = webhooks.feature.commands as OwnersCommand[]
    assert.equal(await replay!.run(session, { webhook: id, replay: { dead: 'unknown' } }, { timeout: 1_000 }), 0)
    assert.equal(await replay!.run(session, { webhook: id, replay: { dead: forgotten } }, { timeout: 1_000 }), 1)
    const last = (await receiver.received(18)).at(-1)!
    assert.deepEqual([told(last).data, last.headers['webhook-id']], ['forgotten', forgotten])
    await eventually(async () => (await store.webhooks.rows(tenant, id))[0]!.state === 'delivered')
    assert.equal(session.state.all(keptEvents).size, 0)
  })

  it('try again within 5 s, 10 s and 20 s, and not before Retry-After is over', async (t) => {
    patient(t)
    receiver.answers = 500
    const { id } = await create()
    const { append } = await owned()
    await append(1)
    for (const [index, longest] of [5_000, 10_000, 20_000].entries()) {
      if (index > 0) await resume(id)
      await eventually(async () => (await store.webhooks.rows(tenant, id))[0]?.attempts.length === index + 1)
      const { attempts, nextTry = 0 } = (await store.webhooks.rows(tenant, id))[0]!
      const wait = nextTry - attempts.at(-1)!.at
      assert.ok(wait >= 0.99 * longest && wait < 1.9 * longest, `${wait} ms`)
    }
    receiver.answers = (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end()
    await resume(id)
    await eventually(async () => (await store.webhooks.rows(tenant, id))[0]!.attempts.length === 4)
    const { attempts, nextTry = 0 } = (await store.webhooks.rows(tenant, id))[0]!
    assert.ok(nextTry - attempts.at(-1)!.at >= HOUR)
  })

  it('are probed by one request at a time while they fail, over sessions and instances', async (t) => {
    patient(t)
    receiver.answers = 500
    const { id } = await create({ ordering: 'relaxed' })
    const other = start(store, limits)
    const sessions = [await owned(), await owned(), await owned(other), await owned(other)]
    for (const { append } of sessions) await append(1, 2, 3)
    await eventually(async () => (await get(id)).state === 'failing')
    await eventually(async () => (await store.webhooks.rows(tenant, id)).length === 12)
    const open = Promise.withResolvers<ServerResponse>()
    receiver.answers = (_, response) => open.resolve(response)
    const before = receiver.deliveries.length
    await resume(id)
    const probe = await open.promise
    await quietened(asked)
    assert.equal(receiver.deliveries.length, before + 1)
    receiver.answers = 200
    probe.writeHead(200).end()
    await receiver.received(before + 12)
    await eventually(async () => (await get(id)).state === 'enabled')
  })

  it('tell a gap in the place of what the log had to forget', async () => {
    const { id } = await create({ state: 'disabled' })
    const { append } = await owned()
    await append('forgotten', 'too')
    clock.advance(limits.eventLogAge + HOUR)
    const [kept] = await append('kept')
    await store.webhooks.update({ ...(await get(id)), state: 'enabled' })
    await resume(id)
    const [gap, event] = await receiver.received(2)
    assert.deepEqual([told(gap!).type, told(gap!).data.reason, told(gap!).id], ['events.gap', 'expired', gap!.headers['webhook-id']])
    assert.equal(event!.headers['webhook-id'], kept)
  })

  it('tell nothing of a try that is over when another instance has the session', async () => {
    const { id } = await create()
    for (const lost of [{ isHeld: false, isOthers: true }, { isOthers: true }]) {
      const { lease, append } = await owned()
      const open = Promise.withResolvers<ServerResponse>()
      receiver.answers = (_, response) => open.resolve(response)
      await append('late')
      const response = await open.promise
      Object.assign(lease, lost)
      receiver.answers = 200
      response.writeHead(500).end()
      await quietened(asked)
      assert.deepEqual(await store.webhooks.rows(tenant, id), [])
      Object.assign(lease, { isHeld: false })
    }
  })

  it('recover in order, and send nothing twice but what failed', async (t) => {
    patient(t)
    receiver.answers = 500
    const { id } = await create()
    const { append, events } = await owned()
    await append('a', 'b', 'c', 'd')
    for (let failures = 1; ; failures += 1) {
      await eventually(async () => (await store.webhooks.health(tenant, id)).failures === failures)
      if (failures === 10) break
      assert.equal((await get(id)).state, 'enabled')
      await resume(id)
    }
    await eventually(async () => (await get(id)).state === 'failing')
    receiver.answers = 200
    await append('e')
    await resume(id)
    await receiver.received(15)
    await eventually(async () => (await events()).some(({ type }) => type === 'webhook.recovered'))
    assert.deepEqual(
      receiver.deliveries.map((one) => told(one).data),
      [...Array.from({ length: 10 }, () => 'a'), 'a', 'b', 'c', 'd', 'e'],
    )
  })

  it('sign with an old secret until it expires', async () => {
    const id = newId('whk')
    const sealed = () => seal.seal(newSecret(), secretPlace({ tenant, id }))
    const [present, old] = [sealed(), sealed()]
    const secrets = [
      { id: 'sec_2', sealed: present, createdAt: 2 },
      { id: 'sec_1', sealed: old, createdAt: 1, expiresAt: clock.now() + HOUR },
    ]
    await create({ id, secrets })
    const { append } = await owned()
    await append('both')
    await receiver.received(1)
    clock.advance(HOUR + 1)
    await append('one')
    const signatures = (await receiver.received(2)).map(({ headers }) => String(headers['webhook-signature']).split(' ').length)
    assert.deepEqual(signatures, [2, 1])
  })

  it('are disabled where nothing was delivered for as long as events are kept', async (t) => {
    patient(t)
    receiver.answers = 500
    const { id } = await create({ ordering: 'relaxed' })
    const { append, events } = await owned()
    await append(...Array.from({ length: 12 }, (_, n) => n))
    await eventually(async () => (await get(id)).state === 'failing')
    clock.advance(limits.eventLogAge - HOUR)
    await resume(id)
    const before = receiver.deliveries.length
    await receiver.received(before)
    assert.equal((await get(id)).state, 'failing')
    clock.advance(2 * HOUR)
    await resume(id)
    await eventually(async () => (await get(id)).state === 'disabled')
    assert.equal((await get(id)).reason, 'expired')
    await eventually(async () => (await events()).some(({ type }) => type === 'webhook.disabled'))
  })

  it('do not hold one another up: one is slow to answer, another of the same host is not', async () => {
    receiver.answers = (delivery, response) => {
      // the slow one never answers
      if (!delivery.path.includes('slow')) response.writeHead(200).end()
    }
    await create({ ordering: 'relaxed', url: receiver.url.replace('hook', 'slow') })
    await create({ ordering: 'relaxed', url: receiver.url.replace('hook', 'fast') })
    const sessions = await Promise.all(Array.from({ length: 5 }, () => owned()))
    for (const { append } of sessions) await append(...Array.from({ length: 20 }, (_, n) => n))
    await receiver.received(100, ({ path }) => path.includes('fast'))
    const slow = receiver.deliveries.filter(({ path }) => path.includes('slow')).length
    assert.equal(slow, 16)
  })

  it('send at most 16 of a session at one time where the order does not matter, else one', async () => {
    receiver.answers = (_, response) => void setTimeout(() => response.writeHead(200).end(), 20)
    const relaxed = await create({ ordering: 'relaxed' })
    const { append } = await owned()
    await append(...Array.from({ length: 60 }, (_, n) => n))
    await receiver.received(60)
    assert.equal(receiver.most, 16)
    await store.webhooks.remove(tenant, relaxed.id)
    await store.bus.publish('webhooks', { tenant })
    const single = await startReceiver()
    single.answers = (_, response) => void setTimeout(() => response.writeHead(200).end(), 5)
    await create({ url: single.url })
    await append(...Array.from({ length: 20 }, (_, n) => `s${n}`))
    const all = await single.received(20)
    assert.equal(single.most, 1)
    assert.deepEqual(
      all.map((one) => told(one).data),
      Array.from({ length: 20 }, (_, n) => `s${n}`),
    )
    await single.stop()
  })

  it('have what they hide sealed with the present key by who reads them first after a rotation', async () => {
    const old = createSeal([Buffer.alloc(32, 8)])
    const id = newId('whk')
    const secret = newSecret()
    const secrets = [{ id: 'sec_1', sealed: old.seal(secret, secretPlace({ tenant, id })), createdAt: 1 }]
    await create({ id, secrets })
    const rotated = start(store, limits, createSeal([Buffer.alloc(32, 7), Buffer.alloc(32, 8)]))
    const { record } = await ownedSession(store, { tenant, jid: `${newId('romeo')}@example.org` })
    const session = { record, state: { get: () => undefined, all: () => new Map() }, commit: async () => [], holdsLease: () => true }
    rotated.feature.taken!(session as unknown as LiveSession)
    await eventually(async () => seal.isCurrent((await get(id)).secrets[0]!.sealed))
    assert.equal(seal.open((await get(id)).secrets[0]!.sealed, secretPlace({ tenant, id })), secret)
  })

  it('tell the rest of a session that has ended when their consumer is back', async (t) => {
    patient(t)
    receiver.answers = 503
    const { id } = await create()
    const { session, append } = await owned()
    await append('before', 'the', 'end')
    await receiver.received(1)
    await eventually(async () => (await store.webhooks.rows(tenant, id)).length === 1)
    await webhooks.feature.left!(session, { within: 0, ended: true })
    await store.sessions.remove(session.record.id)
    receiver.answers = 200
    await eventually(async () => {
      await resume(id)
      return receiver.deliveries.length === 4
    })
    assert.deepEqual(
      receiver.deliveries.map((one) => told(one).data),
      ['before', 'before', 'the', 'end'],
    )
  })

  it('cost nothing while nothing happens: no step of the store and no timer, of ten thousand sessions', async () => {
    await create({ types: ['*'] })
    const sessions = await Promise.all(Array.from({ length: 10_000 }, () => owned()))
    await sessions[0]!.append('first')
    await receiver.received(1)
    await quietened(asked)
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    asked.length = 0
    await sessions[7]!.append('second')
    await receiver.received(2)
    await quietened(asked)
    // one commit of the event, one read, one commit of the place, one row
    assert.deepEqual(asked.toSorted(), ['commit', 'commit', 'log.read', 'webhooks.tell'])
    asked.length = 0
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.deepEqual(asked, [])
    assert.ok(timers() <= before + 1, `${timers()} timers`)
  })
})

/** Waits until the store was not asked for 100 ms. */
async function quietened(asked: readonly string[]): Promise<void> {
  for (let before = -1; before !== asked.length; ) {
    before = asked.length
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Notes what the store is asked for. */
function counted(store: Store, asked: string[]): Store {
  const noting = <Part extends object>(part: Part, name: string): Part =>
    new Proxy(part, {
      get(target, key) {
        const value = Reflect.get(target, key)
        const path = name === '' ? String(key) : `${name}.${String(key)}`
        if (typeof value === 'function')
          return (...args: unknown[]) => {
            if (!path.startsWith('bus.')) asked.push(path)
            return value.apply(target, args)
          }
        return typeof value === 'object' && value !== null ? noting(value, path) : value
      },
    })
  return noting(store, '')
}
