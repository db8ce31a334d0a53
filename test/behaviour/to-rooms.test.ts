/** What is sent to a room is of one kind, by whichever way it is sent: a message, a file, a hook of another service. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { child } from '../../src/xml/element.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isMessage, isPresence, openAccount, openClient, users } from './account.ts'

const MUC_ADMIN = 'http://jabber.org/protocol/muc#admin'
const MUC_OWNER = 'http://jabber.org/protocol/muc#owner'

forEachCell('what is sent to rooms', { only: ['prosody+redis'], server: { users: users('romeo', 'juliet') } }, (cell) => {
  let romeo: Account
  let juliet: Client
  let room: string

  /** Each answers the id of the message, or the code of the problem. */
  const ways: Record<string, (to: string) => Promise<string>> = {
    message: async (to) => {
      const { body } = await romeo.api('POST', '/messages', { body: { to, body: 'Good morrow' } })
      return body.id ?? body.code
    },
    'one of a batch': async (to) => {
      const { body } = await romeo.api('POST', '/messages/batch', { body: { messages: [{ to, body: 'Good morrow' }] } })
      return body.data[0].message?.id ?? body.data[0].error.code
    },
    file: async (to) => {
      const headers = { 'content-type': 'text/plain' }
      const { body } = await romeo.api('POST', '/uploads', { query: { to, fileName: 'a.txt' }, body: 'Good morrow', headers })
      return body.message?.id ?? body.code
    },
    hook: async (to) => {
      const made = await cell().gateway.api('POST', '/hooks', { body: { name: 'hook', session: romeo.id, to, format: 'text' } })
      const answer = await fetch(made.body.url, { method: 'POST', body: 'Good morrow', headers: { 'content-type': 'text/plain' } })
      const body = (await answer.json()) as { id?: string; code?: string }
      return body.id ?? String(body.code)
    },
  }

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
    room = `verona@conference.${cell().server.domain}`
    juliet.send(`<presence to='${room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
    await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
    await juliet.request({ type: 'set', to: room, payload: `<query xmlns='${MUC_OWNER}'><x xmlns='jabber:x:data' type='submit'/></query>` })
    const joined = await romeo.api('PUT', `/rooms/${encodeURIComponent(room)}`, { body: { nick: 'Romeo' } })
    assert.equal(joined.status, 200, joined.text)
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
  })

  for (const [name, send] of Object.entries(ways)) {
    it(`${name}: all in the room hear it`, async () => {
      const id = await send(room)
      const { element } = await juliet.next((one) => isMessage(one) && one.attributes.id === id)
      assert.deepEqual([element.attributes.type, element.attributes.from], ['groupchat', `${room}/Romeo`])
    })

    it(`${name}: one in the room hears it alone`, async () => {
      const id = await send(`${room}/Juliet`)
      const { element } = await juliet.next((one) => isMessage(one) && one.attributes.id === id)
      assert.equal(element.attributes.type, 'chat')
      assert.ok(child(element, 'x', 'http://jabber.org/protocol/muc#user'))
    })
  }

  it('is refused where the session was taken out of the room, and no file is put anywhere for it', async () => {
    const payload = `<query xmlns='${MUC_ADMIN}'><item nick='Romeo' role='none'/></query>`
    await juliet.request({ type: 'set', to: room, payload })
    await romeo.events.next('room.left')
    for (const [name, send] of Object.entries(ways)) assert.equal(await send(room), 'room-not-joined', name)
  })
})
