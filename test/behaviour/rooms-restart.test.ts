/** A room service that goes away and comes back: of many rooms nothing is lost or told twice, and what is told of them is true. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import { startProxy } from '../support/proxy.ts'
import { type Account, isPresence, openAccount, openClient, users, withBody } from './account.ts'

const COUNT = 50
/** ms in which a session is back by itself, in all of its rooms */
const BACK = 60_000

forEachCell('many rooms', { only: ['prosody+redis', 'ejabberd+memory'], server: { users: users('romeo', 'juliet') } }, (cell) => {
  let proxy: Awaited<ReturnType<typeof startProxy>>
  let romeo: Account

  before(async () => {
    proxy = await startProxy({ to: { port: cell().server.port } })
    romeo = await openAccount(cell(), 'romeo', { service: `xmpp://127.0.0.1:${proxy.port}` })
  })
  after(async () => {
    await romeo?.close()
    await proxy?.stop()
  })

  /** Juliet comes into all of them, says something in each, and goes. */
  async function said(rooms: readonly string[], ...words: string[]): Promise<void> {
    const juliet = await openClient(cell(), 'juliet')
    for (const room of rooms) {
      juliet.send(`<presence to='${room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`)
      await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
      for (const body of words) {
        juliet.send(`<message to='${room}' type='groupchat' id='${body}'><body>${body}</body></message>`)
        await juliet.next(withBody(body))
      }
    }
    await juliet.stop()
  }

  it('are joined again after a restart of their service, and what was said meanwhile comes once and in order', async () => {
    const rooms = Array.from({ length: COUNT }, (_, number) => `verona${number}@conference.${cell().server.domain}`)
    const body = { nick: 'Romeo', create: 'configure', values: { persistent: true, archive: true } }
    const made = await Promise.all(rooms.map((room) => romeo.api('PUT', `/rooms/${encodeURIComponent(room)}`, { body })))
    for (const { status, text } of made) assert.equal(status, 201, text)
    await said(rooms, 'before')
    await Promise.all(rooms.map((room) => romeo.events.next(({ data }) => data.body === 'before' && data.room?.jid === room)))
    proxy.refuse(true)
    await cell().server.restart()
    await said(rooms, 'missed', 'missed too')
    proxy.refuse(false)
    await Promise.all(
      rooms.map((room) => romeo.events.next(({ type, data }) => type === 'room.joined' && data.room === room && data.again === true, BACK)),
    )
    await said(rooms, 'after')
    await Promise.all(rooms.map((room) => romeo.events.next(({ data }) => data.body === 'after' && data.room?.jid === room, BACK)))
    const types = 'message.received,room.joined,room.left,room.failed,events.gap'
    const page = await romeo.api('GET', '/events', { query: { types, limit: 1000 } })
    const told = new Map(rooms.map((room) => [room, [] as string[]]))
    for (const { type, data } of page.body.data) {
      const room: string = data.room?.jid ?? data.room
      told.get(room)?.push(data.body ?? type)
    }
    for (const [room, events] of told) {
      assert.deepEqual(
        events.filter((one) => !one.startsWith('room.')),
        ['before', 'missed', 'missed too', 'after'],
        room,
      )
      assert.deepEqual(
        events.filter((one) => one.startsWith('room.')),
        ['room.joined', 'room.left', 'room.joined'],
        room,
      )
    }
    const list = await romeo.api('GET', '/rooms', { query: { limit: 100 } })
    assert.deepEqual([...new Set(list.body.data.map(({ state }: { state: string }) => state))], ['joined'])
  })
})
