/** Webhooks whose consumer dies again and again, of sessions whose instance is killed, frozen and drained. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Fleet, signal, startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type Client, startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Delivery, type Receiver, startReceiver } from '../webhooks/receiver.ts'
import { PASSWORD, until, users } from './account.ts'

const names = ['romeo', 'mercutio', 'paris', 'tybalt']
const EVENTS_EACH = 500
const DEATHS = 10

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

const last = () => fleet.instances.at(-1)!
const told = ({ body }: Delivery) => JSON.parse(body)
const write = (full: string, body: string) => juliet.send(`<message to='${full}' type='chat'><body>${body}</body></message>`)

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

it('deliver each event at least once and in order, whatever dies', { timeout: 240_000 }, async () => {
  let receiver = await startReceiver()
  const all: Receiver[] = [receiver]
  const { port, url } = receiver
  const gateway = last()
  const made = await gateway.api('POST', '/webhooks', { body: { url, types: ['message.received'], ordering: 'strict' } })
  assert.equal(made.status, 201, made.text)

  const writing = (async () => {
    for (let number = 0; number < EVENTS_EACH; number += 1) {
      for (const { full } of sessions) write(full, `n${number}`)
      await delay(20)
    }
  })()
  const dying = (async () => {
    for (let deaths = 0; deaths < DEATHS; deaths += 1) {
      await delay(900)
      await receiver.stop()
      await delay(300)
      receiver = await startReceiver({ port })
      all.push(receiver)
    }
  })()
  await delay(2_000)
  await fleet.instances[0]!.kill()
  signal(fleet.instances[1]!.pid, 'SIGSTOP')
  await delay(2_000)
  await fleet.join()
  await Promise.all([writing, dying])
  // long enough to lose its sessions
  await delay(14_000)
  signal(fleet.instances[1]!.pid, 'SIGCONT')
  await fleet.instances[2]!.stop()

  const deliveries = () => all.flatMap(({ deliveries }) => deliveries)
  const asked = last()
  const expected = new Map(
    await until(async () => {
      const logs = await Promise.all(sessions.map(async ({ id }) => [id, await logged(asked, id)] as const)).catch(() => undefined)
      return logs?.every(([, ids]) => ids.length >= EVENTS_EACH) && logs
    }, 60_000),
  )
  await until(async () => {
    const ids = new Set(deliveries().map(({ headers }) => headers['webhook-id']))
    return [...expected.values()].flat().every((id) => ids.has(id))
  }, 90_000)
  for (const [id, events] of expected) {
    const own = deliveries().filter((one) => told(one).source === `/sessions/${id}`)
    const firsts = [...new Set(own.map(({ headers }) => headers['webhook-id']))]
    assert.deepEqual(firsts, events)
    assert.ok(own.every((one) => told(one).id === one.headers['webhook-id']))
  }
  const { body } = await asked.api('GET', `/webhooks/${made.body.id}`)
  assert.equal(body.cursorLag.events, 0)
  await asked.api('DELETE', `/webhooks/${made.body.id}`)
  await receiver.stop()
})

it('go on with the schedule of an event where another instance takes its session over', { timeout: 120_000 }, async () => {
  const receiver = await startReceiver()
  receiver.answers = 503
  const { body: webhook } = await last().api('POST', '/webhooks', {
    body: { url: receiver.url, types: ['message.received'], ordering: 'strict', session: sessions[0]!.id },
  })
  const session = sessions[0]!.id
  const { body: shown } = await last().api('GET', `/sessions/${session}`)
  write(shown.connections[0].jid, 'fails for long')
  const row = (gateway: TestGateway) =>
    until(async () => {
      const [one] = (await gateway.api('GET', `/webhooks/${webhook.id}/deliveries`)).body.data
      return one?.attempts.length >= 2 && one
    }, 30_000)
  const before = await row(last())
  const { instance } = await fleet.instanceOf(session, last())
  const owner = fleet.instances.find(({ env }) => env.INSTANCE_ID === instance)!
  const next = await fleet.join()
  await owner.kill()
  receiver.answers = 200
  await until(async () => (await fleet.instanceOf(session, next)).state === 'online', 40_000)
  const done = await until(async () => {
    const [one] = (await next.api('GET', `/webhooks/${webhook.id}/deliveries`)).body.data
    return one?.state === 'delivered' && one
  }, 60_000)
  assert.equal(done.id, before.id)
  assert.equal(done.firstTryAt, before.firstTryAt)
  assert.ok(done.attempts.length > before.attempts.length || done.attempts.length === 10)
  assert.deepEqual(done.attempts[0], before.attempts[0])
  assert.equal(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size, 1)
  await receiver.stop()
})
