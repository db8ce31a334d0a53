/** How the bytes of a log are counted in Redis, whoever wrote to it and whatever was lost, and what is packed there. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { EventDraft } from '../../src/gateway/ports/event.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { type Connection, openConnection } from '../../src/store/redis/connection.ts'
import { memberPlaces } from '../../src/store/redis/keys.ts'
import { quiet } from '../support/quiet-log.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { createClock, eventually, ownedSession } from './sample.ts'

const KiB = 1024
const MOST = 64 * KiB
const event = (n: number, bytes: number, volatile = false): EventDraft => ({
  type: 'a',
  data: { n, text: randomBytes((bytes * 3) / 4).toString('base64') },
  ...(volatile && { volatile }),
})
const range = (count: number) => Array.from({ length: count }, (_, n) => n)
const numberOf = ({ data }: { data: unknown }) => (data as { n: number }).n

/** What a build writes that does not count: KEYS log, durable; event, times. */
const BUILD_BEFORE = `
local f = redis.call('HMGET', KEYS[1], 'head', 'aged')
local head, t = tonumber(f[1]), redis.call('TIME')
local now = tonumber(t[1]) * 1000
for i = 1, tonumber(ARGV[2]) do
  head = head + 1
  redis.call('XADD', KEYS[2], head .. '-0', 't', now, 'e', ARGV[1])
end
redis.call('HSET', KEYS[1], 'head', head, 'aged', math.max(tonumber(f[2]), now))
return head
`

describe('the bytes of a log in Redis', { timeout: 60_000 }, () => {
  let server: RedisServer
  let store: Store
  let connection: Connection
  const opener = createOpener()
  before(async () => {
    server = await startRedis()
    connection = await openConnection({ url: server.url, log: quiet })
    store = await opener.open(server.url, { limits: { eventLogBytes: MOST, volatileBytes: MOST / 4, eventLogMax: 500, volatileMax: 20 } })
  })
  after(async () => {
    connection?.close()
    await opener.close()
    await server?.stop()
  })

  const cli = async (command: string, ...args: string[]) => String((await connection.client.call(command, ...args)) ?? '')
  const logKey = (id: string, lane = '') => `sg:{${id}}:log${lane}`
  const hash = async (id: string, field: string) => cli('hget', logKey(id), field)
  /** of the events of a lane, as they are there */
  const actual = async (id: string, lane: string) =>
    Number(
      await cli(
        'eval',
        "local sum = 0 for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do sum = sum + #entry[2][4] end return sum",
        '1',
        logKey(id, lane),
      ),
    )
  async function assertExact(id: string): Promise<void> {
    const [durable, volatile] = (await hash(id, 'bytes')).split(' ').map(Number)
    assert.deepEqual([durable, volatile, await hash(id, 'uncounted')], [await actual(id, ':durable'), await actual(id, ':volatile'), ''])
    assert.ok(durable! <= MOST && volatile! <= MOST / 4)
  }
  const buildBefore = (id: string, text: string, times: number) =>
    cli('eval', BUILD_BEFORE, '2', logKey(id), logKey(id, ':durable'), text, String(times))
  const oldEvent = (bytes: number) => `{"v":1,"d":{"type":"a","data":{"n":-1,"text":"${'o'.repeat(bytes)}"}}}`

  test('are exact after commits of any size, and after what was too many, too much or too old has gone', async () => {
    const { id, fence } = await ownedSession(store)
    for (const n of range(60)) {
      const size = [10, 3000, 50, 12_000][n % 4]!
      await store.commit(id, fence, { events: range(1 + (n % 7)).map((k) => event(n, size, k % 3 === 1)) })
      if (n % 10 === 0) await assertExact(id)
    }
    for (let n = 0; n < 12; n++) await store.commit(id, fence, { events: range(60).map(() => event(n, 10)) })
    assert.equal(await cli('xlen', logKey(id, ':durable')), '500')
    await assertExact(id)
    // seen by whoever reads, too
    const age = createClock()
    const young = await opener.open(server.url, { limits: { eventLogAge: 1, eventLogBytes: MOST, volatileBytes: MOST / 4 }, clock: age })
    await cli('hset', logKey(id), 'aged', '0', 'bytes', (await hash(id, 'bytes')).replace(/\d+$/, '0'))
    await eventually(async () => (await young.log.read(id, undefined, 10)).events.length === 0)
    assert.deepEqual([await actual(id, ':durable'), (await hash(id, 'bytes')).split(' ').slice(0, 2)], [0, ['0', '0']])
    await store.commit(id, fence, { events: [event(1, 100), event(2, 100, true)] })
    await assertExact(id)
  })

  test('are counted of what was there before they were, some at each write, and then kept', async () => {
    const { id, fence } = await ownedSession(store)
    await buildBefore(id, oldEvent(100), 400)
    const last = await buildBefore(id, oldEvent(9000), 5)
    await store.commit(id, fence, { events: [event(1, 100)] })
    for (let writes = 0; (await hash(id, 'uncounted')) !== ''; writes++) {
      assert.ok(writes < 5, 'it comes to an end')
      await store.commit(id, fence, { events: [event(2, 100)] })
    }
    await assertExact(id)
    // the newest that fit are there, all of them in order
    const { events, next } = await store.log.read(id, undefined, 1000)
    assert.ok(events.length > 100, `${events.length}`)
    assert.equal(await store.log.end(id), next)
    assert.ok(Number(last) > 400)
    await store.commit(id, fence, { events: [event(3, 30_000)] })
    await assertExact(id)
  })

  test('begin anew where a build wrote to it that does not count', async () => {
    const { id, fence } = await ownedSession(store)
    await store.commit(id, fence, { events: range(5).map((n) => event(n, 5000)) })
    for (const n of range(4)) {
      await buildBefore(id, oldEvent(7000), 3)
      await store.commit(id, fence, { events: [event(n, 100)] })
    }
    for (let writes = 0; (await hash(id, 'uncounted')) !== ''; writes++) {
      assert.ok(writes < 5, 'it comes to an end')
      await store.commit(id, fence, { events: [event(2, 100)] })
    }
    await assertExact(id)
    await store.sessions.tidy(id)
    await assertExact(id)
  })

  test('are counted by what tidies a session to which nothing is written', async () => {
    const { id, fence } = await ownedSession(store)
    await store.commit(id, fence, { events: [event(1, 100)] })
    await buildBefore(id, oldEvent(3000), 40)
    // a trim by somebody who reads marks nothing
    for (let rounds = 0; Number((await hash(id, 'bytes')).split(' ')[2]) !== 41 || (await hash(id, 'uncounted')) !== ''; rounds++) {
      assert.ok(rounds < 5)
      await store.sessions.tidy(id)
    }
    await assertExact(id)
    assert.ok((await store.log.read(id, undefined, 100)).events.length < 25)
  })

  test('are counted anew where Redis lost a part of it', async () => {
    const { id, fence } = await ownedSession(store)
    await store.commit(id, fence, { events: range(4).map((n) => event(n, 5000)) })
    await cli('copy', logKey(id), `${logKey(id)}-before`)
    await store.commit(id, fence, { events: range(3).map((n) => event(n, 5000, true)) })
    await cli('copy', `${logKey(id)}-before`, logKey(id), 'replace')
    await store.commit(id, fence, { events: [event(9, 5000)] })
    await store.commit(id, fence, { events: [event(9, 5000)] })
    await assertExact(id)
    await cli('del', logKey(id, ':durable'))
    await store.commit(id, fence, { events: [event(9, 5000)] })
    await store.commit(id, fence, { events: range(20).map((n) => event(n, 6000)) })
    assert.ok((await actual(id, ':durable')) <= MOST)
    await cli('del', logKey(id))
    await store.commit(id, fence, { events: [event(9, 5000)] })
    await store.commit(id, fence, { events: [event(9, 5000)] })
    await assertExact(id)
  })

  test('are fewer than those that are told: large ones are packed, once all instances that are there read them', async () => {
    const store = await opener.open(server.url)
    const { id, fence } = await ownedSession(store)
    const body = 'Wherefore art thou? '.repeat(5000)
    const say = async (n: number) => {
      await store.commit(id, fence, { events: [{ type: 'a', subject: 'z1 "\n', data: { n, body, text: body } }] })
      const [[, [, , , text]]] = (await connection.client.xrevrange(logKey(id, ':durable'), '+', '-', 'COUNT', 1)) as [[string, string[]]]
      return text?.startsWith('z1 ')
    }
    assert.equal(await say(0), false, 'nobody is there')
    const beat = () => store.instances.beat('one', { ttl: 60_000, load: 3, anew: true })
    await beat()
    assert.equal(await say(1), true)
    // the build before says its load as a whole number
    await cli('hset', memberPlaces[0]!, 'before', `${Date.now() + 60_000} 7`)
    assert.equal((await beat()).get('before')?.load, 7)
    assert.equal(await say(2), false)
    await store.instances.leave('before')
    assert.deepEqual(
      [...(await beat())].map(([name, { load }]) => [name, load]),
      [['one', 3]],
    )
    assert.equal(await say(3), true)
    assert.ok((await actual(id, ':durable')) < 2 * body.length * 2 + 5000)

    const seen: number[] = []
    for (let after: string | undefined, end = false; !end; ) {
      const { next, ...page } = await store.log.read(id, after, 10)
      assert.ok(page.events.length <= 2, 'a read is bounded by what is told')
      seen.push(...page.events.map(numberOf))
      for (const { subject, json, size, data } of page.events) {
        assert.equal(subject, 'z1 "\n')
        assert.equal(json, JSON.stringify(data))
        assert.equal(size, Buffer.byteLength(json!))
        assert.equal((data as { body: string }).body, body)
      }
      after = next
      end = page.end
    }
    assert.deepEqual(seen, range(4))
    await store.instances.leave('one')
  })
})
