/** Something that no process can bear comes in: each goes over it, until it is left out; all else goes on. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PASSWORD, until, users } from '../behaviour/account.ts'
import { startProsody } from '../support/prosody.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { type Client, startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { gatewayFile, type Revenant, startRevenant } from './revenant.ts'

/** ms for anything that a slow machine may be slow at */
const DEADLINE = 60_000
/** processes that go until something is left out: two before anything is noted, two with it in hand */
const MOST = 4
const POISON = 'poison'

describe('what processes go over', () => {
  let server: XmppServer
  let redis: RedisServer
  let gateway: Revenant
  let juliet: Client
  const ids: Record<string, string> = {}

  before(async () => {
    server = await startProsody({ users: users('romeo', 'benvolio', 'tybalt', 'juliet') })
    redis = await startRedis()
    gateway = await startRevenant({ server, redis, args: [gatewayFile] })
    for (const name of ['romeo', 'benvolio', 'tybalt'])
      ids[name] = (await gateway.now.login({ jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service })).id
    juliet = await startClient({ server, jid: `juliet@${server.domain}/balcony`, password: PASSWORD })
  })
  after(async () => {
    await juliet?.stop()
    await gateway?.stop()
    await redis?.stop()
    await server?.stop()
  })

  // biome-ignore lint/suspicious/noExplicitAny: events as JSON
  const events = async (name: string): Promise<any[]> =>
    (await gateway.api('GET', '/events', { query: { session: ids[name] as string, after: '0', limit: 1000 } })).body.data
  const said = async (name: string) => (await events(name)).flatMap(({ type, data }) => (type === 'message.received' ? [data.body] : []))
  const gaps = async (name: string) => (await events(name)).filter(({ type }) => type === 'events.gap').map(({ data }) => data)
  const write = (name: string, body: string) =>
    juliet.send(`<message type='chat' id='${body}-${name}' to='${name}@${server.domain}'><body>${body}</body></message>`)

  /** That its time is over is told by hand: how long that takes is another test's matter. */
  async function again(env: Record<string, string>): Promise<void> {
    await redis.cli('DEL', 'sg:instances:{qm}')
    await gateway.start({ env })
  }

  /** Starts one after the other until one stays up with what is asked for. */
  async function untilOneStays(env: Record<string, string>, look: () => Promise<boolean>): Promise<void> {
    for (let gone = 0; ; gone += 1) {
      await again(env).catch(() => undefined)
      const { now } = gateway
      let ended = false
      void now.ended.then(() => {
        ended = true
      })
      await until(async () => ended || (await look().catch(() => false)), DEADLINE)
      if (!ended) return
      assert.ok(gone < MOST, 'it goes on without end')
    }
  }

  it('a message is left out after four processes at most, told as a gap, and nothing else is lost', async () => {
    await gateway.kill()
    await again({ POISON })
    await until(async () => (await gateway.api('GET', `/sessions/${ids.romeo}`)).body.state === 'online', DEADLINE)
    const { now } = gateway
    for (const body of ['before', POISON, 'after']) write('romeo', body)
    await now.ended
    write('benvolio', 'meanwhile')
    await untilOneStays({ POISON }, async () => (await gaps('romeo')).length > 0 && (await said('romeo')).includes('after'))
    const told = (await gaps('romeo')).filter(({ reason }) => reason === 'quarantined')
    assert.deepEqual(
      told.map(({ stanza }) => [stanza.name, stanza.id, stanza.from]),
      [['message', `${POISON}-romeo`, `juliet@${server.domain}/balcony`]],
    )
    assert.deepEqual((await said('romeo')).toSorted(), ['after', 'before'])
    await until(async () => (await said('benvolio')).includes('meanwhile'), DEADLINE)
    assert.deepEqual(await said('benvolio'), ['meanwhile'])
    write('romeo', 'later')
    await until(async () => (await said('romeo')).includes('later'), DEADLINE)
  })

  it('what a session knows is left out too, and read again', async () => {
    const sender = `juliet@${server.domain}`
    juliet.send(`<presence to='tybalt@${server.domain}'><status>here</status></presence>`)
    const shown = async () => (await gateway.api('GET', '/presence', { query: { session: ids.tybalt as string } })).text.includes(sender)
    await until(shown, DEADLINE)
    await gateway.kill()
    const env = { POISON, POISON_STATE: sender }
    await untilOneStays(
      env,
      async () => (await gateway.api('GET', `/sessions/${ids.tybalt}`)).body.state === 'online' && (await gaps('tybalt')).length > 0,
    )
    assert.deepEqual(
      (await gaps('tybalt')).map(({ reason, what }) => [reason, what]),
      [['quarantined', 'state']],
    )
    write('tybalt', 'after')
    await until(async () => (await said('tybalt')).includes('after'), DEADLINE)
  })
})
