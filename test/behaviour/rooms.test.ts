/** Rooms on real servers, with slixmpp as another occupant. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, isMessage, isPresence, openAccount, openClient, users, withBody } from './account.ts'

const JOIN = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"

forEachCell('rooms', { server: { users: users('romeo', 'juliet', 'nurse') } }, (cell) => {
  let romeo: Account
  let juliet: Client
  let rooms = 0

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
  })
  after(async () => {
    await romeo?.close()
    await juliet?.stop()
  })

  const newRoom = () => `verona${++rooms}@conference.${cell().server.domain}`
  const path = (room: string, rest = '') => `/rooms/${encodeURIComponent(room)}${rest}`

  /** Romeo makes a room; Juliet comes in. */
  async function together(body: object = { nick: 'Romeo' }): Promise<string> {
    const room = newRoom()
    const made = await romeo.api('PUT', path(room), { body })
    assert.equal(made.status, 201, made.text)
    await comes(room)
    return room
  }
  async function comes(room: string, nick = 'Juliet'): Promise<void> {
    juliet.send(`<presence to='${room}/${nick}'>${JOIN}</presence>`)
    await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/${nick}`)
    await romeo.events.next((event) => event.type === 'room.occupant-joined' && event.data.room === room && event.data.nick === nick)
  }

  it('are made, read, and left', async () => {
    const room = newRoom()
    const made = await romeo.api('PUT', path(room), { body: {} })
    assert.equal(made.status, 201, made.text)
    assert.equal(made.headers.get('location'), path(room))
    assert.deepEqual(
      { room: made.body.room, nick: made.body.nick, state: made.body.state, role: made.body.role, affiliation: made.body.affiliation },
      { room, nick: 'romeo', state: 'joined', role: 'moderator', affiliation: 'owner' },
    )
    assert.equal(made.body.created, true)
    const joined = await romeo.events.next(({ type, subject }) => type === 'room.joined' && subject === room)
    assert.deepEqual(joined.data, { room, nick: 'romeo', created: true })
    const again = await romeo.api('PUT', path(room), { body: {} })
    assert.equal(again.status, 200, again.text)
    const list = await romeo.api('GET', '/rooms')
    assert.ok(list.body.data.some((one: { room: string }) => one.room === room))
    const left = await romeo.api('DELETE', path(room))
    assert.equal(left.status, 204, left.text)
    const told = await romeo.events.next(({ type, subject }) => type === 'room.left' && subject === room)
    assert.deepEqual(told.data, { room, reason: 'left' })
    const gone = await romeo.api('GET', path(room))
    assert.deepEqual([gone.status, gone.body.code], [404, 'room-not-found'])
    assert.equal((await romeo.api('DELETE', path(room))).body.code, 'room-not-found')
  })

  it('tell who comes and goes', async () => {
    const room = await together()
    const read = await romeo.api('GET', path(room))
    assert.equal(read.body.occupants, 2)
    juliet.send(`<presence to='${room}/Juliet'><show>away</show></presence>`)
    const changed = await romeo.events.next(({ type, data }) => type === 'room.occupant-changed' && data.room === room)
    assert.deepEqual([changed.data.nick, changed.data.presence.show], ['Juliet', 'away'])
    juliet.send(`<presence to='${room}/Giulietta'/>`)
    const renamed = await romeo.events.next(({ type, data }) => type === 'room.nick-changed' && data.room === room)
    assert.deepEqual([renamed.data.from, renamed.data.to], ['Juliet', 'Giulietta'])
    juliet.send(`<presence to='${room}/Giulietta' type='unavailable'/>`)
    const left = await romeo.events.next(({ type, data }) => type === 'room.occupant-left' && data.room === room)
    assert.deepEqual([left.data.nick, left.data.reason], ['Giulietta', 'left'])
    const others = romeo.events.events.filter(({ type, subject }) => type.startsWith('presence.') && subject === room)
    assert.deepEqual(others, [])
  })
  void inner
  void isMessage
  void withBody
})
