/** A component (XEP-0114): one session that speaks for every address of a domain. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import type { EventStream } from '../support/event-stream.ts'
import type { HttpAnswer } from '../support/gateway.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { isMessage, isPresence, openClient, textOf, until, users, withBody } from './account.ts'

const DOMAIN = 'bots.localhost'
/** another one of the same server */
const OTHER = 'others.localhost'
const SECRET = 'it-is-the-east'
const [MERCUTIO, TYBALT] = [`mercutio@${DOMAIN}`, `tybalt@${DOMAIN}`]
const ROOM = 'square@conference.localhost'

const only = ['prosody+redis', 'ejabberd+memory'] as const

forEachCell(
  'components',
  { only, server: { users: users('romeo', 'juliet'), components: { [DOMAIN]: SECRET, [OTHER]: SECRET } } },
  (cell) => {
    let romeo: Client
    let juliet: Client
    let session: string
    let events: EventStream

    const open = (more: object = {}) =>
      cell().gateway.api('POST', '/sessions', {
        body: { component: DOMAIN, secret: SECRET, service: cell().server.componentService, handles: ['urn:example:oracle'], ...more },
      })
    const api = (method: string, path: string, body?: object, query: Record<string, string> = {}): Promise<HttpAnswer> =>
      cell().gateway.api(method, path, { query: { session: DOMAIN, ...query }, ...(body && { body }) })
    const event = (type: string, to: string, more: (data: Record<string, unknown>) => boolean = () => true) =>
      events.next(
        (one) => one.type === type && (one.data as { to?: string }).to?.split('/')[0] === to && more(one.data as Record<string, unknown>),
      )
    const presenceFrom = (from: string, type?: string) => (element: Element) =>
      isPresence(element) && element.attributes.from === from && element.attributes.type === type

    before(async () => {
      const opened = await open()
      assert.deepEqual([opened.status, opened.body.jid, opened.body.state], [201, DOMAIN, 'online'], opened.text)
      session = opened.body.id
      events = cell().gateway.events({ session })
      await events.opened
      romeo = await openClient(cell(), 'romeo', { autoAnswer: true })
      juliet = await openClient(cell(), 'juliet', { autoAnswer: true })
    })
    after(async () => {
      await Promise.all([romeo?.stop(), juliet?.stop()])
      events?.socket.terminate()
      if (session) await cell().gateway.api('DELETE', `/sessions/${session}`)
    })

    it('is found by its domain, and a repeat joins it', async () => {
      const again = await open()
      assert.deepEqual([again.status, again.body.id], [200, session])
      const read = await cell().gateway.api('GET', `/sessions/${session}`)
      assert.deepEqual([read.body.connections[0].jid, read.body.component], [DOMAIN, true])
      assert.ok(!again.text.includes(SECRET))
      const change = (body: object) => cell().gateway.api('PATCH', `/sessions/${session}`, { body })
      const changed = await change({ handles: ['urn:example:oracle', 'urn:example:other'] })
      assert.deepEqual(changed.body.handles, ['urn:example:oracle', 'urn:example:other'], changed.text)
      assert.deepEqual(
        [(await change({ secret: 'another' })).body.code, (await change({ secret: SECRET })).status],
        ['xmpp-authentication-failed', 200],
      )
      assert.equal((await change({ connections: 2 })).body.errors[0].path, 'body.connections')
    })

    it('talks as any address with any account, and says which', async () => {
      const sent = await cell().gateway.api('POST', '/messages', {
        query: { session: DOMAIN },
        headers: { prefer: 'wait=10' },
        body: { from: MERCUTIO, to: romeo.jid, body: 'A plague!' },
      })
      assert.deepEqual([sent.status, sent.body.status], [200, 'acked'], sent.text)
      const record = await cell().gateway.api('GET', `/messages/${sent.body.id}`)
      assert.deepEqual([record.body.from, record.body.ackBy], [MERCUTIO, 'ping'])
      assert.equal((await romeo.next(withBody('A plague!'))).element.attributes.from, MERCUTIO)
      await api('POST', '/messages/batch', {
        messages: [
          { from: TYBALT, to: juliet.jid, body: 'one' },
          { from: `${DOMAIN}/x`, to: juliet.jid, body: 'two' },
        ],
      })
      assert.equal((await juliet.next(withBody('one'))).element.attributes.from, TYBALT)
      assert.equal((await juliet.next(withBody('two'))).element.attributes.from, `${DOMAIN}/x`)

      romeo.send(`<message to='${TYBALT}' type='chat' id='m1'><body>Tybalt?</body></message>`)
      juliet.send(`<message to='${MERCUTIO}' type='chat' id='m1'><body>Tybalt?</body></message>`)
      const [ofRomeo, ofJuliet] = await Promise.all([event('message.received', TYBALT), event('message.received', MERCUTIO)])
      assert.deepEqual([(ofRomeo.data as { from: string }).from, (ofJuliet.data as { from: string }).from], [romeo.jid, juliet.jid])
    })

    it('fails a message that comes back', async () => {
      const sent = await api('POST', '/messages', { from: TYBALT, to: 'nobody@nowhere.localhost', body: 'Lost' })
      assert.equal(sent.status, 202)
      await events.next(({ type, subject }) => type === 'message.failed' && subject === sent.body.id)
    })

    it('speaks for no address of another domain, by no route, and an account for none at all', async () => {
      const stranger = 'romeo@localhost'
      const to = juliet.jid
      const requests = [
        api('POST', '/messages', { from: stranger, to, body: 'x' }),
        api('POST', '/presence', { from: stranger, to, type: 'subscribe' }),
        api('PUT', '/presence', { from: stranger }),
        api('DELETE', '/presence', undefined, { from: stranger }),
        api('POST', '/iq', { from: stranger, type: 'get', to, payload: { ping: {} } }),
        api('POST', '/stanzas', { message: { from: stranger, to, body: 'x' } }),
        api('PUT', `/rooms/${ROOM}`, { from: stranger, nick: 'x' }),
        api('GET', '/rooms', undefined, { from: `a@x.${DOMAIN}` }),
      ]
      for (const { status, body } of await Promise.all(requests)) assert.deepEqual([status, body.code], [422, 'from-not-allowed'])
      const batch = await api('POST', '/messages/batch', { messages: [{ from: stranger, to, body: 'x' }] })
      assert.equal(batch.body.data[0].error.code, 'from-not-allowed')
      const silent = [
        api('POST', '/messages', { to, body: 'x' }),
        api('POST', '/presence', { to }),
        api('PUT', '/presence', {}),
        api('POST', '/iq', { type: 'get', to, payload: { ping: {} } }),
        api('POST', '/stanzas', { message: { to, body: 'x' } }),
        api('PUT', `/rooms/${ROOM}`, { nick: 'x' }),
      ]
      for (const { status, body } of await Promise.all(silent)) assert.deepEqual([status, body.code], [400, 'invalid-request'])

      const { gateway, server } = cell()
      const account = await gateway.login({ jid: 'romeo@localhost', ...{ password: users('romeo').romeo!, service: server.service } })
      const asAccount = (method: string, path: string, body: object) => gateway.api(method, path, { query: { session: account.id }, body })
      for (const answer of await Promise.all([
        asAccount('POST', '/messages', { from: account.jid, to, body: 'x' }),
        asAccount('PUT', '/presence', { from: account.jid }),
        asAccount('POST', '/stanzas', { message: { from: MERCUTIO, to, body: 'x' } }),
      ]))
        assert.deepEqual([answer.status, answer.body.code], [422, 'from-not-allowed'])
      assert.equal((await asAccount('POST', '/stanzas', { message: { from: account.jid, to, body: 'mine' } })).status, 202)
      await gateway.api('DELETE', `/sessions/${account.id}`)
    })

    it('has no roster, archive or carbons', async () => {
      const answers = await Promise.all([
        api('GET', '/roster'),
        api('PUT', '/roster/juliet%40localhost', {}),
        api('GET', '/messages'),
        api('GET', '/presence'),
        api('GET', '/blocklist'),
        api('GET', '/profile'),
        api('GET', '/capabilities'),
      ])
      for (const { status, body } of answers) assert.deepEqual([status, body.code], [501, 'not-for-components'])
    })

    it('is asked for subscriptions, remembers its answers, and shows each what an address shows', async () => {
      romeo.send(`<presence to='${MERCUTIO}' type='subscribe'/>`)
      const asked = await event('subscription.requested', MERCUTIO)
      assert.equal(asked.subject, 'romeo@localhost')
      assert.equal((await api('PUT', '/presence', { from: `${MERCUTIO}/wit`, status: 'Jesting' })).status, 200)
      assert.equal((await api('POST', '/presence', { from: MERCUTIO, to: 'romeo@localhost', type: 'subscribed' })).status, 202)
      assert.equal(textOf((await romeo.next(presenceFrom(`${MERCUTIO}/wit`))).element, 'status'), 'Jesting')
      assert.equal((await api('PUT', '/presence', { from: `${MERCUTIO}/wit`, show: 'away' })).status, 200)
      assert.equal(textOf((await romeo.next(presenceFrom(`${MERCUTIO}/wit`))).element, 'show'), 'away')
      // who comes later is told by the answer to a probe
      const later = await openClient(cell(), 'romeo', { resource: 'later' })
      assert.equal(textOf((await later.next(presenceFrom(`${MERCUTIO}/wit`))).element, 'show'), 'away')
      await later.stop()
      // nobody else may see it
      juliet.send(`<presence to='${MERCUTIO}' type='probe'/>`)
      assert.equal((await api('DELETE', '/presence', undefined, { from: `${MERCUTIO}/wit` })).status, 204)
      await romeo.next(presenceFrom(`${MERCUTIO}/wit`, 'unavailable'))
      assert.ok(
        !juliet.stanzas.some(
          ({ element }) => isPresence(element) && element.attributes.type === undefined && element.attributes.from?.startsWith(MERCUTIO),
        ),
      )
      assert.equal((await api('PUT', '/presence', { from: `${MERCUTIO}/wit`, status: 'Back' })).status, 200)
      await romeo.next(presenceFrom(`${MERCUTIO}/wit`))

      assert.equal((await api('POST', '/presence', { from: TYBALT, to: 'juliet@localhost', type: 'subscribe' })).status, 202)
      await juliet.next(presenceFrom(TYBALT, 'subscribe'))
      juliet.send(`<presence to='${TYBALT}' type='subscribed'/>`)
      await event('subscription.approved', TYBALT)
      await event('presence.available', TYBALT, ({ from }) => from === juliet.jid)
    })

    it('answers requests itself, or has its caller answer them, for the domain and each address', async () => {
      for (const to of [DOMAIN, TYBALT, `${MERCUTIO}/wit`]) {
        const info = await juliet.request({ type: 'get', to, payload: "<query xmlns='http://jabber.org/protocol/disco#info'/>" })
        assert.deepEqual([info.attributes.type, info.attributes.from], ['result', to])
      }
      const refused = await juliet.request({ type: 'get', to: TYBALT, payload: "<q xmlns='urn:example:unknown'/>" })
      assert.equal(refused.attributes.type, 'error')
      const pending = juliet.request({ type: 'get', to: TYBALT, payload: "<q xmlns='urn:example:oracle'/>" })
      const requested = await event('iq.requested', TYBALT)
      assert.equal((await api('POST', `/iq/${requested.subject}/reply`, { xml: "<a xmlns='urn:example:oracle'>42</a>" })).status, 204)
      const answer = await pending
      assert.deepEqual([answer.attributes.from, textOf(answer, 'a')], [TYBALT, '42'])

      const asked = await api('POST', '/iq', { from: TYBALT, type: 'get', to: juliet.jid, payload: { version: {} } })
      assert.deepEqual([asked.status, asked.body.from], [200, juliet.jid], asked.text)
      const raw = await api('POST', '/stanzas', { iq: { from: TYBALT, type: 'get', to: 'localhost', payload: { ping: {} } } })
      await events.next(({ type, subject }) => type === 'iq.completed' && subject === raw.body.id)
    })

    it('is in a room as two, each with its own nick', async () => {
      romeo.send(`<presence to='${ROOM}/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
      await romeo.next((element) => isPresence(element) && element.attributes.from === `${ROOM}/romeo`)
      romeo.send(
        `<iq type='set' to='${ROOM}' id='unlock'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`,
      )
      const [one, two] = await Promise.all([
        api('PUT', `/rooms/${ROOM}`, { from: MERCUTIO, nick: 'Mercutio' }),
        api('PUT', `/rooms/${ROOM}`, { from: TYBALT, nick: 'Tybalt' }),
      ])
      assert.deepEqual([one.status, one.body.nick, two.status, two.body.nick], [200, 'Mercutio', 200, 'Tybalt'], one.text + two.text)
      await Promise.all([event('room.joined', MERCUTIO), event('room.joined', TYBALT)])
      const said = await api('POST', '/messages', { from: MERCUTIO, to: ROOM, body: 'Tybalt, you rat-catcher' })
      assert.equal((await romeo.next(withBody('Tybalt, you rat-catcher'))).element.attributes.from, `${ROOM}/Mercutio`)
      await events.next(({ type, subject }) => type === 'message.delivered' && subject === said.body.id)
      const heard = await event('message.received', TYBALT, ({ body }) => body === 'Tybalt, you rat-catcher')
      assert.deepEqual([heard.subject, (heard.data as { room: { nick: string; own: boolean } }).room.own], [ROOM, false])
      romeo.send(`<message to='${ROOM}' type='groupchat' id='both'><body>I do but keep the peace</body></message>`)
      const isIt = ({ body }: Record<string, unknown>) => body === 'I do but keep the peace'
      await Promise.all([event('message.received', MERCUTIO, isIt), event('message.received', TYBALT, isIt)])
      const rooms = await api('GET', '/rooms', undefined, { from: TYBALT })
      assert.deepEqual(
        rooms.body.data.map(({ room, nick }: { room: string; nick: string }) => [room, nick]),
        [[ROOM, 'Tybalt']],
      )
      const all = await api('GET', '/rooms')
      assert.deepEqual(all.body.data.map(({ from }: { from: string }) => from).sort(), [MERCUTIO, TYBALT])
      assert.equal((await api('DELETE', `/rooms/${ROOM}`, undefined, { from: TYBALT })).status, 204)
      await event('room.left', TYBALT)
      const late = await api('POST', '/messages', { from: TYBALT, to: ROOM, type: 'groupchat', body: 'x' })
      assert.deepEqual([late.status, late.body.code], [409, 'room-not-joined'])
    })

    it('is refused with a wrong secret, an unknown domain, another place, and a service that is not its own', async () => {
      const { gateway, server } = cell()
      const wrong = await open({ secret: 'it-is-not' })
      assert.deepEqual([wrong.status, wrong.body.code], [422, 'xmpp-authentication-failed'])
      const unknown = await open({ component: 'unknown.localhost' })
      // ejabberd does not tell what it does not know from what it does not believe
      const code = server.kind === 'prosody' ? 'xmpp-unreachable' : 'xmpp-authentication-failed'
      assert.equal(unknown.body.code, code, unknown.text)
      for (const service of ['xmpp://192.0.2.1:5347', 'xmpp://10.0.0.1:5347', 'xmpps://127.0.0.1:5347', 'wss://127.0.0.1/x']) {
        const far = await open({ component: 'far.localhost', service })
        assert.deepEqual([far.status, far.body.code], [422, 'address-not-allowed'], service)
      }
      const fault = async (body: object) => (await gateway.api('POST', '/sessions', { body })).body.errors?.[0].path
      assert.equal(await fault({ component: DOMAIN, secret: SECRET }), 'body.service')
      assert.equal(await fault({ component: DOMAIN, service: server.componentService }), 'body.secret')
      assert.equal(await fault({ component: DOMAIN, secret: SECRET, service: server.componentService, jid: 'romeo@localhost' }), 'body.jid')
      assert.equal((await open({ component: `a@${DOMAIN}` })).body.code, 'jid-malformed')
      const state = await gateway.api('GET', `/sessions/${session}`)
      assert.equal(state.body.state, 'online')
      for (const { line } of gateway.logs) assert.ok(!line.includes(SECRET))
    })

    it('comes online once the right secret is told', async () => {
      const { gateway, server } = cell()
      const body = { component: OTHER, secret: 'it-is-not', service: server.componentService }
      const started = await gateway.api('POST', '/sessions', { body, headers: { prefer: 'respond-async' } })
      assert.equal(started.status, 202)
      const state = async () => (await gateway.api('GET', `/sessions/${started.body.id}`)).body.state
      await until(async () => (await state()) === 'auth-failed')
      const right = await gateway.api('POST', '/sessions', { body: { ...body, secret: SECRET } })
      assert.deepEqual([right.status, right.body.id, right.body.state], [200, started.body.id, 'online'], right.text)
      await gateway.api('DELETE', `/sessions/${started.body.id}`)
    })

    it('goes on after a restart of the server: what was accepted meanwhile goes, presence is told anew, the room is joined again', async () => {
      await cell().server.halt()
      await events.next(({ type }) => type === 'session.offline')
      const accepted = []
      for (let n = 0; n < 5; n += 1)
        accepted.push(await api('POST', '/messages', { from: MERCUTIO, to: 'romeo@localhost', body: `later ${n}` }))
      assert.deepEqual(new Set(accepted.map(({ status }) => status)), new Set([202]))
      await cell().server.start()
      await events.next(({ type }) => type === 'events.gap', 60_000)
      await events.next(({ type }) => type === 'session.caught-up', 60_000)
      const back = await openClient(cell(), 'romeo', { autoAnswer: true })
      assert.equal(textOf((await back.next(presenceFrom(`${MERCUTIO}/wit`), 20_000)).element, 'status'), 'Back')
      for (let n = 0; n < 5; n += 1) await back.next((element) => isMessage(element) && textOf(element, 'body') === `later ${n}`)
      await event('room.joined', MERCUTIO, ({ again }) => again === true)
      await until(async () => (await cell().gateway.api('GET', `/sessions/${session}`)).body.outbox.length === 0)
      await back.stop()
    })

    it('says that its addresses go before its stream ends', async () => {
      const watching = await openClient(cell(), 'romeo')
      await watching.next(presenceFrom(`${MERCUTIO}/wit`))
      await cell().gateway.api('DELETE', `/sessions/${session}`, { query: { status: 'Farewell' } })
      const { element } = await watching.next(presenceFrom(`${MERCUTIO}/wit`, 'unavailable'))
      assert.equal(textOf(element, 'status'), 'Farewell')
      await watching.stop()
      session = ''
    })
  },
)
