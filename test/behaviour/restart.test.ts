/** The only gateway is killed with many sessions and messages under way, and another process takes its place. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { bodyOf, type History } from '../chaos/history.ts'
import { type Revenant, startRevenant } from '../chaos/revenant.ts'
import { openStage, type Stage } from '../chaos/stage.ts'
import { startProsody } from '../support/prosody.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until, users } from './account.ts'

/** sessions beside the one that is watched closely */
const OTHERS = 19
/** ms until all is as before: a lease ends after 15 s, and free sessions are looked for each 5 s */
const BACK = 90_000

const others = Array.from({ length: OTHERS }, (_, index) => `servant${index}`)

describe('a gateway that was killed and started again on the same store', () => {
  let server: XmppServer
  let redis: RedisServer
  let gateway: Revenant
  let stage: Stage

  before(async () => {
    server = await startProsody({ users: users('romeo', 'juliet', ...others) })
    redis = await startRedis()
    gateway = await startRevenant({ server, redis })
    const service = { service: server.service }
    stage = await openStage({ server, gateway, ...service, account: 'romeo', peers: ['juliet'], password: PASSWORD })
    for (const name of others) await gateway.now.login({ jid: `${name}@${server.domain}`, password: PASSWORD, ...service })
  })
  after(async () => {
    await stage?.stop()
    await gateway?.stop()
    await redis?.stop()
    await server?.stop()
  })

  const sessions = async (): Promise<{ id: string; jid: string; state: string; outbox: { length: number } }[]> =>
    (await gateway.api('GET', '/sessions')).body.data
  const page = async (session: string, after: string) =>
    (await gateway.api('GET', '/events', { query: { session, after, limit: 1000 } })).body.data as { id: string }[]
  const told = ({ told: events }: History, type: string) => events.some((event) => event.type === type)

  it('has every session, event, key, token and message that the first one had, and those that came meanwhile', async () => {
    const { session, producers, peers, jid, history } = stage
    const to = peers[0]?.jid as string
    const known = await sessions()
    assert.equal(known.length, OTHERS + 1)
    const token = (await gateway.now.login({ jid, password: PASSWORD, service: server.service })).token as string
    const keyed = { query: { session }, headers: { 'idempotency-key': 'once' }, body: { to, body: 'once' } }
    const first = await gateway.api('POST', '/messages', keyed)
    assert.equal(first.status, 202)
    await Promise.all([producers[0]?.post(10), peers[0]?.write(jid, 10)])
    assert.deepEqual(await stage.settled(BACK), [])
    const before = await page(session, '0')
    const middle = before[Math.floor(before.length / 2)]?.id as string

    // killed with all sessions sending, and their messages somewhere between the store and the server
    const posts = known.map(({ id }) => gateway.api('POST', '/messages', { query: { session: id }, body: { to, body: `from ${id}` } }))
    const writing = Promise.all([producers[0]?.post(20), peers[0]?.write(jid, 20)])
    const answers = await Promise.all(posts)
    assert.ok(answers.every(({ status }) => status === 202))
    await gateway.kill()

    const somebody = await startClient({ server, jid: to, password: PASSWORD, presence: false })
    for (const { jid: servant } of known) somebody.send(`<message to='${servant}' type='chat' id='m'><body>meanwhile</body></message>`)
    await somebody.request({ type: 'get', to: server.domain, payload: "<ping xmlns='urn:xmpp:ping'/>" })
    await somebody.stop()

    await gateway.start()
    await writing
    assert.deepEqual(await stage.settled(BACK), [])
    await until(async () => (await sessions()).every(({ state, outbox }) => state === 'online' && outbox.length === 0), BACK)
    assert.deepEqual(
      (await sessions()).map(({ id }) => id),
      known.map(({ id }) => id),
    )

    const from = (await page(session, middle)).map(({ id }) => id)
    const rest = before.slice(before.findIndex(({ id }) => id === middle) + 1).map(({ id }) => id)
    assert.deepEqual(from.slice(0, rest.length), rest, 'old cursors read on where they did')
    const again = await gateway.api('POST', '/messages', keyed)
    assert.deepEqual([again.status, again.headers.get('idempotency-replayed'), again.body], [202, 'true', first.body])
    assert.equal((await gateway.api('GET', '/sessions', { key: token })).body.data[0].id, session, 'its token is good')
    assert.ok(told(history, 'session.resumed'), 'the stream of the dead process was resumed')

    for (const { id } of known) {
      const received = await until(async () => {
        const { body } = await gateway.api('GET', '/events', { query: { session: id, after: '0', types: 'message.received', limit: 1000 } })
        const meanwhile = body.data.filter(({ data }: { data: { body: string } }) => data.body === 'meanwhile')
        return meanwhile.length > 0 && meanwhile
      }, BACK)
      assert.equal(received.length, 1)
    }
    const answered = answers.map(({ body }) => body.id as string)
    for (const id of answered)
      await until(
        async () => (await gateway.api('GET', `/messages/${id}`)).body.history.some((one: { status: string }) => one.status === 'acked'),
        BACK,
      )

    const { violations, accepted, delivered } = await stage.judge({ archive: true })
    assert.deepEqual([violations, accepted - delivered], [[], 0], bodyOf({ conversation: 'all', number: accepted }))
  })
})
