/**
 * Webhooks whose consumer dies again and again, of sessions whose instance is killed, frozen and drained. WEBHOOK_EVENTS: how many events,
 * default 3,000.
 */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Fleet, signal, startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type Client, startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Delivery, type Receiver, startReceiver } from '../webhooks/receiver.ts'
import { onlineElsewhere, PASSWORD, until, users } from './account.ts'

const EVENTS = Number(process.env.WEBHOOK_EVENTS ?? 3_000)
const DEATHS = 50
/** ms for which a consumer is away, at most */
const AWAY = 200
/** ms until all is written, logged and sent: the client that writes is not the fastest */
const ALL_WITHIN = 120_000 + 30 * EVENTS
/** ms until a session is up elsewhere after its instance fell silent */
const MOVED_WITHIN = 60_000
/** five of each instance, each with a webhook of its own: while some wait for their next try, others go on, and no breaker opens */
const names = Array.from({ length: 15 }, (_, index) => `montague${index}`)
const each = Math.ceil(EVENTS / names.length)

let server: XmppServer
let fleet: Fleet
let juliet: Client
const sessions: { id: string; full: string }[] = []
before(async () => {
  server = await startProsody({ users: users(...names, 'juliet') })
  fleet = await startFleet(3, { server, env: { WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' } })
  juliet = await startClient({ server, jid: `juliet@${server.domain}`, password: PASSWORD, presence: false })
  for (const [index, name] of names.entries()) {
    const gateway = fleet.instances[index % 3]!
    const { id, connections } = await gateway.login({ jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service })
    sessions.push({ id, full: connections[0].jid })
  }
})
after(async () => {
  await juliet?.stop()
  await fleet?.stop()
  await server?.stop()
})

const told = ({ body }: Delivery) => JSON.parse(body)
const idOf = ({ headers }: Delivery) => String(headers['webhook-id'])
const idsOf = (all: readonly Delivery[]) => [...new Set(all.map(idOf))]
const send = (full: string, id: string, payload: string) => juliet.send(`<message to='${full}' type='chat' id='${id}'>${payload}</message>`)

/** What the log of a session has, in its order. */
async function logged(gateway: TestGateway, session: string): Promise<string[]> {
  const ids: string[] = []
  for (let after = '0'; ; ) {
    const { body } = await gateway.api('GET', '/events', { query: { session, after, limit: 1000, types: 'message.received' } })
    ids.push(...body.data.map(({ id }: { id: string }) => id))
    if (body.page.complete) return ids
    after = body.page.next
  }
}

/** A consumer that dies in the middle of a request, so many times before it has had so many, and comes back at the same port. */
async function startMortal(deaths: number, within: number) {
  const lives: Receiver[] = []
  let left = deaths
  async function live(port?: number): Promise<Receiver> {
    const life = await startReceiver(port === undefined ? {} : { port })
    lives.push(life)
    let requests = left > 0 ? 1 + Math.floor((Math.random() * within) / deaths) : Number.POSITIVE_INFINITY
    life.answers = (_, response) => {
      requests -= 1
      if (requests > 0) response.writeHead(204).end()
      else if (requests === 0) void die(life)
    }
    return life
  }
  async function die(life: Receiver): Promise<void> {
    left -= 1
    await life.stop()
    await delay(Math.random() * AWAY)
    await live(life.port)
  }
  const { url } = await live()
  return {
    url,
    died: () => deaths - left,
    deliveries: () => lives.flatMap(({ deliveries }) => deliveries),
    stop: async () => void (await lives.at(-1)!.stop()),
  }
}

it('deliver each event at least once and in order, and go on with their schedules, whatever dies', {
  timeout: 2 * ALL_WITHIN,
}, async (t) => {
  const [killed, frozen, drained] = fleet.instances as [TestGateway, TestGateway, TestGateway]
  const mortal = await startMortal(DEATHS, EVENTS)
  const sick = await startReceiver()
  sick.answers = 503
  t.after(() => Promise.all([mortal.stop(), sick.stop()]))
  async function create(body: object): Promise<string> {
    const made = await drained.api('POST', '/webhooks', { body: { ordering: 'strict', ...body } })
    assert.equal(made.status, 201, made.text)
    return made.body.id
  }
  const webhooks = await Promise.all(sessions.map(({ id }) => create({ url: mortal.url, types: ['message.received'], session: id })))
  // one event each, that fails for long, of a session of each instance
  const failing = await Promise.all(
    sessions.slice(0, 3).map(async ({ id, full }) => {
      const hook = await create({ url: sick.url, types: ['chatstate.*'], session: id })
      send(full, 'composing', "<composing xmlns='http://jabber.org/protocol/chatstates'/>")
      return hook
    }),
  )

  const writing = (async () => {
    for (let number = 0; number < each; number += 1) {
      for (const { full } of sessions) send(full, `n${number}`, `<body>n${number}</body>`)
      await delay(10)
    }
  })()

  const rowOf = async (gateway: TestGateway, hook: string) => (await gateway.api('GET', `/webhooks/${hook}/deliveries`)).body.data[0]
  const tried = await Promise.all(
    failing.map((hook) =>
      until(async () => {
        const row = await rowOf(drained, hook)
        return row?.attempts.length >= 1 && row
      }, 60_000),
    ),
  )

  await until(async () => mortal.died() >= 5, 60_000)
  await killed.kill()
  signal(frozen.pid, 'SIGSTOP')
  const joined = await fleet.join()
  const moved = sessions.flatMap(({ id }, index) => (index % 3 === 2 ? [] : [{ id, than: index % 3 === 0 ? 'i0' : 'i1' }]))
  await Promise.all(moved.map(({ id, than }) => onlineElsewhere(fleet, joined, id, than, MOVED_WITHIN)))
  signal(frozen.pid, 'SIGCONT')
  await drained.stop()
  sick.answers = 200
  await writing

  const logs = await until(async () => {
    const read = await Promise.all(sessions.map(({ id }) => logged(joined, id))).catch(() => undefined)
    return read?.every(({ length }) => length >= each) && read
  }, ALL_WITHIN)
  // as whoever has mended a consumer does, who does not want to wait for the next tries
  await until(async () => mortal.died() === DEATHS, ALL_WITHIN)
  for (const webhook of webhooks) await joined.api('PATCH', `/webhooks/${webhook}`, { body: { state: 'enabled' } })
  await until(async () => {
    const ids = new Set(mortal.deliveries().map(idOf))
    return logs.flat().every((id) => ids.has(id))
  }, ALL_WITHIN)
  const all = mortal.deliveries()
  for (const [index, { id }] of sessions.entries()) {
    const own = all.filter((one) => told(one).source === `/sessions/${id}`)
    assert.deepEqual(idsOf(own), logs[index])
    assert.deepEqual(
      [...new Set(own.map((one) => told(one).data.body))],
      Array.from({ length: each }, (_, number) => `n${number}`),
    )
  }
  assert.ok(all.every((one) => told(one).id === idOf(one)))
  for (const webhook of webhooks) await until(async () => (await joined.api('GET', `/webhooks/${webhook}`)).body.cursorLag.events === 0)

  for (const [index, hook] of failing.entries()) {
    const before = tried[index]
    const row = await until(async () => {
      const found = await rowOf(joined, hook)
      return found.state === 'delivered' && found
    }, 60_000)
    assert.deepEqual([row.id, row.firstTryAt, row.attempts[0]], [before.id, before.firstTryAt, before.attempts[0]])
    assert.ok(row.attempts.length > before.attempts.length)
  }
  assert.equal(idsOf(sick.deliveries).length, failing.length)
  const count = logs.flat().length
  t.diagnostic(`${all.length - count} of ${count} events came again`)
})
