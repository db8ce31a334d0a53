import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createBalancer, inOrder } from '../../../src/gateway/cluster/balancer.ts'
import type { Heartbeat } from '../../../src/gateway/cluster/heartbeat.ts'
import type { Member } from '../../../src/gateway/ports/change.ts'
import { createMemoryStore } from '../../../src/store/memory/store.ts'
import { limits, sessionRecord, sessionStatus } from '../../store/sample.ts'

const clock = { now: Date.now, monotonic: () => performance.now() }

/** An instance `me` among others, with a store of so many sessions. */
async function world(
  others: Record<string, Member['load']>,
  { sessions = 0, failing = false, tenantOf = (_number: number): string => 'main', up = async (_id: string): Promise<void> => {} } = {},
) {
  const store = { ...createMemoryStore({ limits, clock }), durable: true }
  const ids: string[] = []
  for (let number = 0; number < sessions; number += 1) {
    const record = sessionRecord({ jid: `user${number}@example.org`, tenant: tenantOf(number) })
    await store.sessions.create(record, sessionStatus)
    ids.push(record.id)
  }
  const here = new Set<string>()
  const taken: string[] = []
  const given: { id: string; heir: string }[] = []
  let looks = 0
  const members = new Map<string, Member>(Object.entries({ me: 0, ...others }).map(([name, load]) => [name, { load, left: 10_000 }]))
  /** known to the store, and not yet to this instance */
  const joined = new Map<string, Member>()
  const heartbeat: Heartbeat = {
    self: 'me',
    holdsLease: () => true,
    members,
    membersNow: async () => new Map([...members, ...joined]),
    start: async () => {},
    beat: async () => {},
    stop: async () => {},
  }
  const errors: unknown[] = []
  /** as where some of them are on a master that is away */
  async function* idsUntilFailure() {
    yield* store.sessions.ids()
    throw new Error('away')
  }
  function owners(asked: readonly string[]) {
    looks += 1
    return store.leases.owners(asked)
  }
  const balancer = createBalancer({
    store: {
      ...store,
      leases: { ...store.leases, owners },
      ...(failing && { sessions: { ...store.sessions, ids: idsUntilFailure } }),
    },
    clock,
    heartbeat,
    count: () => here.size,
    isHere: (id) => here.has(id),
    async take(id, from) {
      if (!(await store.leases.acquire(id, 'me', from))) return
      taken.push(id)
      here.add(id)
      await up(id)
    },
    movable: () => here,
    give: (id, heir) => given.push({ id, heir }),
    onError: (error) => (failing ? errors.push(error) : assert.fail(String(error))),
  })
  return {
    store,
    ids,
    here,
    taken,
    given,
    errors,
    members,
    joined,
    looks: () => looks,
    offered: balancer.offered,
    async beat(gone: string[] = []) {
      balancer.beat(gone)
      for (let turns = 0; turns < 200; turns += 1) await turn()
    },
  }
}

test('each session has an order of its own over the instances, and when one goes the others stay in theirs', () => {
  const names = ['a', 'b', 'c']
  const ids = Array.from({ length: 3_000 }, (_, number) => `ses_${number}`)
  const shares = names.map((name) => ids.filter((id) => inOrder(id, names)[0] === name).length)
  for (const share of shares) assert.ok(Math.abs(share - 1_000) < 150, String(shares))
  for (const id of ids)
    assert.deepEqual(
      inOrder(id, ['a', 'c']),
      inOrder(id, names).filter((name) => name !== 'b'),
    )
})

test('free sessions are taken by the first in their order, by the next only when nobody takes them', async () => {
  const { ids, taken, beat, store } = await world({ other: 0 }, { sessions: 40 })
  const mine = ids.filter((id) => inOrder(id, ['me', 'other'])[0] === 'me')
  await beat()
  assert.deepEqual(taken.toSorted(), mine.toSorted())
  // the other one is at it
  const [first] = ids.filter((id) => !mine.includes(id)) as [string]
  await store.leases.acquire(first, 'other')
  await beat()
  assert.equal(taken.length, mine.length)
  // and then it is not
  await beat()
  await beat()
  assert.equal(taken.length, ids.length - 1)
})

test('those of an instance that has gone are taken from it, those of one that is there are not', async () => {
  const { ids, taken, members, beat, store } = await world({ other: 0 }, { sessions: 20 })
  for (const id of ids) await store.leases.acquire(id, 'other')
  await beat()
  assert.deepEqual(taken, [])
  members.delete('other')
  await beat(['other'])
  assert.deepEqual(taken.toSorted(), ids.toSorted())
})

test('where only some sessions are found, those are taken', async () => {
  const { ids, taken, errors, beat } = await world({}, { sessions: 20, failing: true })
  await beat()
  assert.deepEqual(taken.toSorted(), ids.toSorted())
  assert.equal(errors.length, 1)
})

test('what is still to be taken up is left to one that comes meanwhile', async () => {
  const { ids, taken, members, beat } = await world({}, { sessions: 100 })
  const beating = beat()
  while (taken.length === 0) await turn()
  members.set('late', { load: 0, left: 15_000 })
  const before = new Set(taken)
  await beating
  const rest = ids.filter((id) => !before.has(id))
  const mine = rest.filter((id) => inOrder(id, ['me', 'late'])[0] === 'me')
  // those that were on their way come too
  assert.ok(taken.length >= before.size + mine.length && taken.length <= before.size + mine.length + 20, String(taken.length))
})

test('tenants take turns: none waits behind the many sessions of another, nor for servers of his that are slow', async () => {
  const slow = Promise.withResolvers<void>()
  const few = new Set<string>()
  const { ids, taken, beat } = await world(
    {},
    {
      sessions: 1_000,
      tenantOf: (number) => (number % 400 === 399 ? 'few' : 'many'),
      up: (id) => (few.has(id) ? Promise.resolve() : slow.promise),
    },
  )
  for (const number of [399, 799]) few.add(ids[number] as string)
  await beat()
  assert.ok([...few].every((id) => taken.includes(id)))
  assert.ok(taken.length < 20, String(taken.length))
  slow.resolve()
  await beat()
  assert.equal(taken.length, ids.length)
})

test('one that joined since the last beat is no dead one', async () => {
  const { ids, taken, beat, store, joined } = await world({}, { sessions: 5 })
  for (const id of ids) await store.leases.acquire(id, 'joined')
  joined.set('joined', { load: 5, left: 15_000 })
  await beat()
  assert.deepEqual(taken, [])
})

test('as long as nothing happens no session is looked at', async () => {
  const { beat, looks } = await world({ other: 0 }, { sessions: 10 })
  for (let beats = 0; beats < 3; beats += 1) await beat()
  const before = looks()
  for (let beats = 0; beats < 5; beats += 1) await beat()
  assert.equal(looks(), before)
})

test('a session that is offered is taken at once', async () => {
  const { ids, taken, offered, beat } = await world({ other: 0, leaving: null }, { sessions: 1 })
  offered(ids[0] as string)
  await turn()
  await turn()
  assert.deepEqual(taken, ids)
  await beat()
})

test('who has more than its share hands a few over at each beat, to those who have less', async () => {
  const { here, given, beat } = await world({ full: 70, empty: 0, leaving: null })
  for (let number = 0; number < 80; number += 1) here.add(`ses_${number}`)
  for (let beats = 0; beats < 3; beats += 1) await beat()
  assert.equal(given.length, 20)
  assert.deepEqual([...new Set(given.map(({ heir }) => heir))], ['empty'])
})

test('who gets more just now hands nothing over', async () => {
  const { here, given, beat } = await world({ other: 0 })
  for (let beats = 0; beats < 5; beats += 1) {
    for (let number = 0; number < 20; number += 1) here.add(`ses_${beats}_${number}`)
    await beat()
  }
  assert.deepEqual(given, [])
  await beat()
  assert.equal(given.length, 20)
})

test('a share that is nearly even stays as it is', async () => {
  const { here, given, beat } = await world({ other: 98 })
  for (let number = 0; number < 102; number += 1) here.add(`ses_${number}`)
  for (let beats = 0; beats < 3; beats += 1) await beat()
  assert.deepEqual(given, [])
})
