/** What a message takes of Redis: commands, those inside scripts too, and scripts, each of which is a step. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Store } from '../../src/gateway/ports/store.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { acceptance, came, messageRecord, ownedSession } from './sample.ts'

/** messages of one turn */
const MANY = 16
const ids = Array.from({ length: MANY }, (_, n) => `m${n}`)
/** as of a message whose id was made for it */
const made = (id: string) => {
  const { entries, ...rest } = acceptance([id])
  return { ...rest, entries: entries.map((entry) => ({ ...entry, isNew: true })) }
}
const acked = (id: string, place?: string) => messageRecord(id, { status: 'acked', ...(place !== undefined && { place }) })
const told = (id: string) => ({ type: 'message.acked', subject: id, data: acked(id) })

describe('what a message takes of Redis', { timeout: 60_000 }, () => {
  let server: RedisServer
  let store: Store
  const opener = createOpener()
  before(async () => {
    server = await startRedis()
    store = await opener.open(server.url)
  })
  after(async () => {
    await opener.close()
    await server?.stop()
  })

  async function count(run: () => Promise<unknown>): Promise<{ scripts: number; commands: number }> {
    await server.cli('config', 'resetstat')
    await run()
    const calls = [...(await server.cli('info', 'commandstats')).matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)]
    const others = ['config|resetstat', 'info', 'ping']
    const counted = calls.filter(([, name = '']) => !others.includes(name)).map(([, name, times]) => ({ name, times: Number(times) }))
    const sum = (all: typeof counted) => all.reduce((total, { times }) => total + times, 0)
    return { scripts: sum(counted.filter(({ name }) => name === 'evalsha')), commands: sum(counted) }
  }

  test('those that are accepted in one turn are one step, and so is what is acknowledged together', async () => {
    const { id, fence } = await ownedSession(store)
    const send = async () => {
      const results = await Promise.all(ids.map((one) => store.outbox.accept(id, made(one))))
      assert.ok(results.every(({ kind }) => kind === 'accepted'))
      const places = (await store.outbox.read(id, undefined, MANY)).map(({ place }) => place)
      const records = ids.map((one, n) => acked(one, places[n]))
      await store.commit(id, fence, { records, events: ids.map(told), settled: [...ids] })
    }
    await store.outbox.accept(id, acceptance(['first'])) // loads the script
    await store.commit(id, fence, { settled: ['first'] })
    const { scripts, commands } = await count(send)
    assert.equal(scripts, 2)
    assert.ok(commands <= 6 * MANY, `${commands} commands`)
    assert.deepEqual(await store.outbox.size(id), { length: 0 })
    const statuses = await Promise.all(ids.map(async (one) => (await store.records.get(id, one))?.status))
    assert.deepEqual(new Set(statuses), new Set(['acked']))
  })

  test('one alone takes no more than twelve commands until it is accepted', async () => {
    const { id } = await ownedSession(store)
    await store.outbox.accept(id, made('before'))
    const { scripts, commands } = await count(() => store.outbox.accept(id, made('alone')))
    assert.equal(scripts, 1)
    assert.ok(commands <= 15, `${commands} commands, of them a look for what is due`)
  })

  test('those that come in together take two commands each, with what tells their copies', async () => {
    const { id, fence } = await ownedSession(store)
    const come = (prefix: string) =>
      store.commit(id, fence, {
        events: ids.map((one) => ({ type: 'message.received', subject: one, data: one, copy: came('/live/', `${prefix} ${one}`) })),
        state: ids.map((one) => ({ kind: 'authors', key: `${prefix} ${one}`, value: ['juliet@example.org'] })),
        streams: { 0: { id: 's', jid: 'j', inbound: 1, outbound: 1, acked: 1, max: null, savedAt: 1 } },
      })
    await come('before')
    const { scripts, commands } = await count(() => come('now'))
    assert.equal(scripts, 1)
    assert.ok(commands <= 2.5 * MANY, `${commands} commands`)
  })

  test('what is asked for again in one turn is asked for once', async () => {
    const { id, record } = await ownedSession(store)
    const ask = () => Promise.all(ids.flatMap(() => [store.sessions.get(id), store.sessions.find(record.tenant, record.jid)]))
    const { commands } = await count(ask)
    assert.ok(commands <= 3, `${commands} commands`)
  })
})
