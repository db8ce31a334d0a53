/** A component on two instances, of which the one that has it is killed, or frozen. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import { type Fleet, signal, startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { dumpOf } from '../support/redis-dump.ts'
import type { Client } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { isMessage, isPresence, onlineElsewhere, openClient, textOf, users } from './account.ts'

const DOMAIN = 'bots.localhost'
const SECRET = 'parting-is-such-sweet-sorrow'
const addresses = [`mercutio@${DOMAIN}`, `tybalt@${DOMAIN}`]
const ROOM = 'tomb@conference.localhost'
/** messages of each address to each account, before and after */
const SENT = 20
/** ms until a session is up elsewhere after its instance was lost */
const AFTER_LOSS = 40_000

describe('a component on two instances', { concurrency: false }, () => {
  let server: XmppServer
  let fleet: Fleet
  let session: string
  const people: Client[] = []
  /** by `from to`, the bodies that came, each told once by its id */
  const heard = new Map<string, Map<string, string>>()

  before(async () => {
    server = await startProsody({ users: users('romeo', 'juliet'), components: { [DOMAIN]: SECRET } })
    fleet = await startFleet(2, { server })
    const hear = (to: string) => (element: Element) => {
      const { from = '', id = '', type } = element.attributes
      if (!isMessage(element) || type === 'groupchat') return false
      const key = `${from} ${to}`
      const known = heard.get(key) ?? new Map<string, string>()
      heard.set(key, known)
      if (!known.has(id)) known.set(id, textOf(element, 'body') ?? '')
      return true
    }
    for (const name of ['romeo', 'juliet']) {
      const client = await openClient({ server, gateway: fleet.instances[0]!, store: 'redis' }, name, {
        hear: hear(`${name}@localhost`),
        autoAnswer: true,
      })
      people.push(client)
    }
    const opened = await fleet.instances[0]!.api('POST', '/sessions', {
      body: { component: DOMAIN, secret: SECRET, service: server.componentService },
    })
    assert.equal(opened.status, 201, opened.text)
    session = opened.body.id
  })
  after(async () => {
    for (const client of people) await client.stop()
    await fleet?.stop()
    await server?.stop()
  })

  const bareOf = (client: Client) => client.jid.split('/')[0]!

  /** Posts through one of the instances, one that answers. */
  async function post(instances: readonly TestGateway[], body: { from: string; to: string; body: string }): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      const key = Buffer.from(JSON.stringify(body)).toString('base64url')
      const instance = instances[turn % instances.length]!
      const request = { query: { session: DOMAIN }, headers: { 'idempotency-key': key }, body }
      const answer = await instance.api('POST', '/messages', { ...request, timeout: 3_000 }).catch(() => undefined)
      if (answer?.status === 202) return
      if (answer) assert.equal(answer.status, 503, answer.text)
    }
  }

  const sendAll = (instances: readonly TestGateway[], mark: string) =>
    Promise.all(
      addresses.flatMap((from) =>
        people.map(async (client) => {
          for (let n = 0; n < SENT; n += 1) await post(instances, { from, to: bareOf(client), body: `${mark} ${n}` })
        }),
      ),
    )

  async function arrived(marks: readonly string[]): Promise<void> {
    const expected = marks.flatMap((mark) => Array.from({ length: SENT }, (_, n) => `${mark} ${n}`))
    const last = () => addresses.every((from) => people.every((client) => heard.get(`${from} ${bareOf(client)}`)?.size === expected.length))
    for (let tries = 0; tries < AFTER_LOSS / 50 && !last(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 50))
    for (const from of addresses)
      for (const client of people)
        assert.deepEqual([...(heard.get(`${from} ${bareOf(client)}`)?.values() ?? [])], expected, `${from} to ${client.jid}`)
  }

  async function ownerOf(asked: TestGateway): Promise<TestGateway> {
    const { instance } = await fleet.instanceOf(session, asked)
    return fleet.instances.find(({ env }) => env.INSTANCE_ID === instance)!
  }

  it('keeps its secret sealed', async () => {
    assert.ok(!(await dumpOf(fleet.redis.url)).includes(SECRET))
  })

  it('goes on where the other is killed: nothing accepted is lost, the order is kept, its addresses show what they did and are in their rooms', async () => {
    const [romeo] = people as [Client, Client]
    const { instances } = fleet
    const ask = (method: string, path: string, body?: object) =>
      instances[1]!.api(method, path, { query: { session: DOMAIN }, ...(body && { body }) })
    for (const [index, from] of addresses.entries()) {
      const joined = await ask('PUT', `/rooms/${ROOM}`, { from, nick: `nick${index}` })
      assert.ok(joined.status === 200 || joined.status === 201, joined.text)
    }
    await ask('POST', '/presence', { from: addresses[0]!, to: bareOf(romeo), type: 'subscribed' })
    romeo.send(`<presence to='${addresses[0]}' type='subscribe'/>`)
    await ask('PUT', '/presence', { from: addresses[0]!, status: 'Here' })
    await romeo.next((one) => isPresence(one) && textOf(one, 'status') === 'Here')

    await sendAll(instances, 'before')
    const killed = await ownerOf(instances[0]!)
    const left = instances.find((one) => one !== killed)!
    const sending = sendAll([killed, left], 'after')
    await killed.kill()
    await onlineElsewhere(fleet, left, session, killed.env.INSTANCE_ID!, AFTER_LOSS)
    await sending
    await arrived(['before', 'after'])
    await romeo.next((one) => isPresence(one) && textOf(one, 'status') === 'Here', AFTER_LOSS)
    for (const from of addresses) {
      for (let tries = 0; ; tries += 1) {
        const { body } = await left.api('GET', `/rooms/${ROOM}`, { query: { session: DOMAIN, from } })
        if (body.state === 'joined') break
        assert.ok(tries < 200, JSON.stringify(body))
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    const [first] = (await left.api('GET', '/events', { query: { session, types: 'events.gap' } })).body.data
    assert.equal(first.data.reason, 'archive-unavailable')
  })

  it('is taken from one that is frozen', async () => {
    await fleet.join()
    const asked = fleet.instances[2]!
    const frozen = await ownerOf(asked)
    signal(frozen.pid, 'SIGSTOP')
    const sending = sendAll([asked], 'frozen')
    await onlineElsewhere(fleet, asked, session, frozen.env.INSTANCE_ID!, AFTER_LOSS)
    await sending
    signal(frozen.pid, 'SIGCONT')
    await arrived(['before', 'after', 'frozen'])
    const { state } = await fleet.instanceOf(session, asked)
    assert.equal(state, 'online')
  })
})
