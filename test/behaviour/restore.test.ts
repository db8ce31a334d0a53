import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import { startProxy } from '../support/proxy.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isMessage, openAccount, openClient, textOf, users } from './account.ts'

/** ms in which a session is back by itself: a few tries, each up to twice as late as the one before */
const BACK = 30_000

forEachCell('what was missed', { server: { users: users('romeo', 'juliet') } }, (cell) => {
  let proxy: Awaited<ReturnType<typeof startProxy>>
  let romeo: Account
  let juliet: Client

  before(async () => {
    proxy = await startProxy({ to: { port: cell().server.port } })
  })
  beforeEach(async () => {
    romeo = await openAccount(cell(), 'romeo', { service: `xmpp://127.0.0.1:${proxy.port}` })
    juliet = await openClient(cell(), 'juliet')
  })
  after(async () => {
    await juliet?.stop()
    await proxy?.stop()
  })

  const received = () =>
    romeo.events.events.filter(({ type }) => type === 'message.received').map(({ data }) => [data.body, data.source ?? 'live'])
  const write = (body: string) => juliet.send(`<message to='${romeo.jid}' type='chat' id='${body}'><body>${body}</body></message>`)
  const wasOffline = () => romeo.events.events.some(({ type }) => type === 'session.offline')
  /** the other client is served again: the server has taken all that it sent before */
  const taken = () => juliet.request({ type: 'get', to: cell().server.domain, payload: "<ping xmlns='urn:xmpp:ping'/>" })

  it('comes again when the link was cut and the stream could be resumed: nothing twice, nothing lost', async () => {
    write('before')
    await romeo.events.next((event) => event.data.body === 'before')
    proxy.refuse(true)
    proxy.cut()
    for (const body of ['r1', 'r2', 'r3']) write(body)
    await taken()
    const away = await romeo.say(juliet.jid.split('/')[0] as string, 'said while away')
    proxy.refuse(false)
    // session.online where a try in between was refused, so that the session was told to be offline
    await romeo.events.next(({ type }) => type === 'session.resumed' || (type === 'session.online' && wasOffline()), BACK)
    await romeo.events.next((event) => event.type === 'message.acked' && event.subject === away)
    const { element } = await juliet.next((one) => isMessage(one) && textOf(one, 'body') === 'said while away')
    assert.equal(element.attributes.id, away)
    write('after')
    await romeo.events.next((event) => event.data.body === 'after')
    assert.deepEqual(received(), [
      ['before', 'live'],
      ['r1', 'live'],
      ['r2', 'live'],
      ['r3', 'live'],
      ['after', 'live'],
    ])
    await romeo.close()
    await juliet.stop()
  })

  describe('after the server lost the stream', () => {
    it('is restored from the archive, in order and before what is new, and session.caught-up says so', async () => {
      write('before')
      await romeo.events.next((event) => event.data.body === 'before')
      proxy.refuse(true)
      proxy.cut()
      await juliet.stop()
      await cell().server.kill()
      await cell().server.start()
      juliet = await openClient(cell(), 'juliet')
      for (const body of ['m1', 'm2', 'm3']) write(body)
      await taken()
      proxy.refuse(false)
      const caught = await romeo.events.next('session.caught-up', BACK)
      assert.equal(caught.data.restored, 3)
      assert.equal(caught.data.id, romeo.id)
      write('after')
      await romeo.events.next((event) => event.data.body === 'after')
      assert.deepEqual(received(), [
        ['before', 'live'],
        ['m1', 'archive'],
        ['m2', 'archive'],
        ['m3', 'archive'],
        ['after', 'live'],
      ])
      assert.ok(romeo.events.events.some(({ type }) => type === 'session.offline'))
      const { data } = (await romeo.api('GET', '/messages', { query: { with: juliet.jid.split('/')[0] as string } })).body
      assert.ok(data.some((message: { body: string }) => message.body === 'm2'))
      await romeo.close()
      await juliet.stop()
    })

    it('messages of unknown fate arrive once: those in the archive count, the others go again with the same id', async () => {
      const to = juliet.jid.split('/')[0] as string
      const sent = await romeo.say(to, 'surely there')
      await romeo.events.next((event) => event.type === 'message.acked' && event.subject === sent)
      proxy.blackhole(true)
      const unknown = await romeo.say(to, 'who knows')
      await romeo.events.next((event) => event.type === 'message.sent' && event.subject === unknown)
      await juliet.stop()
      await cell().server.kill()
      await cell().server.start()
      juliet = await openClient(cell(), 'juliet')
      proxy.cut()
      proxy.blackhole(false)
      await romeo.events.next((event) => event.type === 'message.acked' && event.subject === unknown, BACK)
      const { element } = await juliet.next((one) => isMessage(one) && textOf(one, 'body') === 'who knows', BACK)
      assert.equal(element.attributes.id, unknown)
      await romeo.close()
    })
  })
})

const wide = { server: { users: users('romeo', 'juliet') }, gateway: { env: { STANZA_LIMIT: '1MiB' } } }
forEachCell('a message that the server ends the stream over', wide, (cell) => {
  it('fails, and those around it arrive', async () => {
    const romeo = await openAccount(cell(), 'romeo')
    const juliet = await openClient(cell(), 'juliet')
    try {
      const to = juliet.jid.split('/')[0] as string
      // more than either server takes in one stanza
      const much = 'x'.repeat(900_000)
      await romeo.say(to, 'before')
      const bad = await romeo.say(to, much)
      await romeo.say(to, 'after')
      const failed = await romeo.events.next((event) => event.type === 'message.failed' && event.subject === bad, BACK)
      assert.equal(failed.data.error.code, 'refused')
      await juliet.next((one) => isMessage(one) && textOf(one, 'body') === 'after', BACK)
    } finally {
      await romeo.close()
      await juliet.stop()
    }
  })
})
