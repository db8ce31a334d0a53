/** Rooms on real servers, with slixmpp as another occupant. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, isMessage, isPresence, openAccount, openClient, textOf, users, withBody } from './account.ts'

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

  it('carry messages, which are delivered once the room sends them back', async () => {
    const room = await together()
    const answer = await romeo.api('POST', '/messages', {
      body: { to: room, body: 'Good morrow, all' },
      headers: { prefer: 'wait=5' },
      query: { level: 'delivered' },
    })
    assert.deepEqual([answer.status, answer.body.status], [200, 'delivered'], answer.text)
    const { element } = await juliet.next(withBody('Good morrow, all'))
    assert.deepEqual([element.attributes.type, element.attributes.from], ['groupchat', `${room}/Romeo`])
    const stanzaId = inner(element, 'stanza-id')?.attributes.id
    const record = await romeo.api('GET', `/messages/${answer.body.id}`)
    assert.equal(record.body.stanzaId, stanzaId)
    juliet.send(`<message to='${room}' type='groupchat' id='m1'><body>Good morrow, Romeo</body></message>`)
    const said = await romeo.events.next((one) => one.data.body === 'Good morrow, Romeo')
    assert.equal(said.type, 'message.received')
    const { occupantId: _, ...who } = said.data.room
    assert.deepEqual([said.data.type, who], ['groupchat', { jid: room, nick: 'Juliet', own: false }])
    const own = romeo.events.events.filter(({ data }) => data.body === 'Good morrow, all')
    assert.deepEqual(own, [])
  })

  it('tell corrections, retractions and reactions of the very occupant alone', async () => {
    const room = await together()
    const nurse = await openClient(cell(), 'nurse')
    nurse.send(`<presence to='${room}/JULIET'>${JOIN}</presence>`)
    await romeo.events.next(({ type, data }) => type === 'room.occupant-joined' && data.nick === 'JULIET')
    juliet.send(`<message to='${room}' type='groupchat' id='c1'><body>Romeo, Romeo</body></message>`)
    const said = await romeo.events.next((one) => one.data.body === 'Romeo, Romeo')
    const correction = (words: string, id: string) =>
      `<message to='${room}' type='groupchat' id='${id}'><body>${words}</body><replace xmlns='urn:xmpp:message-correct:0' id='c1'/></message>`
    nurse.send(correction('Forged', 'f1'))
    assert.equal((await romeo.events.next((one) => one.data.body === 'Forged')).type, 'message.received')
    juliet.send(correction('Wherefore art thou', 'c2'))
    const corrected = await romeo.events.next((one) => one.data.body === 'Wherefore art thou')
    assert.deepEqual([corrected.type, corrected.data.room.nick], ['message.corrected', 'Juliet'])
    const stanzaId = said.data.stanzaIds?.find((one: { by: string }) => one.by === room)?.id ?? 'c1'
    nurse.send(
      `<message to='${room}' type='groupchat' id='r1'><reactions xmlns='urn:xmpp:reactions:0' id='${stanzaId}'><reaction>👍</reaction></reactions></message>`,
    )
    const reacted = await romeo.events.next('message.reacted')
    assert.deepEqual([reacted.data.room.nick, reacted.data.reactions.id], ['JULIET', stanzaId])
    await nurse.stop()
    await romeo.events.next(({ type, data }) => type === 'room.occupant-left' && data.nick === 'JULIET')
  })

  it('carry private messages, marked as such', async () => {
    const room = await together()
    const answer = await romeo.api('POST', '/messages', { body: { to: `${room}/Juliet`, body: 'Alone' } })
    assert.equal(answer.status, 202, answer.text)
    const { element } = await juliet.next(withBody('Alone'))
    assert.deepEqual([element.attributes.type, element.attributes.from], ['chat', `${room}/Romeo`])
    assert.equal(inner(element, 'x')?.xmlns, 'http://jabber.org/protocol/muc#user')
    juliet.send(`<message to='${room}/Romeo' type='chat' id='p1'><body>Not alone</body></message>`)
    const said = await romeo.events.next((one) => one.data.body === 'Not alone')
    assert.deepEqual([said.type, said.data.type, said.data.room.nick, said.data.room.own], ['message.received', 'chat', 'Juliet', false])
    const seen = await romeo.api('PUT', `/chats/${encodeURIComponent(`${room}/Juliet`)}/displayed`, { body: { id: 'p1' } })
    assert.equal(seen.status, 204, seen.text)
    const { element: marker } = await juliet.next((one) => inner(one, 'displayed') !== undefined)
    assert.deepEqual([marker.attributes.type, inner(marker, 'displayed')?.attributes.id], ['chat', 'p1'])
  })

  it('are refused messages where the session does not want to be in them', async () => {
    const room = newRoom()
    const answer = await romeo.api('POST', '/messages', { body: { to: room, type: 'groupchat', body: 'Anybody?' } })
    assert.deepEqual([answer.status, answer.body.code], [409, 'room-not-joined'])
  })

  it('have a subject, and the session another nick and presence in them', async () => {
    const room = await together()
    const subject = await romeo.api('PATCH', path(room), { body: { subject: 'Of love' } })
    assert.deepEqual([subject.status, subject.body.subject?.text], [200, 'Of love'], subject.text)
    const told = await romeo.events.next(({ type, data }) => type === 'room.subject' && data.room === room)
    assert.deepEqual([told.data.subject, told.data.by], ['Of love', 'Romeo'])
    await juliet.next((one) => isMessage(one) && one.attributes.from === `${room}/Romeo` && inner(one, 'subject') !== undefined)
    const away = await romeo.api('PATCH', path(room), { body: { nick: 'Montague', presence: { show: 'away' } } })
    assert.deepEqual([away.status, away.body.nick], [200, 'Montague'], away.text)
    const list = await romeo.api('GET', path(room, '/occupants'))
    assert.deepEqual(
      list.body.data.map(({ nick, presence }: { nick: string; presence: object }) => [nick, presence]),
      [
        ['Juliet', {}],
        ['Montague', { show: 'away' }],
      ],
    )
    const taken = await romeo.api('PATCH', path(room), { body: { nick: 'Juliet' } })
    assert.deepEqual([taken.status, taken.body.code], [409, 'xmpp-conflict'], taken.text)
    assert.equal((await romeo.api('GET', path(room))).body.nick, 'Montague')
  })

  it('give another nick to who asks for them again, or leave all as it is', async () => {
    const room = await together()
    const put = (body: object) => romeo.api('PUT', path(room), { body })
    const taken = await put({ nick: 'Juliet' })
    assert.deepEqual([taken.status, taken.body.code], [409, 'xmpp-conflict'], taken.text)
    const { state, nick } = (await romeo.api('GET', path(room))).body
    assert.deepEqual([state, nick], ['joined', 'Romeo'])
    const first = romeo.events.events.length
    for (const [asked, got] of [
      [{ nick: 'Juliet', nickConflict: 'suffix' }, 'Juliet_2'],
      [{ nick: 'Juliet', nickConflict: 'suffix' }, 'Juliet_2'],
      [{ nick: 'Montague' }, 'Montague'],
    ] as const) {
      const { status, body, text } = await put(asked)
      assert.deepEqual([status, body.nick, body.occupants], [200, got, 2], text)
    }
    await romeo.events.next(({ subject, data }) => subject === room && data.to === 'Montague')
    const told = romeo.events.events.slice(first).filter(({ subject }) => subject === room)
    assert.deepEqual(
      told.map(({ type, data }) => [type, data.from, data.to, data.own]),
      [
        ['room.nick-changed', 'Romeo', 'Juliet_2', true],
        ['room.nick-changed', 'Juliet_2', 'Montague', true],
      ],
    )
  })

  it('are shown the own presence, but for those where the session has another', async () => {
    const [one, other] = [await together(), await together()]
    const shows = async (room: string, show: string) =>
      await juliet.next((each) => isPresence(each) && each.attributes.from === `${room}/Romeo` && textOf(each, 'show') === show)
    await romeo.api('PUT', '/presence', { body: { show: 'away', status: 'at the ball' } })
    for (const room of [one, other]) assert.equal(textOf((await shows(room, 'away')).element, 'status'), 'at the ball')
    await romeo.api('PATCH', path(one), { body: { presence: { show: 'dnd' } } })
    await shows(one, 'dnd')
    await romeo.api('PUT', '/presence', { body: { show: 'xa' } })
    await shows(other, 'xa')
    assert.deepEqual(
      juliet.stanzas.filter(
        ({ element }) => isPresence(element) && element.attributes.from === `${one}/Romeo` && textOf(element, 'show') === 'xa',
      ),
      [],
    )
    await romeo.api('PATCH', path(one), { body: { presence: null } })
    await shows(one, 'xa')
    await shows(await together(), 'xa')
    await romeo.api('PUT', '/presence', { body: {} })
  })

  it('are left while the session is unavailable, and joined again as soon as it is not', async () => {
    const room = await together()
    assert.equal((await romeo.api('DELETE', '/presence')).status, 204)
    await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Romeo` && one.attributes.type === 'unavailable')
    const left = await romeo.events.next(({ type, data }) => type === 'room.left' && data.room === room)
    assert.deepEqual(left.data, { room, reason: 'left' })
    const resting = await romeo.api('GET', path(room))
    assert.deepEqual([resting.body.state, resting.body.occupants], ['joining', 0], resting.text)
    const waiting = await romeo.api('POST', '/messages', { body: { to: room, body: 'I come back' } })
    assert.equal(waiting.status, 202, waiting.text)
    // one that is asked for is joined, whatever the session shows to others
    const asked = newRoom()
    assert.equal((await romeo.api('PUT', path(asked), { body: { nick: 'Romeo' } })).status, 201)
    juliet.send(`<message to='${room}' type='groupchat' id='gone'><body>Is he gone?</body></message>`)
    await juliet.next(withBody('Is he gone?'))
    assert.equal((await romeo.api('PUT', '/presence', { body: {} })).status, 200)
    const joined = await romeo.events.next(({ type, data }) => type === 'room.joined' && data.room === room && data.again === true)
    assert.deepEqual(joined.data, { room, nick: 'Romeo', again: true })
    await juliet.next(withBody('I come back'))
    const { body } = await romeo.api('GET', path(room))
    assert.deepEqual([body.state, body.occupants], ['joined', 2])
    if (body.features.archive) assert.equal((await romeo.events.next(({ data }) => data.body === 'Is he gone?')).data.source, 'archive')
    assert.equal((await romeo.api('GET', path(asked))).body.state, 'joined')
  })

  it('are not joined where they refuse it, and nothing of them is kept', async () => {
    const room = newRoom()
    const problem = async (body: object) => {
      const answer = await romeo.api('PUT', path(room), { body })
      return [answer.status, answer.body.code]
    }
    assert.deepEqual(await problem({ create: 'never' }), [404, 'xmpp-item-not-found'])
    juliet.send(`<presence to='${room}/romeo'>${JOIN}</presence>`)
    await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/romeo`)
    const configure = (name: string, ...values: string[]) =>
      juliet.request({
        type: 'set',
        to: room,
        payload: `<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field></x></query>`,
      })
    await configure('muc#roomconfig_persistentroom', '1')
    assert.deepEqual(await problem({ nick: 'romeo' }), [409, 'xmpp-conflict'])
    const other = await romeo.api('PUT', path(room), { body: { nick: 'romeo', nickConflict: 'suffix' } })
    assert.deepEqual([other.status, other.body.nick], [200, 'romeo_2'])
    assert.equal((await romeo.api('DELETE', path(room))).status, 204)
    const affiliate = (affiliation: string) =>
      juliet.request({
        type: 'set',
        to: room,
        payload: `<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='${affiliation}' jid='${romeo.jid}'/></query>`,
      })
    await affiliate('outcast')
    assert.deepEqual(await problem({ nick: 'r' }), [403, 'xmpp-forbidden'])
    await affiliate('none')
    await configure('muc#roomconfig_membersonly', '1')
    // ejabberd lets in who had another affiliation before
    if (cell().server.kind === 'prosody') assert.deepEqual(await problem({ nick: 'r' }), [403, 'xmpp-registration-required'])
    assert.equal((await romeo.api('GET', path(room))).status, 404)
  })

  it('are left when somebody says so, with the reason', async () => {
    const room = newRoom()
    juliet.send(`<presence to='${room}/Juliet'>${JOIN}</presence>`)
    await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
    const owner = (payload: string) =>
      juliet.request({ type: 'set', to: room, payload: `<query xmlns='http://jabber.org/protocol/muc#owner'>${payload}</query>` })
    const admin = (item: string) =>
      juliet.request({ type: 'set', to: room, payload: `<query xmlns='http://jabber.org/protocol/muc#admin'>${item}</query>` })
    await owner("<x xmlns='jabber:x:data' type='submit'/>")
    const left = async () => (await romeo.events.next(({ type, data }) => type === 'room.left' && data.room === room)).data
    const join = async () => assert.equal((await romeo.api('PUT', path(room), { body: { nick: 'Romeo' } })).status, 200)
    await join()
    await admin("<item nick='Romeo' role='none'><reason>Banished</reason></item>")
    const kicked = await left()
    assert.deepEqual([kicked.reason, kicked.text], ['kicked', 'Banished'])
    const listed = await romeo.api('GET', path(room))
    assert.deepEqual([listed.body.state, listed.body.reason], ['left', 'kicked'])
    assert.equal((await romeo.api('POST', '/messages', { body: { to: room, body: 'x' } })).body.code, 'room-not-joined')
    await join()
    await owner(`<destroy jid='mantua@conference.${cell().server.domain}'><reason>Plague</reason></destroy>`)
    const destroyed = await left()
    assert.deepEqual([destroyed.reason, destroyed.alternate], ['destroyed', `mantua@conference.${cell().server.domain}`])
    assert.equal((await romeo.api('DELETE', path(room))).status, 204)
  })

  it('that forgot the session are joined again, and what was said meanwhile is told', async () => {
    const room = newRoom()
    juliet.send(`<presence to='${room}/Juliet'>${JOIN}</presence>`)
    await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Juliet`)
    const archive = cell().server.kind === 'prosody' ? 'muc#roomconfig_enablearchiving' : 'mam'
    const fields = ['muc#roomconfig_persistentroom', archive].map((name) => `<field var='${name}'><value>1</value></field>`).join('')
    await juliet.request({
      type: 'set',
      to: room,
      payload: `<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>${fields}</x></query>`,
    })
    const say = async (body: string) => {
      juliet.send(`<message to='${room}' type='groupchat' id='${body}'><body>${body}</body></message>`)
      await juliet.next(withBody(body))
    }
    const made = await romeo.api('PUT', path(room), { body: { nick: 'Romeo' } })
    assert.equal(made.status, 200, made.text)
    assert.equal(made.body.features.archive, true)
    await say('before')
    await romeo.events.next((one) => one.data.body === 'before')
    // written past the gateway's rooms: the room is left, and the session is not told why
    const raw = (xml: string) => romeo.api('POST', '/stanzas', { body: xml, headers: { 'content-type': 'application/xml' } })
    await juliet.request({ type: 'get', to: room, payload: "<query xmlns='http://jabber.org/protocol/disco#info'/>" })
    assert.equal((await raw(`<presence to='${room}/Romeo' type='unavailable'/>`)).status, 202)
    const left = await romeo.events.next(({ type, data }) => type === 'room.left' && data.room === room)
    assert.equal(left.data.reason, 'lost')
    const again = await romeo.events.next(({ type, data }) => type === 'room.joined' && data.room === room && data.again === true)
    assert.equal(again.data.again, true)
    await say('after')
    await romeo.events.next((one) => one.data.body === 'after')
    const page = await romeo.api('GET', '/events', { query: { limit: 1000, types: 'message.received' } })
    const told = page.body.data.filter(({ data }: { data: { from: string } }) => data.from === `${room}/Juliet`)
    assert.deepEqual(
      told.map(({ data }: { data: { body: string } }) => data.body),
      ['before', 'after'],
    )
    const read = await romeo.api('GET', path(room, '/messages'))
    assert.deepEqual(
      read.body.data.flatMap(({ body }: { body?: string }) => body ?? []),
      ['before', 'after'],
      read.text,
    )
  })

  it('and a server that goes down and comes back leave nothing out', async () => {
    const room = newRoom()
    const made = await romeo.api('PUT', path(room), { body: { nick: 'Romeo' } })
    assert.equal(made.status, 201, made.text)
    await cell().server.restart()
    const left = await romeo.events.next(({ type, data }) => type === 'room.left' && data.room === room, 30_000)
    assert.ok(['lost', 'shutdown'].includes(left.data.reason), left.data.reason)
    const again = await romeo.events.next(({ type, data }) => type === 'room.joined' && data.room === room && data.again === true, 30_000)
    assert.equal(again.data.again, true)
    const sent = await romeo.api('POST', '/messages', {
      body: { to: room, body: 'Still here' },
      headers: { prefer: 'wait=10' },
      query: { level: 'delivered' },
    })
    assert.equal(sent.body.status, 'delivered', sent.text)
  })
})
