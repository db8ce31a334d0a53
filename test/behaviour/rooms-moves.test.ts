/** Rooms outlive the instance: nobody in them sees a hand-over, and what was said while the session was away is told in order. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EventStream } from '../support/event-stream.ts'
import { startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { dumpOf } from '../support/redis-dump.ts'
import type { Client } from '../support/second-client.ts'
import { isPresence, onlineElsewhere, openAccount, openClient, users, withBody } from './account.ts'

const ROOM = 'verona@conference.localhost'
const PASSWORD = 'a-plague-o-both-your-houses'
const PATH = `/rooms/${encodeURIComponent(ROOM)}`
/** ms until a session is up elsewhere */
const ELSEWHERE = 30_000

async function together({ smacks }: { smacks: boolean }) {
  const server = await startProsody({ users: users('romeo', 'juliet'), smacks })
  const fleet = await startFleet(smacks ? 2 : 1, { server })
  const [owner, other] = fleet.instances as [TestGateway, TestGateway]
  const cell = { server, gateway: owner, store: 'redis' as const }
  const romeo = await openAccount(cell, 'romeo')
  const secret = { password: PASSWORD, create: 'configure', values: { password: PASSWORD } }
  const made = await romeo.api('PUT', PATH, { body: { nick: 'Romeo', ...secret } })
  assert.equal(made.status, 201, made.text)
  const juliet = await openClient(cell, 'juliet')
  juliet.send(`<presence to='${ROOM}/Juliet'><x xmlns='http://jabber.org/protocol/muc'><password>${PASSWORD}</password></x></presence>`)
  await juliet.next((one) => isPresence(one) && one.attributes.from === `${ROOM}/Juliet`)
  const stop = async () => {
    await juliet.stop()
    await fleet.stop()
    await server.stop()
  }
  return { fleet, owner, other, romeo, juliet, stop }
}

async function say(juliet: Client, body: string): Promise<void> {
  juliet.send(`<message to='${ROOM}' type='groupchat' id='${body}'><body>${body}</body></message>`)
  await juliet.next(withBody(body))
}

async function bodiesOf(gateway: TestGateway, session: string) {
  const page = await gateway.api('GET', '/events', { query: { session, types: 'message.received', limit: 1000 } })
  return page.body.data.map(({ data }: { data: { body: string; source?: string } }) => [data.body, data.source])
}

const isPresenceOfRomeo = ({ name, attributes }: { name: string; attributes: Readonly<Record<string, string>> }) =>
  name === 'presence' && attributes.from === `${ROOM}/Romeo`

describe('rooms', { concurrency: true }, () => {
  it('are neither left nor joined when the session moves to another instance', async () => {
    const { fleet, owner, other, romeo, juliet, stop } = await together({ smacks: true })
    let events: EventStream | undefined
    try {
      await say(juliet, 'one')
      await romeo.events.next((one) => one.data.body === 'one')
      await juliet.next(isPresenceOfRomeo)
      const { instance } = await fleet.instanceOf(romeo.id, owner)
      const [here, there] = instance === 'i0' ? [owner, other] : [other, owner]
      events = there.events({ session: romeo.id })
      await events.opened
      await here.stop()
      await onlineElsewhere(fleet, there, romeo.id, instance, ELSEWHERE)
      await say(juliet, 'two')
      await events.next((one) => one.data.body === 'two')
      const sent = await there.api('POST', '/messages', {
        query: { session: romeo.id, level: 'delivered' },
        headers: { prefer: 'wait=10' },
        body: { to: ROOM, body: 'three' },
      })
      assert.equal(sent.body.status, 'delivered', sent.text)
      const { body: room } = await there.api('GET', PATH, { query: { session: romeo.id } })
      assert.deepEqual([room.state, room.occupants], ['joined', 2])
      const rooms = await there.api('GET', '/events', { query: { session: romeo.id, types: 'room.joined,room.left', limit: 100 } })
      assert.deepEqual(
        rooms.body.data.map(({ type }: { type: string }) => type),
        ['room.joined'],
      )
      assert.ok(!juliet.stanzas.some(({ element }) => isPresenceOfRomeo(element)), 'nobody in the room saw anything')
    } finally {
      events?.socket.terminate()
      await stop()
    }
  })

  it('tell what was said while the session was away, once and in order', async () => {
    const { fleet, owner, romeo, juliet, stop } = await together({ smacks: false })
    try {
      await say(juliet, 'one')
      await romeo.events.next((one) => one.data.body === 'one')
      await owner.stop()
      await juliet.next((one) => isPresenceOfRomeo(one) && one.attributes.type === 'unavailable')
      const missed = Array.from({ length: 120 }, (_, number) => `missed ${number}`)
      for (const body of missed) juliet.send(`<message to='${ROOM}' type='groupchat' id='${body}'><body>${body}</body></message>`)
      await juliet.next(withBody('missed 119'))
      const next = await fleet.join()
      const events = next.events({ session: romeo.id, query: { after: 0 } })
      const left = await events.next(({ type }) => type === 'room.left', ELSEWHERE)
      assert.equal(left.data.reason, 'lost')
      await events.next(({ type, data }) => type === 'room.joined' && data.again === true, ELSEWHERE)
      assert.ok(!(await dumpOf(fleet.redis.url)).includes(PASSWORD), 'the password of the room is nowhere in the store')
      await say(juliet, 'now')
      await events.next((one) => one.data.body === 'now', ELSEWHERE)
      const told = await bodiesOf(next, romeo.id)
      assert.deepEqual(
        told.map(([body]: [string]) => body),
        ['one', ...missed, 'now'],
      )
      assert.deepEqual(told[1], ['missed 0', 'archive'])
      const gaps = await next.api('GET', '/events', { query: { session: romeo.id, types: 'events.gap', limit: 1000 } })
      assert.deepEqual(gaps.body.data, [], 'no gap')
      events.socket.terminate()
    } finally {
      await stop()
    }
  })
})
