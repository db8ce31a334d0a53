/** Messages to rooms whose stream ended before the server counted them: each is in the room once. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import { startProxy } from '../support/proxy.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isMessage, isPresence, openAccount, openClient, textOf, until, users, withBody } from './account.ts'

/** ms in which a session is back by itself */
const BACK = 30_000
/** bytes a second at which no answer comes in the time of a test */
const HARDLY = 10

// without stream management nothing is counted, so that a cut leaves it open
forEachCell(
  'messages to rooms',
  { only: ['prosody+redis', 'ejabberd+memory'], server: { users: users('romeo', 'juliet'), smacks: false } },
  (cell) => {
    let proxy: Awaited<ReturnType<typeof startProxy>>
    let romeo: Account
    let juliet: Client
    let rooms = 0

    before(async () => {
      proxy = await startProxy({ to: { port: cell().server.port } })
      romeo = await openAccount(cell(), 'romeo', { service: `xmpp://127.0.0.1:${proxy.port}` })
      juliet = await openClient(cell(), 'juliet')
    })
    after(async () => {
      await Promise.all([juliet?.stop(), romeo?.close()])
      await proxy?.stop()
    })

    /** Romeo makes a room, and Juliet comes. */
    async function together({ archive }: { archive: boolean }): Promise<string> {
      const room = `verona${++rooms}@conference.${cell().server.domain}`
      const body = { nick: 'Romeo', create: 'configure', values: { archive, persistent: true } }
      const made = await romeo.api('PUT', `/rooms/${encodeURIComponent(room)}`, { body })
      assert.equal(made.status, 201, made.text)
      assert.equal(made.body.features.archive, archive)
      juliet.send(`<presence to='${room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
      await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
      await ended(await romeo.say(room, 'Here I am'))
      await juliet.next((one) => isMessage(one) && one.attributes.from === `${room}/Romeo` && textOf(one, 'body') === 'Here I am')
      return room
    }
    const back = (room: string) =>
      romeo.events.next(({ type, data }) => type === 'room.joined' && data.room === room && data.again === true, BACK)
    const written = (id: string) =>
      until(async () =>
        (await romeo.api('GET', `/messages/${id}`)).body.history.some(({ status }: { status: string }) => status === 'sent'),
      )
    const heard = (body: string) => juliet.stanzas.filter(({ element }) => isMessage(element) && textOf(element, 'body') === body).length
    const ended = (id: string) =>
      romeo.events.next(({ type, subject }) => subject === id && ['message.delivered', 'message.failed'].includes(type), BACK)

    it('that came are found in the archive of the room', async () => {
      const room = await together({ archive: true })
      proxy.rate(HARDLY)
      const id = await romeo.say(room, 'heard')
      const { element } = await juliet.next(withBody('heard'))
      proxy.rate(0)
      proxy.cut()
      await back(room)
      assert.equal((await ended(id)).type, 'message.delivered')
      const { body } = await romeo.api('GET', `/messages/${id}`)
      const given = element.children.flatMap((one) => (typeof one === 'object' && one.name === 'stanza-id' ? one.attributes.id : []))
      assert.deepEqual([body.status, [body.stanzaId]], ['delivered', given])
      await romeo.say(room, 'after')
      await juliet.next(withBody('after'))
      assert.equal(heard('heard'), 0, 'it is in the room once')
      assert.deepEqual(
        romeo.events.events.filter(({ data }) => data.body === 'heard'),
        [],
      )
    })

    it('that did not come are sent again, in order', async () => {
      const room = await together({ archive: true })
      proxy.blackhole(true)
      const id = await romeo.say(room, 'unheard')
      await written(id)
      await romeo.say(room, 'next')
      proxy.cut()
      proxy.blackhole(false)
      await back(room)
      assert.equal((await ended(id)).type, 'message.delivered')
      const first = await juliet.next(
        (one) => isMessage(one) && one.attributes.from === `${room}/Romeo` && textOf(one, 'body') !== undefined,
      )
      assert.equal(textOf(first.element, 'body'), 'unheard')
      assert.equal(first.element.attributes.id, id)
      await juliet.next(withBody('next'))
      assert.equal(heard('unheard'), 0, 'it is in the room once')
    })

    it('are failed where the room has no archive', async () => {
      const room = await together({ archive: false })
      proxy.blackhole(true)
      const id = await romeo.say(room, 'who knows')
      await written(id)
      proxy.cut()
      proxy.blackhole(false)
      const { type, data } = await ended(id)
      assert.deepEqual([type, data.error.code], ['message.failed', 'outcome-unknown'])
      await back(room)
      await romeo.say(room, 'afterwards')
      await juliet.next(withBody('afterwards'))
      assert.equal(heard('who knows'), 0)
    })
  },
)
