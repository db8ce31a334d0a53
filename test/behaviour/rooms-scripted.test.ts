/** Rooms of a service that says what no real one can be made to say, with occupants that lie. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Element, elements } from '../../src/xml/element.ts'
import { CARBONS, refusal, result, serveAccount } from '../support/fake-account.ts'
import { type FakeServer, type Peer, startFakeServer } from '../support/fake-server.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type Account, openAccount, until } from './account.ts'

const INFO = 'http://jabber.org/protocol/disco#info'
const PING = 'urn:xmpp:ping'
const USER = 'http://jabber.org/protocol/muc#user'
const ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
/** ms in which a room that is tried again is joined */
const TRIED_AGAIN = 15_000

interface Script {
  /** hears each presence and message to the room */
  heard: (stanza: Element) => void
  features?: readonly string[]
  reserved?: string
  ping?: (iq: Element) => string
}

describe('a room service', () => {
  const scripts = new Map<string, Script>()
  let peer: Peer
  let server: FakeServer
  let gateway: TestGateway
  let ada: Account
  let rooms = 0

  before(async () => {
    server = await startFakeServer(async (of) => {
      peer = of
      await serveAccount(of, {
        heard: (stanza) => scripts.get(roomOf(stanza))?.heard(stanza),
        answers: {
          [CARBONS]: result,
          [INFO]: answerInfo,
          [PING]: (iq) => scripts.get(roomOf(iq))?.ping?.(iq) ?? result(iq),
        },
      })
    })
    gateway = await startGateway({ server })
    const cell = { server: { ...server, domain: 'localhost' }, gateway, store: 'memory' } as unknown as Parameters<typeof openAccount>[0]
    ada = await openAccount(cell, 'ada')
  })
  after(async () => {
    await ada?.close()
    await gateway?.stop()
    await server?.stop()
  })

  const roomOf = ({ attributes: { to = '' } }: Element) => to.split('/')[0] as string
  const path = (room: string, rest = '') => `/rooms/${encodeURIComponent(room)}${rest}`

  function answerInfo(iq: Element): string {
    const { features = [], reserved } = scripts.get(roomOf(iq)) ?? {}
    const identity =
      elements(iq)[0]?.attributes.node === 'x-roomuser-item' && reserved
        ? `<identity category='conference' type='text' name='${reserved}'/>`
        : ''
    return result(iq, `<query xmlns='${INFO}'>${identity}${features.map((feature) => `<feature var='${feature}'/>`).join('')}</query>`)
  }

  function newRoom(script: Omit<Script, 'heard'> & { heard?: (stanza: Element, room: string) => void } = {}): string {
    const room = `room${++rooms}@rooms.localhost`
    const { heard = (stanza) => isJoin(stanza) && letIn(stanza) } = script
    scripts.set(room, { ...script, heard: (stanza) => heard(stanza, room) })
    return room
  }
  const isJoin = (stanza: Element) => stanza.name === 'presence' && stanza.attributes.type === undefined
  const presence = (
    from: string,
    codes: readonly number[] = [],
    { type = '', item = "affiliation='none' role='participant'", more = '' } = {},
  ) =>
    peer.write(
      `<presence from='${from}' to='${ada.full}'${type && ` type='${type}'`}>${more}<x xmlns='${USER}'><item ${item}/>${codes.map((code) => `<status code='${code}'/>`).join('')}</x></presence>`,
    )
  const letIn = ({ attributes: { to = '' } }: Element, more = '') => presence(to, [110], { more })
  const refuse = ({ attributes: { to = '' } }: Element, condition: string, type: string) =>
    peer.write(
      `<presence from='${to}' to='${ada.full}' type='error'><error type='${type}'><${condition} xmlns='${ERRORS}'/></error></presence>`,
    )
  const says = (from: string, body: string, more = '', id = body) =>
    peer.write(`<message from='${from}' to='${ada.full}' type='groupchat' id='${id}'><body>${body}</body>${more}</message>`)

  const join = async (room: string, body: object = { nick: 'Ada' }, headers = {}) => await ada.api('PUT', path(room), { body, headers })
  async function joined(script: Parameters<typeof newRoom>[0] = {}): Promise<string> {
    const room = newRoom(script)
    const answer = await join(room)
    assert.equal(answer.status, 200, answer.text)
    return room
  }
  const told = (room: string) =>
    ada.events.events.flatMap(({ subject, type }) => (subject === room && type.startsWith('room.') ? type : []))
  const next = (room: string, type: string, ms?: number) => ada.events.next((event) => event.type === type && event.data.room === room, ms)
  /** what came before is taken in then */
  async function settled(room: string): Promise<void> {
    const body = `settled ${Math.random()}`
    says(`${room}/Bob`, body)
    await ada.events.next(({ data }) => data.body === body)
  }

  describe('that does not let a session in', () => {
    const table: [condition: string, type: string, status: number, isTriedAgain: boolean][] = [
      ['not-authorized', 'auth', 403, false],
      ['registration-required', 'auth', 403, false],
      ['forbidden', 'auth', 403, false],
      ['conflict', 'cancel', 409, false],
      ['service-unavailable', 'wait', 502, true],
      ['resource-constraint', 'wait', 503, true],
      ['item-not-found', 'cancel', 404, true],
      ['not-allowed', 'cancel', 403, false],
      ['gone', 'cancel', 410, false],
      ['jid-malformed', 'modify', 422, false],
      ['not-acceptable', 'cancel', 422, false],
      ['remote-server-not-found', 'cancel', 502, true],
      ['remote-server-timeout', 'wait', 504, true],
    ]
    for (const [condition, type, status, isTriedAgain] of table) {
      it(`by ${condition} is told so, and ${isTriedAgain ? 'tried again' : 'left alone'} where the session wants to be in it`, async () => {
        let isOpen = false
        const room = newRoom({ heard: (stanza) => isJoin(stanza) && (isOpen ? letIn(stanza) : refuse(stanza, condition, type)) })
        const refused = await join(room)
        assert.deepEqual([refused.status, refused.body.code], [status, `xmpp-${condition}`], refused.text)
        assert.equal((await ada.api('GET', path(room))).status, 404)
        const wanted = await join(room, { nick: 'Ada' }, { prefer: 'wait=0' })
        assert.equal(wanted.status, 202, wanted.text)
        // the first one that waited was told too
        await ada.events.next((event) => event.type === 'room.failed' && event.data.room === room)
        const again = await ada.events.next((event) => event.type === 'room.failed' && event.data.room === room)
        assert.equal(again.data.error.code, `xmpp-${condition}`)
        // one that is tried again just now is being joined
        const body = await until(async () => {
          const read = await ada.api('GET', path(room))
          return read.body.state === 'failed' && read.body
        })
        assert.equal(body.error.code, `xmpp-${condition}`)
        const message = await ada.api('POST', '/messages', { body: { to: room, body: 'Anybody?' } })
        assert.equal(message.status, isTriedAgain ? 202 : 409, message.text)
        if (!isTriedAgain) return
        isOpen = true
        await next(room, 'room.joined', TRIED_AGAIN)
      })
    }

    it('by another nick than the one that it keeps for the account is joined by that one', async () => {
      const heard = (stanza: Element) =>
        isJoin(stanza) && (stanza.attributes.to?.endsWith('/Countess') ? letIn(stanza) : refuse(stanza, 'not-acceptable', 'cancel'))
      const room = newRoom({ reserved: 'Countess', heard })
      for (const _ of ['once', 'again']) {
        const { status, body } = await join(room)
        assert.deepEqual([status, body.nick], [200, 'Countess'])
      }
    })
  })

  describe('that says that it does not know the session', () => {
    const answers: [name: string, answer: (iq: Element) => string, isIn: boolean][] = [
      ['a result', (iq) => result(iq), true],
      ...['service-unavailable', 'feature-not-implemented', 'item-not-found'].map(
        (condition) => [condition, (iq: Element) => refusal(iq, condition), true] as [string, (iq: Element) => string, boolean],
      ),
      ...['not-acceptable', 'not-allowed', 'bad-request'].map(
        (condition) => [condition, (iq: Element) => refusal(iq, condition), false] as [string, (iq: Element) => string, boolean],
      ),
    ]
    for (const [name, answer, isIn] of answers) {
      it(`is asked, and ${name} means that it is ${isIn ? 'in' : 'out, and comes back'}`, async () => {
        const asked = Promise.withResolvers<void>()
        const ping = (iq: Element) => {
          assert.equal(iq.attributes.to?.split('/')[1], 'Ada')
          asked.resolve()
          return answer(iq)
        }
        const room = await joined({ ping })
        await next(room, 'room.joined')
        peer.write(
          `<message from='${room}' to='${ada.full}' type='error' id='x'><error type='cancel'><not-acceptable xmlns='${ERRORS}'/></error></message>`,
        )
        await asked.promise
        if (!isIn) {
          assert.equal((await next(room, 'room.left')).data.reason, 'lost')
          assert.equal((await next(room, 'room.joined')).data.again, true)
          return
        }
        await settled(room)
        assert.deepEqual(told(room), ['room.joined'])
        assert.equal((await ada.api('GET', path(room))).body.state, 'joined')
      })
    }
  })

  describe('whose occupants lie', () => {
    const occupantId = (id: string) => `<occupant-id xmlns='urn:xmpp:occupant-id:0' id='${id}'/>`
    const stanzaId = (room: string, id: string) => `<stanza-id xmlns='urn:xmpp:sid:0' by='${room}' id='${id}'/>`
    const forged = `<x xmlns='${USER}'><item affiliation='owner' role='moderator'/><status code='110'/></x>`

    it('by status 110 and by the nick in another case: they are somebody else', async () => {
      const room = newRoom({
        heard: (stanza, jid) => {
          if (!isJoin(stanza)) return
          presence(`${jid}/Mallory`, [110], { more: forged })
          presence(`${jid}/ADA`, [], { more: forged })
          letIn(stanza)
        },
      })
      const { body } = await join(room)
      assert.deepEqual([body.nick, body.role, body.affiliation, body.occupants], ['Ada', 'participant', 'none', 3])
      presence(`${room}/ADA`, [110, 307], { type: 'unavailable', item: "affiliation='none' role='none'" })
      assert.deepEqual((await next(room, 'room.occupant-left')).data.nick, 'ADA')
      await settled(room)
      assert.equal((await ada.api('GET', path(room))).body.state, 'joined')
    })

    it('by the id of a message of ours: it is delivered when the room sends ours back', async () => {
      const room = await joined()
      const id = await ada.say(room, 'Mine')
      says(`${room}/ADA`, 'Not mine', '', id)
      const lie = await ada.events.next(({ data }) => data.body === 'Not mine')
      assert.deepEqual([lie.type, lie.data.room.own], ['message.received', false])
      assert.ok(!['delivered', 'failed'].includes((await ada.api('GET', `/messages/${id}`)).body.status))
      says(`${room}/Ada`, 'Mine', '', id)
      await ada.events.next(({ type, subject }) => type === 'message.delivered' && subject === id)
    })

    it('by our nick, which was theirs before: who they are is said by the room', async () => {
      const room = newRoom({
        features: ['urn:xmpp:occupant-id:0'],
        heard: (stanza) => isJoin(stanza) && letIn(stanza, occupantId('ada')),
      })
      assert.equal((await join(room)).status, 200)
      const id = await ada.say(room, 'Mine')
      says(`${room}/Ada`, 'Theirs', occupantId('mallory'), id)
      assert.equal((await ada.events.next(({ data }) => data.body === 'Theirs')).data.room.own, false)
      says(`${room}/Ada`, 'Mine', `${occupantId('mallory')}${occupantId('ada')}`, id)
      await ada.events.next(({ type, subject }) => type === 'message.delivered' && subject === id)
    })

    it('by an id of the room: the one that it gives counts, and nothing is left out', async () => {
      const room = await joined()
      says(`${room}/Bob`, 'first', stanzaId(room, 's1'))
      says(`${room}/Mallory`, 'second', `${stanzaId(room, 's1')}${stanzaId(room, 's2')}`)
      says(`${room}/Bob`, 'third', stanzaId(room, 's3'))
      const said = []
      for (let count = 0; count < 3; count += 1) said.push((await ada.events.next(({ data }) => data.room?.jid === room)).data.body)
      assert.deepEqual(said, ['first', 'second', 'third'])
    })

    it('by correcting and taking back what others said: these are words like others', async () => {
      const room = await joined()
      says(`${room}/Bob`, 'first', stanzaId(room, 's1'), 'b1')
      says(`${room}/bob`, 'changed', `<replace xmlns='urn:xmpp:message-correct:0' id='b1'/>`)
      assert.equal((await ada.events.next(({ data }) => data.body === 'changed')).type, 'message.received')
      const moderated = `<retract xmlns='urn:xmpp:message-retract:1' id='s1'><moderated xmlns='urn:xmpp:message-moderate:1' by='${room}/Mallory'/></retract>`
      says(`${room}/Mallory`, 'retracted', moderated)
      assert.equal((await ada.events.next(({ data }) => data.body === 'retracted')).type, 'message.received')
      says(room, 'moderated', moderated)
      assert.equal((await ada.events.next(({ data }) => data.body === 'moderated')).type, 'room.message-moderated')
    })
  })

  it('invites by the thousand, and the last ones are known', async () => {
    const count = 1_000
    for (let number = 0; number < count; number += 1)
      peer.write(
        `<message from='mallory@example.com/x' to='${ada.full}' id='i${number}'><x xmlns='jabber:x:conference' jid='many${number}@rooms.localhost'/></message>`,
      )
    await ada.events.next(({ type, data }) => type === 'room.invited' && data.room === `many${count - 1}@rooms.localhost`, 30_000)
    const decline = async (number: number) =>
      (await ada.api('POST', path(`many${number}@rooms.localhost`, '/decline'), { body: {} })).status
    assert.deepEqual([await decline(count - 1), await decline(0)], [202, 400])
  })
})
