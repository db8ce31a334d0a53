/** During an upgrade a gateway of this version and one of the next run side by side on one Redis. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CloudEvent } from '../support/event-stream.ts'
import { mainFile, startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { type Client, startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Account, openAccount, PASSWORD, until, users, withBody } from './account.ts'
import { assertCalm, DEADLINE } from './redis-trouble.ts'

const nextVersion = fileURLToPath(new URL('../support/next-version.ts', import.meta.url))

describe('a gateway beside one of the next version', { timeout: 120_000 }, () => {
  let server: XmppServer
  let startNext: () => Promise<TestGateway>
  let redis: RedisServer
  let present: TestGateway
  let next: TestGateway
  let friend: Client
  let romeo: Account
  let juliet: Account
  const started: { stop(): Promise<unknown> }[] = []
  const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
    started.unshift(one)
    return one
  }

  before(async () => {
    server = keep(await startProsody({ users: users('romeo', 'juliet', 'nurse') }))
    redis = keep(await startRedis())
    present = keep(await startGateway({ server, redis, tenants: ['main', 'other'], env: { INSTANCE_ID: 'present' } }))
    const args = ['--import', nextVersion, mainFile]
    startNext = async () =>
      keep(await startGateway({ server, redis, args, keys: present.keys, env: { ...present.env, INSTANCE_ID: 'next' } }))
    next = await startNext()
    friend = keep(await startClient({ server, jid: `nurse@${server.domain}`, password: PASSWORD }))
    romeo = await openAccount({ server, gateway: present, store: 'redis' }, 'romeo')
    juliet = await openAccount({ server, gateway: next, store: 'redis' }, 'juliet')
  })
  after(async () => {
    for (const account of [romeo, juliet]) account?.events.socket.terminate()
    for (const one of started) await one.stop()
  })

  const post = (gateway: TestGateway, session: string, body: string) =>
    gateway.api('POST', '/messages', { query: { session }, body: { to: friend.jid, body } })
  const listed = async (gateway: TestGateway) => (await gateway.api('GET', '/sessions')).body.data.map(({ jid }: { jid: string }) => jid)

  it('does not take what it cannot read for gone, and harms nothing of it', async () => {
    assert.equal((await redis.cli('hget', `sg:{${juliet.id}}:session`, 'record')).slice(0, 6), '{"v":2')
    const sent = await post(next, juliet.id, 'from the next')
    assert.equal(sent.status, 202)
    await friend.next(withBody('from the next'))
    assert.deepEqual(await listed(present), [romeo.jid])
    assert.deepEqual(await listed(next), [romeo.jid, juliet.jid])
    const again = { jid: juliet.jid, password: PASSWORD, service: server.service }
    // it cannot be read here, and is not gone
    const refused = await Promise.all([
      present.api('GET', `/sessions/${juliet.id}`),
      present.api('PATCH', `/sessions/${juliet.id}`, { body: { handles: [] } }),
      present.api('DELETE', `/sessions/${juliet.id}`),
      present.api('GET', `/messages/${sent.body.id}`),
      present.api('GET', '/sessions', { key: juliet.token }),
      ...[juliet.id, juliet.jid, juliet.full].map((session) => post(present, session, 'x')),
      present.api('POST', '/sessions', { body: again }),
    ])
    for (const { status, body, headers } of refused) {
      assert.deepEqual([status, body.code, body.retryable], [503, 'store-unavailable', true])
      assert.match(headers.get('retry-after') ?? '', /^[1-9]/)
    }
    // for others it does not exist
    const foreign = { key: present.keys.other as string }
    for (const gateway of [present, next]) assert.equal((await gateway.api('GET', `/sessions/${juliet.id}`, foreign)).status, 404)
    const reopened = await next.api('POST', '/sessions', { body: again })
    assert.deepEqual([reopened.status, reopened.body.id], [200, juliet.id])

    assert.equal((await post(present, romeo.id, 'from this version')).status, 202)
    await friend.next(withBody('from this version'))
  })

  it('does for it what it is asked for its sessions', async () => {
    const { body } = await next.api('GET', `/sessions/${romeo.id}`)
    assert.deepEqual([body.state, body.instance], ['online', 'present'])
    const query = { session: romeo.id }
    assert.equal((await next.api('POST', '/iq', { query, body: { type: 'get', to: server.domain, payload: { ping: {} } } })).status, 200)
    const contact = { name: 'Nurse', groups: [] }
    assert.equal((await next.api('PUT', `/roster/nurse@${server.domain}`, { query, body: contact })).status, 200)
    const { data } = (await present.api('GET', '/roster', { query })).body
    assert.deepEqual(
      data.map(({ name }: { name: string }) => name),
      ['Nurse'],
    )
  })

  it('goes on when it leaves, and keeps what it cannot read for when it is back', async () => {
    const hash = `sg:{${juliet.id}}:session`
    const fence = async () => Number(await redis.cli('hget', hash, 'fence'))
    const before = await fence()
    const last = juliet.events.events.at(-1) as CloudEvent
    assert.equal(await next.stop(), 0)
    // it was taken up by the one that is left, which let go of it
    await until(async () => (await fence()) > before && (await redis.cli('hget', hash, 'lease')).trim() === '', DEADLINE)
    const refused = await present.api('GET', `/sessions/${juliet.id}`)
    assert.deepEqual([refused.status, refused.body.code], [503, 'store-unavailable'])
    friend.send(`<message to='${juliet.jid}' type='chat'><body>while nobody could read it</body></message>`)
    assert.equal((await post(present, romeo.id, 'alone')).status, 202)
    await friend.next(withBody('alone'))

    next = await startNext()
    const events = next.events({ session: juliet.id, query: { after: last.id } })
    const { data } = await events.next('message.received', DEADLINE)
    assert.equal(data.body, 'while nobody could read it')
    await events.close()
    assert.equal((await post(next, juliet.id, 'back')).status, 202)
    await friend.next(withBody('back'))
  })

  it('is followed by it: what it left is taken over, and what waited for it goes out', async () => {
    // the entry is of a version that its owner does not know
    const waiting = await post(next, romeo.id, 'for whoever can read it')
    assert.equal(waiting.status, 202)
    assert.equal((await post(present, romeo.id, 'meanwhile')).status, 202)
    await friend.next(withBody('meanwhile'))
    assert.ok(!friend.stanzas.some(({ element }) => withBody('for whoever can read it')(element)))
    const { status } = await present.api('GET', '/health/live', { key: null })
    assert.equal(status, 200)
    assert.equal(await present.stop(), 0)
    await friend.next(withBody('for whoever can read it'), DEADLINE)
    await until(async () => {
      const { body } = await next.api('GET', `/sessions/${romeo.id}`)
      return body.state === 'online' && body.instance === 'next'
    }, DEADLINE)
    assertCalm(present)
    assertCalm(next)
  })
})
