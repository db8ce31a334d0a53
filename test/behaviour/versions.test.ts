/** During an upgrade a gateway of this version and one of the next run side by side on one Redis. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
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
    present = keep(await startGateway({ server, redis, env: { INSTANCE_ID: 'present' } }))
    const args = ['--import', nextVersion, mainFile]
    next = keep(await startGateway({ server, redis, args, keys: present.keys, env: { ...present.env, INSTANCE_ID: 'next' } }))
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

  it('knows nothing of the other one, and harms nothing of it', async () => {
    assert.equal((await redis.cli('hget', `sg:{${juliet.id}}:session`, 'record')).slice(0, 6), '{"v":2')
    assert.deepEqual(await listed(present), [romeo.jid])
    assert.deepEqual(await listed(next), [romeo.jid, juliet.jid])
    assert.equal((await present.api('GET', `/sessions/${juliet.id}`)).status, 404)
    assert.equal((await post(present, juliet.id, 'x')).status, 404)
    assert.equal((await post(present, juliet.jid, 'x')).status, 404)
    assert.equal((await present.api('GET', '/sessions', { key: juliet.token })).status, 401)
    const again = { jid: juliet.jid, password: PASSWORD, service: server.service }
    const second = await present.api('POST', '/sessions', { body: again })
    assert.deepEqual([second.status, second.body.code], [503, 'store-unavailable'])
    const reopened = await next.api('POST', '/sessions', { body: again })
    assert.deepEqual([reopened.status, reopened.body.id], [200, juliet.id])

    for (const [gateway, { id }, body] of [
      [present, romeo, 'from this version'],
      [next, juliet, 'from the next'],
    ] as const) {
      assert.equal((await post(gateway, id, body)).status, 202)
      await friend.next(withBody(body))
    }
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
