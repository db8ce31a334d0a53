/** What a build of another version wrote: as if it were not there, and never in the way of what is. But a session is not gone by that. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Store } from '../../src/gateway/ports/store.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import {
  acceptance,
  came,
  eventually,
  messageRecord,
  newId,
  ownedSession,
  problem,
  sessionRecord,
  sessionStatus,
  stateOf,
} from './sample.ts'

const unavailable = problem('store-unavailable')
const stream = { id: 's', jid: 'j', inbound: 1, outbound: 1, acked: 1, max: null, savedAt: 1 }

/** Every value in an envelope gets the next version, wherever it stands. Answers how many there were, by the last part of their keys. */
const RAISE = `
local count = {}
local function raise(key, text)
  local raised, times = string.gsub(text, '{"v":1,"d":', '{"v":2,"d":', 1)
  local noun = string.match(key, '[^:{}]+$')
  if times > 0 then count[noun] = (count[noun] or 0) + 1 end
  return raised
end
for _, key in ipairs(redis.call('KEYS', 'sg:*')) do
  local kind = redis.call('TYPE', key).ok
  if kind == 'string' then redis.call('SET', key, raise(key, redis.call('GET', key)), 'KEEPTTL')
  elseif kind == 'hash' then
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do redis.call('HSET', key, all[i], raise(key, all[i + 1])) end
  elseif kind == 'stream' then
    local entries = redis.call('XRANGE', key, '-', '+')
    redis.call('DEL', key)
    for _, entry in ipairs(entries) do
      for i, field in ipairs(entry[2]) do entry[2][i] = raise(key, field) end
      redis.call('XADD', key, entry[1], unpack(entry[2]))
    end
  end
end
return cjson.encode(count)
`

describe('values of another version', { timeout: 60_000 }, () => {
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

  test('every kind of value that the next version wrote is as if it were not there', async () => {
    const { id, fence, record } = await ownedSession(store)
    const answer = { status: 202, body: {} }
    await store.sessions.addToken(id, 'hash')
    await store.commit(id, fence, {
      events: [
        { type: 'a', data: 1, copy: came('/live/', 'x') },
        { type: 'b', data: 1, volatile: true },
      ],
      state: [{ kind: 'roster', key: 'old', value: 1 }],
      iqs: [{ id: 'q', session: id, status: 'pending' }],
      streams: { 0: stream },
      status: sessionStatus,
    })
    await store.outbox.accept(id, acceptance(['m1', 'm2'], { key: 'accepted', fingerprint: 'f', answer }))
    await store.idempotency.begin(id, 'finished', 'f', 'one', 1000)
    await store.idempotency.finish(id, 'finished', 'f', answer)
    const ticket = newId('ticket')
    await store.tickets.put(ticket, { tenant: 't', session: id }, 60_000)

    const raised = JSON.parse(await server.cli('eval', RAISE, '0'))
    assert.deepEqual(raised, { session: 3, durable: 3, volatile: 1, outbox: 2, kept: 5, roster: 1, [ticket]: 1 })

    // the session is there all the same
    assert.equal(await store.sessions.get(id), null)
    await assert.rejects(store.sessions.find(record.tenant, record.jid), unavailable)
    assert.deepEqual([await store.sessions.isOf(record.tenant, id), await store.sessions.isOf('other', id)], [true, false])
    assert.deepEqual(await store.sessions.list(record.tenant, { limit: 10 }), [])
    assert.equal(await store.sessions.update(id, 1, { connections: 2 }), undefined)
    assert.match(await server.cli('hget', `sg:{${id}}:session`, 'record'), /^\{"v":2,/, 'and it is left as it is')
    // another one of that account would be a second one
    await assert.rejects(store.sessions.create(sessionRecord({ tenant: record.tenant }), sessionStatus), unavailable)
    assert.equal((await store.state.read(id, 'roster')).size, 0)
    assert.equal((await stateOf(store, id)).size, 0)
    assert.equal((await store.state.streams(id)).size, 0)
    const page = await store.log.read(id, undefined, 10)
    assert.deepEqual([page.events, page.end, page.gap, page.next], [[], true, undefined, await store.log.end(id)])
    assert.deepEqual([await store.outbox.read(id, undefined, 1), await store.outbox.size(id)], [[], { length: 2 }])
    assert.equal(await store.records.get(id, 'm1'), undefined)
    assert.equal(await store.iqs.get(id, 'q'), undefined)
    assert.equal(await store.tickets.take(ticket), undefined)
    // it can neither be replayed nor be done twice
    await assert.rejects(store.idempotency.begin(id, 'finished', 'f', 'one', 1000), unavailable)
    await assert.rejects(store.outbox.accept(id, acceptance(['m3'], { key: 'accepted', fingerprint: 'f', answer })), unavailable)

    // what is written beside it is there, and nothing waits behind it
    const [cursor] = await store.commit(id, fence, {
      events: [{ type: 'c', data: 2 }],
      state: [{ kind: 'roster', key: 'new', value: 2 }],
      records: [messageRecord('m1', { status: 'sent' })],
      streams: { 1: stream },
    })
    assert.equal((await store.outbox.accept(id, acceptance(['m4']))).kind, 'accepted')
    assert.deepEqual([...(await store.state.read(id, 'roster'))], [['new', 2]])
    assert.deepEqual([...(await store.state.streams(id)).keys()], [1])
    assert.equal((await store.records.get(id, 'm1'))?.status, 'sent')
    const events = (await store.log.read(id, undefined, 10)).events.map(({ type }) => type)
    assert.deepEqual(events, ['c', 'message.accepted'])
    assert.deepEqual(await store.log.place(id, cursor!), { kind: 'known' })
    const [entry, ...others] = await store.outbox.read(id, undefined, 1)
    assert.deepEqual([entry?.id, others, await store.outbox.read(id, entry?.place, 10)], ['m4', [], []])
    await store.commit(id, fence, { settled: ['m1', 'm4'] })
    assert.equal((await store.outbox.size(id)).length, 1)
  })

  test('what waits is taken for as large as the rest where a build wrote that does not count it, and counted again when nothing does', async () => {
    const counting = await opener.open(server.url, { limits: { outboxBytes: 20_000 } })
    const { id, fence } = await ownedSession(counting)
    const outbox = `sg:{${id}}:outbox`
    const waiting = async () => (await server.cli('hget', `sg:{${id}}:session`, 'waiting')).trim().split(' ').map(Number)
    const accept = async (message: string) => (await counting.outbox.accept(id, acceptance([message]))).kind
    assert.equal(await accept('m0'), 'accepted')
    const [one = 0, first] = await waiting()
    assert.ok(one > 100 && one < 1000 && first === 1)
    for (let n = 1; n < 10; n++) assert.equal(await accept(`m${n}`), 'accepted')
    // it took four away, without a word
    const places = (await counting.outbox.read(id, undefined, 4)).map(({ place }) => `${place}-0`)
    await server.cli('xdel', outbox, ...places)
    assert.equal(await accept('n0'), 'accepted')
    assert.deepEqual(await waiting(), [one * 7, 7])
    // … and put many in
    const { place } = (await counting.outbox.read(id, undefined, 10)).at(-1)!
    for (let n = 0; n < 120; n++) await server.cli('xadd', outbox, `${place}-*`, 'e', 'x')
    assert.equal(await accept('n1'), 'full')
    await server.cli('xtrim', outbox, 'MAXLEN', '0')
    await counting.commit(id, fence, { settled: ['m4', 'n0'] })
    assert.equal(await accept('n1'), 'accepted')
    assert.deepEqual(await waiting(), [one, 1])
  })

  test('a message of another version on a channel is heard, for who hears it to judge, and what is none is not', async () => {
    const channel = newId('channel')
    const heard: unknown[] = []
    const stop = store.bus.subscribe(channel, (message) => heard.push(message))
    await store.bus.publish('any', 1)
    for (const text of ['{"v":2,"d":"of the next"}', 'no JSON', '{}', 'null']) {
      assert.equal((await server.cli('publish', `sg:bus:${channel}`, text)).trim(), '1')
    }
    await store.bus.publish(channel, 'known')
    await eventually(() => heard.includes('known'))
    assert.deepEqual(heard, ['of the next', 'known'])
    stop()
  })

  test('a value that nobody can take apart stops nothing', async () => {
    const { id, fence, record } = await ownedSession(store)
    const index = `sg:{ten_${record.tenant}}:jid:other@example.org`
    for (const key of ['r m1', 'a k1', 'd x', 'q i1']) await server.cli('hset', `sg:{${id}}:kept`, key, '?')
    for (const key of ['r m2', 'a k2', 'd y']) await server.cli('hset', `sg:{${id}}:kept`, key, '9999999999999 ?')
    await server.cli('hset', `sg:{${id}}:kept`, 'd z', '9999999999999 [1,{"c":"l 1"},{"c":"l 1","t":1000,"w":"?"}]')
    for (const key of ['r m1', 'a k1', 'd x', 'r m2', 'a k2']) await server.cli('zadd', `sg:{${id}}:due`, '1', key)
    await server.cli('hset', index, '-', '')
    await server.cli('xadd', `sg:{${id}}:log:durable`, '1-0', 'other', '?')
    await server.cli('hset', `sg:{${id}}:log`, 'head', '1')
    await server.cli('xadd', `sg:{${id}}:outbox`, '1-0', 'other', '?')

    assert.equal(await store.records.get(id, 'm1'), undefined)
    assert.equal(await store.records.get(id, 'm2'), undefined)
    assert.equal(await store.iqs.get(id, 'i1'), undefined)
    for (const key of ['k1', 'k2']) assert.equal((await store.idempotency.begin(id, key, 'f', 'one', 1000)).kind, 'new')
    assert.equal((await store.outbox.accept(id, acceptance(['m1', 'm2']))).kind, 'accepted')
    for (const key of ['x', 'y', 'z'])
      await store.commit(id, fence, { events: [{ type: 'a', data: key, copy: came('/late/', key) }], settled: ['m1'] })
    assert.deepEqual(
      (await store.log.read(id, undefined, 10)).events.map(({ type, data }) => (type === 'a' ? data : type)),
      ['message.accepted', 'message.accepted', 'x', 'y', 'z'],
    )
    assert.deepEqual(
      (await store.outbox.read(id, undefined, 10)).map((entry) => entry.id),
      ['m2'],
    )
    const other = sessionRecord({ tenant: record.tenant, jid: 'other@example.org' })
    assert.equal((await store.sessions.create(other, sessionStatus)).created, true)
  })
})
