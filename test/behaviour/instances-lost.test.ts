/** Instances that are killed, frozen, or cut from Redis or from the XMPP server, while the others go on. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Fleet, signal, startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import type { Client } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Account, isMessage, onlineElsewhere, openAccount, openClient, presencesOf, textOf, until, users, watch } from './account.ts'

/** bytes of TLS's own goodbye; a stanza or an acknowledgement takes more */
const CLOSE_NOTIFY = 24
/** ms until a session is up elsewhere after its instance was lost */
const AFTER_DEATH = 20_000

/** ms after which an instance that Redis does not hear gives its sessions up, and a little for a busy machine */
const SELF_FENCE = 11_000
/** ms until a server is tried again that was not there for a while */
const BACK_WITHIN = 60_000
/** ms between two posts of one sender, and messages that each sends before and after its instance is lost, at least */
const POST_EACH = 25
const SENT = 20

const servants = Array.from({ length: 6 }, (_, index) => `servant${index}`)

interface Message {
  id: string
  body: string
}

/** Posts one message after the other for an account, each through the next instance until one has taken it. */
function startSending({ account, to, instances }: { account: Account; to: string; instances: readonly TestGateway[] }) {
  const accepted: Message[] = []
  let stopped = false
  let turn = 0

  async function send(): Promise<void> {
    while (!stopped) {
      const body = `${account.jid} ${accepted.length}`
      const options = { query: { session: account.id }, body: { to, body }, headers: { 'idempotency-key': body.replace(' ', '-') } }
      turn = (turn + 1) % instances.length
      // one that was killed answers nothing
      const answer = await (instances[turn] as TestGateway).api('POST', '/messages', options).catch(() => undefined)
      if (answer?.status === 202) accepted.push({ id: answer.body.id, body })
      else if (answer) assert.equal(answer.status, 503, answer.text)
      await delay(POST_EACH)
    }
  }
  const sending = send()
  sending.catch(() => {}) // told by stop
  return {
    account,
    accepted,
    more: async (count: number) => {
      const enough = accepted.length + count
      await until(async () => accepted.length >= enough, AFTER_DEATH)
    },
    async stop() {
      stopped = true
      await sending
    },
  }
}

describe('instances', { concurrency: true }, () => {
  let server: XmppServer
  before(async () => {
    server = await startProsody({ users: users('tybalt', 'benvolio', 'lawrence', 'peter', 'balthasar', ...servants) })
  })
  after(async () => {
    await server?.stop()
  })

  describe('of which one is killed under load', { concurrency: false }, () => {
    let fleet: Fleet
    let balthasar: Client
    const heard = new Map<string, Message[]>()
    before(async () => {
      fleet = await startFleet(3, { server })
      balthasar = await openClient({ server, gateway: fleet.instances[0]!, store: 'redis' }, 'balthasar', {
        hear(element) {
          if (!isMessage(element)) return false
          const { from = '', id = '' } = element.attributes
          heard.set(from, [...(heard.get(from) ?? []), { id, body: textOf(element, 'body') ?? '' }])
          return true
        },
      })
    })
    after(async () => {
      await balthasar?.stop()
      await fleet?.stop()
    })

    it('have its sessions in time, and all that was accepted arrives, in order', async () => {
      const { instances } = fleet
      const accounts = await Promise.all(
        servants.map((name, index) => openAccount({ server, gateway: instances[index % 3]!, store: 'redis' }, name)),
      )
      const senders = accounts.map((account) => startSending({ account, to: balthasar.jid, instances }))
      await Promise.all(senders.map(({ more }) => more(SENT)))
      const owners = await Promise.all(accounts.map(({ id }) => fleet.instanceOf(id, instances[0]!)))
      const lost = owners[0]?.instance as string
      const killed = instances.find(({ env }) => env.INSTANCE_ID === lost) as TestGateway
      const left = instances.find((one) => one !== killed) as TestGateway
      await killed.kill()
      await Promise.all(accounts.map(({ id }) => onlineElsewhere(fleet, left, id, lost, AFTER_DEATH)))
      await Promise.all(senders.map(({ more }) => more(SENT)))
      await Promise.all(senders.map(({ stop }) => stop()))
      for (const { account, accepted } of senders) {
        // what the killed one wrote and could not note may come a second time, as the same message
        const distinct = () => [...new Map((heard.get(account.full) ?? []).map((message) => [message.id, message])).values()]
        await until(async () => distinct().length >= accepted.length, AFTER_DEATH)
        assert.deepEqual(distinct(), accepted)
      }
    })
  })

  describe('of which one is frozen', { concurrency: false }, () => {
    let fleet: Fleet
    let proxy: TcpProxy
    let tybalt: Account
    let benvolio: Client
    before(async () => {
      fleet = await startFleet(2, { server })
      proxy = await startProxy({ to: server })
      const cell = { server, gateway: fleet.instances[0]!, store: 'redis' as const }
      tybalt = await openAccount(cell, 'tybalt', { service: `xmpp://127.0.0.1:${proxy.port}` })
      benvolio = await openClient(cell, 'benvolio')
      await watch(tybalt, benvolio)
    })
    after(async () => {
      await benvolio?.stop()
      await fleet?.stop()
      await proxy?.stop()
    })

    it('goes on without it, and it does nothing for the session when it wakes up', async () => {
      const [frozen, other] = fleet.instances as [TestGateway, TestGateway]
      const at = (one: TestGateway, method: string, path: string, options: Parameters<TestGateway['api']>[2] = {}) =>
        one.api(method, path, { ...options, query: { session: tybalt.id, ...options.query } })
      const ask = (one: TestGateway, type: string) =>
        at(one, 'POST', '/iq', {
          body: { type, to: benvolio.jid, payload: { ping: {} } },
          headers: { prefer: 'wait=60' },
          timeout: 60_000,
        })
      const say = (one: TestGateway, body: string) => at(one, 'POST', '/messages', { body: { to: benvolio.jid, body }, timeout: 60_000 })
      const through = [ask(frozen, 'get'), ask(frozen, 'set'), ask(other, 'set')]
      for (let count = 0; count < 3; count += 1)
        await benvolio.next((element) => element.name === 'iq' && element.attributes.from === tybalt.full)
      signal(frozen.pid, 'SIGSTOP')
      const link = proxy.history[0]!
      assert.equal(proxy.history.length, 1)
      // these wait in its socket for when it wakes up
      for (const id of ['r1', 'r2', 'r3']) benvolio.send(`<message to='${tybalt.full}' id='${id}' type='chat'><body>${id}</body></message>`)
      const posted = say(frozen, 'late')
      const reads = await Promise.all(['/roster', '/presence', '/events'].map((path) => at(other, 'GET', path)))
      assert.deepEqual(
        reads.map(({ status }) => status),
        [200, 200, 200],
      )
      const [roster, , page] = reads
      assert.ok(roster?.body.data.some(({ jid }: { jid: string }) => jid === 'benvolio@localhost'))
      assert.ok(page?.body.data.some(({ type }: { type: string }) => type === 'session.online'))

      await onlineElsewhere(fleet, other, tybalt.id, 'i0', AFTER_DEATH)
      const events = other.events({ session: tybalt.id, query: { after: page?.body.page.next } })
      await events.next((event) => event.type === 'message.received' && event.data.id === 'r3')
      assert.equal((await say(other, 'from the new one')).status, 202)
      await benvolio.next((element) => isMessage(element) && textOf(element, 'body') === 'from the new one')
      await events.next('message.acked')

      const { fromClient } = link
      assert.equal(link.ended, undefined)
      signal(frozen.pid, 'SIGCONT')
      await until(async () => link.ended !== undefined)
      assert.ok(link.fromClient - fromClient <= CLOSE_NOTIFY, `it wrote ${link.fromClient - fromClient} bytes to the XMPP server`)
      const [get, set, asked] = await Promise.all(through)
      assert.deepEqual([get?.status, set?.status, set?.body.code, asked?.body.code], [503, 504, 'outcome-unknown', 'outcome-unknown'])
      assert.equal((await posted).status, 202)
      await benvolio.next((element) => isMessage(element) && textOf(element, 'body') === 'late')
      const metrics = async () => (await frozen.api('GET', '/metrics')).text
      await until(async () => /^stanzagate_sessions\{state="online"\} 0$/m.test(await metrics()))
      // what it still had to write was refused
      assert.match(await metrics(), /^stanzagate_fenced_writes_total [1-9]/m)
      const { instance, state } = await fleet.instanceOf(tybalt.id, frozen)
      assert.deepEqual([instance, state], ['i1', 'online'])
      assert.equal((await at(frozen, 'POST', '/iq', { body: { type: 'get', payload: { roster: {} } } })).status, 200)
      assert.equal(proxy.history.length, 2, 'it did not come back')
      const told = events.events.map(({ type, data }) => (type === 'message.received' ? data.id : type))
      assert.deepEqual(told.filter((one) => /^r\d$/.test(one)).sort(), ['r1', 'r2', 'r3'])
      assert.deepEqual(
        told.filter((one) => one.startsWith('session.')),
        ['session.resumed'],
      )
      assert.deepEqual(presencesOf(benvolio, tybalt), [])
      await events.close()
    })
  })

  describe('of which one is cut off', { concurrency: false }, () => {
    let fleet: Fleet
    let toRedis: TcpProxy
    let toServer: TcpProxy
    let lawrence: Account
    let peter: Client
    before(async () => {
      fleet = await startFleet(0, { server })
      toRedis = await startProxy({ to: { port: fleet.redis.port } })
      toServer = await startProxy({ to: server })
      await fleet.join({ REDIS_URL: `redis://127.0.0.1:${toRedis.port}` })
      await fleet.join()
      const cell = { server, gateway: fleet.instances[0]!, store: 'redis' as const }
      lawrence = await openAccount(cell, 'lawrence', { service: `xmpp://127.0.0.1:${toServer.port}` })
      peter = await openClient(cell, 'peter')
      await watch(lawrence, peter)
    })
    after(async () => {
      await peter?.stop()
      await fleet?.stop()
      await toRedis?.stop()
      await toServer?.stop()
    })

    const say = (one: TestGateway, body: string) =>
      one.api('POST', '/messages', { query: { session: lawrence.id }, body: { to: peter.jid, body } })
    const heard = (body: string, ms?: number) => peter.next((one) => isMessage(one) && textOf(one, 'body') === body, ms)
    const renewals = async (one: TestGateway) =>
      sumOf(samplesOf((await one.api('GET', '/metrics')).text), 'lease_total', { op: 'renew', result: 'done' })

    it('from the XMPP server: keep it, say so, and send what was accepted when it is back', async () => {
      const [cut, other] = fleet.instances as [TestGateway, TestGateway]
      toServer.refuse(true)
      toServer.cut()
      await until(async () => /^(resuming|backoff)$/.test((await fleet.instanceOf(lawrence.id, other)).state))
      for (const one of [cut, other]) assert.equal((await say(one, `accepted by ${one.env.INSTANCE_ID}`)).status, 202)
      // longer than a lease that is not renewed lasts
      const before = await renewals(cut)
      await until(async () => (await renewals(cut)) - before >= 4, 2 * AFTER_DEATH)
      const { instance, state } = await fleet.instanceOf(lawrence.id, other)
      assert.deepEqual([instance, /^(resuming|backoff)$/.test(state)], ['i0', true])
      toServer.refuse(false)
      await heard('accepted by i0', BACK_WITHIN)
      await heard('accepted by i1')
      assert.equal((await fleet.instanceOf(lawrence.id, other)).instance, 'i0')
      assert.deepEqual(presencesOf(peter, lawrence), [])
    })

    it('from Redis: go on without it before anybody else has its sessions, and it takes part again when it is back', async () => {
      const [cut, other] = fleet.instances as [TestGateway, TestGateway]
      const { length } = toServer.history
      const link = toServer.history[length - 1]!
      toRedis.blackhole(true)
      const since = performance.now()
      const refused = await say(cut, 'not now')
      assert.deepEqual([refused.status, refused.body.code], [503, 'store-unavailable'])
      assert.ok(refused.headers.get('retry-after'))
      await onlineElsewhere(fleet, other, lawrence.id, 'i0', AFTER_DEATH)
      assert.ok(link.ended !== undefined && link.ended - since < SELF_FENCE, 'it gave up in time')
      assert.ok(link.ended < (toServer.history[length]?.opened ?? 0), 'and first')
      assert.equal((await say(other, 'from the other')).status, 202)
      await heard('from the other')

      const before = await renewals(cut)
      toRedis.blackhole(false)
      await until(async () => (await say(cut, 'back')).status === 202, 10_000)
      await heard('back')
      await until(async () => (await renewals(cut)) - before >= 2, AFTER_DEATH)
      const { instance, state } = await fleet.instanceOf(lawrence.id, cut)
      assert.deepEqual([instance, state], ['i1', 'online'])
      assert.equal(toServer.history.length, length + 1, 'it took nothing back')
      assert.deepEqual(presencesOf(peter, lawrence), [])
    })
  })
})
