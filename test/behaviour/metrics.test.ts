import assert from 'node:assert/strict'
import { after, before, it, test } from 'node:test'
import { startGateway } from '../support/gateway.ts'
import { forEachCell } from '../support/matrix.ts'
import { type Sample, samplesOf, sumOf } from '../support/metrics.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { startRedis } from '../support/redis.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, openAccount, openClient, PASSWORD, until, users, withBody } from './account.ts'

const env = { STANZA_LIMIT: '10000', EVENT_LOG_MAX: '20' }
/**
 * need an owner that lost its lease without knowing (test/store/metered.test.ts), a server that ends streams (repeated.test.ts), one that
 * refuses a step of a new stream (unread.test.ts), a log that cannot be written (test/log/output.test.ts), and webhooks (webhooks.test.ts)
 */
const elsewhere = [
  ...['fenced_writes_total', 'given_up_total', 'unread_total', 'log_lines_lost_total'],
  ...['webhook_deliveries_total', 'webhook_duration_seconds', 'webhook_states_total'],
]

forEachCell('metrics', { server: { users: users('romeo', 'juliet', 'mercutio') }, gateway: { env } }, (cell) => {
  let proxy: TcpProxy
  let romeo: Account
  let juliet: Client

  before(async () => {
    proxy = await startProxy({ to: { port: cell().server.port } })
    romeo = await openAccount(cell(), 'romeo', { service: `xmpp://127.0.0.1:${proxy.port}` })
    juliet = await openClient(cell(), 'juliet')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
    await proxy?.stop()
  })

  const scrape = async (): Promise<Sample[]> => samplesOf((await cell().gateway.api('GET', '/metrics')).text)
  const now = async (name: string, labels = {}) => sumOf(await scrape(), name, labels)
  const becomes = (name: string, value: number) => until(async () => (await now(name)) === value)
  const ask = (to: string, wait = 5) =>
    romeo.api('POST', '/iq', { body: { type: 'get', to, payload: { ping: {} } }, headers: { prefer: `wait=${wait}` } })

  it('tell what is under way, and that it is done', async () => {
    assert.equal(await now('sessions', { state: 'online' }), 1)
    assert.deepEqual([await now('outbox_entries'), await now('outbox_oldest_age_seconds'), await now('iq_inflight')], [0, 0, 0])
    proxy.blackhole(true)
    await romeo.say(juliet.jid, 'into the dark')
    const answer = ask(cell().server.domain)
    await becomes('iq_inflight', 1)
    await becomes('sm_unacked', 1)
    assert.equal(await now('outbox_entries'), 1)
    assert.ok((await now('outbox_oldest_age_seconds')) > 0)
    proxy.blackhole(false)
    assert.equal((await answer).status, 200)
    for (const name of ['iq_inflight', 'sm_unacked', 'outbox_entries', 'outbox_oldest_age_seconds']) await becomes(name, 0)
  })

  it('count messages, acknowledgements, events and iqs, by what came of them', async () => {
    const before = await scrape()
    const since = async (name: string, labels = {}) => (await now(name, labels)) - sumOf(before, name, labels)
    await romeo.say(juliet.jid, 'counted')
    await juliet.next(withBody('counted'))
    juliet.send(`<message to='${romeo.full}' type='chat' id='one'><body>counted too</body></message>`)
    await romeo.events.next('message.received')
    await until(async () => (await since('sm_ack_latency_seconds_count')) > 0)
    assert.equal(await since('stanzas_total', { direction: 'out', kind: 'message' }), 1)
    assert.equal(await since('stanzas_total', { direction: 'in', kind: 'message' }), 1)
    // accepted and acked, and the one that was received
    await until(async () => (await since('events_appended_total')) === 3)

    assert.equal((await ask(cell().server.domain)).status, 200)
    const refused = ask(juliet.jid)
    const { element } = await juliet.next((stanza) => stanza.name === 'iq' && inner(stanza, 'ping') !== undefined)
    juliet.send(
      `<iq type='error' to='${romeo.full}' id='${element.attributes.id}'><error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    )
    assert.equal((await refused).status, 501)
    assert.equal((await ask(juliet.jid, 1)).status, 504)
    const { element: unanswered } = await juliet.next((stanza) => stanza.name === 'iq' && inner(stanza, 'ping') !== undefined)
    juliet.send(`<iq type='result' to='${romeo.full}' id='${unanswered.attributes.id}'/>`)
    await becomes('iq_late_total', 1)
    assert.equal(await now('stanza_spoof_total'), 0)
    for (const result of ['result', 'error', 'timeout']) assert.equal(await since('iq_duration_seconds_count', { result }), 1, result)
  })

  it('count what an Idempotency-Key met', async () => {
    const say = (body: string) => romeo.api('POST', '/messages', { body: { to: juliet.jid, body }, headers: { 'idempotency-key': 'once' } })
    assert.deepEqual([(await say('a')).status, (await say('a')).status, (await say('b')).status], [202, 202, 422])
    for (const result of ['new', 'replayed', 'reused']) assert.equal(await now('idempotency_total', { result }), 1, result)
  })

  it('count tries to connect and to resume, by why they failed', async () => {
    assert.equal(await now('connect_attempts_total', { result: 'bound' }), 1)
    assert.equal(await now('connect_duration_seconds_count'), 1)
    const { server, gateway } = cell()
    const body = { jid: `mercutio@${server.domain}`, password: 'wrong', service: server.service }
    assert.equal((await gateway.api('POST', '/sessions', { body })).status, 422)
    assert.equal(await now('connect_attempts_total', { result: 'failed', reason: 'sasl-not-authorized' }), 1)
    proxy.cut()
    await romeo.events.next('session.resumed', 15_000)
    assert.equal(await now('resume_total', { result: 'resumed' }), 1)
    assert.ok((await now('session_transitions_total', { from: 'online', reason: 'connection-lost' })) >= 1)
  })

  it('count event streams and the gaps that they were told', async () => {
    assert.equal(await now('streams', { kind: 'websocket' }), 1)
    const { id: cursor } = romeo.events.events[0]!
    for (let each = 0; each < 20; each += 1) await romeo.say(juliet.jid, `${each}`)
    const late = cell().gateway.events({ session: romeo.id, query: { after: cursor } })
    await late.next('events.gap')
    await late.close()
    assert.equal(await now('events_gap_total', { reason: 'expired' }), 1)
    await until(async () => (await now('streams_closed_total', { kind: 'websocket' })) === 1)
    await becomes('streams', 1)
  })

  it('count what nobody may send, and what is too large to read', async () => {
    const { gateway, server } = cell()
    juliet.send(
      `<message to='${romeo.full}'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='a@b.example' to='${romeo.jid}'><body>forged</body></message></forwarded></received></message>`,
    )
    await becomes('stanza_spoof_total', 1)
    const mercutio = await gateway.login({ jid: `mercutio@${server.domain}`, password: PASSWORD })
    juliet.send(`<message to='${mercutio.connections[0].jid}'><body>${'x'.repeat(60_000)}</body></message>`)
    await until(async () => (await now('stanza_rejected_total', { reason: 'too-large' })) > 0)
    await gateway.api('DELETE', `/sessions/${mercutio.id}`)
  })

  it('by then have counted or set each that is declared, and have neither a JID nor an id in them', async () => {
    const { text } = await cell().gateway.api('GET', '/metrics')
    const samples = samplesOf(text)
    const declared = [...text.matchAll(/^# TYPE stanzagate_(\w+) (\w+)$/gm)].map(([, name = '', type]) => ({ name, type }))
    assert.ok(declared.length > 20)
    const silent = declared
      // gauges were seen to move above
      .filter(({ name, type }) => type !== 'gauge' && sumOf(samples, type === 'histogram' ? `${name}_count` : name) === 0)
      .map(({ name }) => name)
    assert.deepEqual(silent.toSorted(), elsewhere.toSorted())
    assert.equal(sumOf(samples, 'redis_up'), cell().store === 'redis' ? 1 : 0)
    assert.equal(text.includes('stanzagate_redis_'), cell().store === 'redis')
    assert.ok(sumOf(samples, 'lease_total', { op: 'acquire', result: 'done' }) > 0)
    const { domain } = cell().server
    for (const secret of [romeo.id, 'romeo', 'juliet', 'mercutio', `@${domain}`, 'msg_', 'ses_', 'sgk_'])
      assert.ok(!text.includes(secret), secret)
  })
})

test('metrics are there while Redis is not, and say so', async (t) => {
  const redis = await startRedis()
  t.after(() => redis.stop())
  const gateway = await startGateway({ redis })
  t.after(gateway.kill)
  const isUp = async () => sumOf(samplesOf((await gateway.api('GET', '/metrics')).text), 'redis_up')
  assert.equal(await isUp(), 1)
  await redis.kill()
  await until(async () => (await isUp()) === 0)
  await redis.restart()
  await until(async () => (await isUp()) === 1)
})
