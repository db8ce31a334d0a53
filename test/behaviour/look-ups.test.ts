/** What is looked for and not there: as cheap as one question, and the same for what another tenant has. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type HttpAnswer, startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, users } from './account.ts'

/** look-ups of each kind: many beside what the gateway asks Redis by itself meanwhile */
const TIMES = 60
/** sessions of the tenant: a look through them would show */
const others = Array.from({ length: 20 }, (_, n) => `nurse${n}`)

const unknown = (length: number) => 'x'.repeat(length)

describe('a look-up of what is not there', { timeout: 120_000 }, () => {
  let server: XmppServer
  let redis: RedisServer
  let gateway: TestGateway
  let own: { id: string; jid: string; token: string }
  let foreign: { id: string; jid: string }
  let foreignMessage: string
  before(async () => {
    server = await startProsody({ users: users('romeo', 'juliet', ...others) })
    redis = await startRedis()
    gateway = await startGateway({ server, redis, tenants: ['main', 'other'] })
    own = await gateway.login({ jid: `romeo@${server.domain}`, password: PASSWORD })
    const key = gateway.keys.other!
    const body = { jid: `juliet@${server.domain}`, password: PASSWORD, service: server.service }
    foreign = (await gateway.api('POST', '/sessions', { key, body })).body
    const sent = await gateway.api('POST', '/messages', { key, query: { session: foreign.id }, body: { to: own.jid, body: 'x' } })
    foreignMessage = sent.body.id
    await Promise.all(others.map((name) => gateway.login({ jid: `${name}@${server.domain}`, password: PASSWORD })))
  })
  after(async () => {
    for (const one of [gateway, redis, server]) await one?.stop()
  })

  /** commands that Redis did, those of its scripts among them */
  async function commands(): Promise<number> {
    const stats = await redis.cli('info', 'commandstats')
    return [...stats.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)].reduce(
      (sum, [, name, calls]) => (name === 'info' ? sum : sum + Number(calls)),
      0,
    )
  }
  async function commandsOf(look: () => Promise<HttpAnswer>, status: number): Promise<number> {
    assert.equal((await look()).status, status)
    const before = await commands()
    for (let n = 0; n < TIMES; n++) await look()
    return (await commands()) - before
  }
  const read = (path: string, query = {}, key = gateway.key) => gateway.api('GET', path, { key, query })

  const looks: [string, number, () => Promise<HttpAnswer>, status?: number][] = [
    ['a session', 1, () => read(`/sessions/ses_${unknown(22)}`)],
    ["another tenant's session", 1, () => read(`/sessions/${foreign.id}`)],
    ['a session in the query', 1, () => read('/roster', { session: `ses_${unknown(22)}` })],
    // beside the account that of an anonymous session
    ['a JID', 2, () => read('/roster', { session: `unknown@${server.domain}` })],
    ["another tenant's JID", 2, () => read('/roster', { session: foreign.jid })],
    ['a message', 1, () => read(`/messages/msg_${unknown(44)}`)],
    ["another tenant's message", 1, () => read(`/messages/${foreignMessage}`)],
    ['a message whose id somebody chose', 1, () => read('/messages/order-1')],
    ['an iq', 1, () => read(`/iq/iq_${unknown(44)}`)],
    ['an iq whose id somebody chose', 1, () => read('/iq/order-1')],
    ['a ticket', 1, () => read('/events', { ticket: `sgt_${unknown(32)}` }), 401],
    ['a session token', 1, () => read('/roster', {}, `sgs_${unknown(54)}`), 401],
    ['an API key', 1, () => read('/sessions', {}, `sgk_${unknown(40)}`), 401],
    ['what is longer than any id', 0, () => read(`/messages/${unknown(256)}`)],
    ['a session whose name is longer than any', 0, () => read('/roster', { session: `${unknown(3072)}@x` })],
  ]
  for (const [what, most, look, status = 404] of looks) {
    it(`of ${what} costs ${most} of Redis`, async (t) => {
      const done = await commandsOf(look, status)
      t.diagnostic(`${done} commands for ${TIMES}`)
      assert.ok(done < (most + 1) * TIMES, `${done} commands for ${TIMES} look-ups`)
    })
  }

  it("of another session by a session token costs no more than that token's own", async () => {
    const look = (reference: string) => () => read('/roster', { session: reference }, own.token)
    const [other, none] = [await commandsOf(look(`nurse1@${server.domain}`), 404), await commandsOf(look(`nobody@${server.domain}`), 404)]
    assert.ok(Math.abs(other - none) < TIMES, `${other} and ${none}`)
  })

  it('is answered in the same words whether another tenant has it or nobody', async () => {
    const told = async (path: string, query = {}) => {
      const { requestId: _, ...problem } = (await read(path, query)).body
      return problem
    }
    assert.deepEqual(await told(`/sessions/${foreign.id}`), await told(`/sessions/ses_${unknown(22)}`))
    assert.deepEqual(await told('/roster', { session: foreign.jid }), await told('/roster', { session: `unknown@${server.domain}` }))
    assert.deepEqual(await told(`/messages/${foreignMessage}`), await told(`/messages/msg_${unknown(44)}`))
  })

  it('finds what is there by an id that a caller chose, of the session that had it last', async () => {
    const send = (session: string, id: string, body: string) =>
      gateway.api('POST', '/messages', { query: { session }, body: { to: foreign.jid, id, body } })
    assert.equal((await send(own.id, 'order-2', 'one')).status, 202)
    const found = await read('/messages/order-2')
    assert.deepEqual([found.status, found.body.id, found.body.to], [200, 'order-2', foreign.jid])
    const asked = await gateway.api('POST', '/stanzas', {
      query: { session: own.id },
      headers: { 'content-type': 'application/xml' },
      body: `<iq type='get' id='ping-1' to='${server.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`,
    })
    assert.equal(asked.status, 202, asked.text)
    assert.equal((await read('/iq/ping-1')).status, 200)
    assert.equal((await read('/messages/order-2', {}, gateway.keys.other)).status, 404)
  })
})
