import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, it } from 'node:test'
import { type Element, elements } from '../../src/xml/element.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, isMessage, isPresence, openAccount, openClient, users } from './account.ts'

const oneOfEach = ['prosody+memory', 'ejabberd+redis'] as const
const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex')
const png = (word: string) => Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from(word)])
const PUBSUB = 'http://jabber.org/protocol/pubsub'
const METADATA = 'urn:xmpp:avatar:metadata'

forEachCell('what people tell of themselves', { only: oneOfEach, server: { users: users('romeo', 'juliet') } }, (cell) => {
  let romeo: Account
  let juliet: Client
  /** another client of romeo's */
  let phone: Client

  before(async () => {
    romeo = await openAccount(cell(), 'romeo', { mds: true })
    juliet = await openClient(cell(), 'juliet', { autoAnswer: false })
    phone = await openClient(cell(), 'romeo', { presence: '<presence><priority>-1</priority></presence>' })
    // each sees the other
    const bare = juliet.jid.split('/')[0]!
    juliet.send(`<presence to='${romeo.jid}' type='subscribe'/>`)
    await romeo.events.next(({ type }) => type === 'subscription.requested')
    await romeo.api('POST', '/presence', { body: { to: bare, type: 'subscribed' } })
    await romeo.api('POST', '/presence', { body: { to: bare, type: 'subscribe' } })
    await juliet.next((one) => isPresence(one) && one.attributes.type === 'subscribe')
    juliet.send(`<presence to='${romeo.jid}' type='subscribed'/>`)
    await romeo.events.next(({ type }) => type === 'subscription.approved')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), phone?.stop(), romeo?.close()])
  })

  const contact = () => juliet.jid.split('/')[0]!
  const publish = (client: Client, node: string, id: string, payload: string) =>
    client.request({
      type: 'set',
      payload: `<pubsub xmlns='${PUBSUB}'><publish node='${node}'><item id='${id}'>${payload}</item></publish></pubsub>`,
    })
  const last = async (client: Client, node: string) => {
    const answer = await client.request({
      type: 'get',
      payload: `<pubsub xmlns='${PUBSUB}'><items node='${node}' max_items='1'/></pubsub>`,
    })
    return elements(inner(inner(answer, 'pubsub'), 'items') ?? answer)[0]
  }
  const whole = {
    displayName: 'Romeo Montague',
    nick: 'romeo',
    given: 'Romeo',
    family: 'Montague',
    org: 'House of Montague',
    title: 'Heir',
    birthday: '1990-04-12',
    note: 'In love',
    emails: ['romeo@example.com', 'r@example.org'],
    phones: ['+391234567'],
    urls: ['https://example.com/romeo'],
  }
  async function image(path: string, headers: Record<string, string> = {}) {
    const { url, key } = cell().gateway
    const answer = await fetch(`${url}${path}?session=${romeo.id}`, { headers: { authorization: `Bearer ${key}`, ...headers } })
    return {
      status: answer.status,
      etag: answer.headers.get('etag'),
      type: answer.headers.get('content-type'),
      bytes: Buffer.from(await answer.arrayBuffer()),
    }
  }
  const put = (bytes: Uint8Array, type = 'image/png') =>
    romeo.api('PUT', '/profile/avatar', { body: bytes, headers: { 'content-type': type } })

  it('is little at first, and what was written after', async () => {
    const none = await romeo.api('GET', '/profile')
    assert.deepEqual([none.status, none.body], [200, { emails: [], phones: [], urls: [] }], none.text)
    const written = await romeo.api('PUT', '/profile', { body: whole })
    assert.deepEqual([written.status, written.body], [200, whole], written.text)
    assert.deepEqual((await romeo.api('GET', '/profile')).body, whole)
    // the older way, which most clients know
    const card = await juliet.request({ type: 'get', to: romeo.jid, payload: "<vCard xmlns='vcard-temp'/>" })
    assert.equal(inner(inner(card, 'vCard'), 'FN')?.children[0], whole.displayName)
  })

  it('of another client keeps what has no place here', async () => {
    const kept = "<x-note xmlns='urn:example:more'>secret</x-note><gender><sex><text>M</text></sex></gender>"
    const card = `<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>R. M.</text></fn><email><parameters><type><text>work</text></type></parameters><text>r@example.org</text></email>${kept}</vcard>`
    assert.equal((await publish(phone, 'urn:xmpp:vcard4', 'current', card)).attributes.type, 'result')
    assert.equal((await romeo.api('GET', '/profile')).body.displayName, 'R. M.')
    const written = await romeo.api('PUT', '/profile', { body: { displayName: 'Romeo', emails: ['r@example.org', 'new@example.org'] } })
    assert.deepEqual(
      written.body,
      { displayName: 'Romeo', emails: ['r@example.org', 'new@example.org'], phones: [], urls: [] },
      written.text,
    )
    const stored = inner(await last(phone, 'urn:xmpp:vcard4'), 'vcard')!
    const names = elements(stored).map(({ name }) => name)
    assert.ok(names.includes('x-note') && names.includes('gender'), names.join())
    assert.ok(JSON.stringify(stored).includes('"work"'))
  })

  it('of others is read as they tell it', async () => {
    await juliet.request({ type: 'set', payload: "<vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN><NICKNAME>jule</NICKNAME></vCard>" })
    const { status, body, text } = await romeo.api('GET', `/profiles/${contact()}`)
    assert.deepEqual([status, body], [200, { displayName: 'Juliet Capulet', nick: 'jule', emails: [], phones: [], urls: [] }], text)
    const malformed = await romeo.api('GET', '/profiles/%40')
    assert.deepEqual([malformed.status, malformed.body.code], [422, 'jid-malformed'])
    for (const [profile, path] of [
      [{ name: 'x' }, 'body.name'],
      [{ emails: 'x' }, 'body.emails'],
      [{ nick: '' }, 'body.nick'],
    ] as const) {
      const answer = await romeo.api('PUT', '/profile', { body: profile })
      assert.deepEqual([answer.status, answer.body.errors?.[0].path], [400, path], answer.text)
    }
  })

  it('an avatar reaches contacts by its node and by presence, and is read with its hash', async () => {
    const bytes = png('romeo')
    const answer = await put(bytes)
    assert.deepEqual([answer.status, answer.headers.get('etag')], [204, `"${sha1(bytes)}"`], answer.text)
    const photo = (one: Element) => elements(one).find(({ name, xmlns }) => name === 'x' && xmlns === 'vcard-temp:x:update')
    if (cell().server.kind === 'ejabberd')
      await juliet.next((one) => isPresence(one) && inner(photo(one), 'photo')?.children[0] === sha1(bytes))
    const own = await image('/profile/avatar')
    assert.deepEqual([own.status, own.type, own.etag, own.bytes], [200, 'image/png', `"${sha1(bytes)}"`, bytes])
    assert.equal((await image('/profile/avatar', { 'if-none-match': own.etag! })).status, 304)
    const card = await juliet.request({ type: 'get', to: romeo.jid, payload: "<vCard xmlns='vcard-temp'/>" })
    assert.equal(inner(inner(inner(card, 'vCard'), 'PHOTO'), 'BINVAL')?.children[0], bytes.toString('base64'))
    const node = await last(phone, METADATA)
    assert.equal(node?.attributes.id, sha1(bytes))
    // the rest of the card is still there
    assert.equal((await romeo.api('GET', '/profile')).body.displayName, 'Romeo')

    assert.equal((await romeo.api('DELETE', '/profile/avatar')).status, 204)
    const gone = await romeo.api('GET', '/profile/avatar')
    assert.deepEqual([gone.status, gone.body.code], [404, 'avatar-not-found'])
  })

  it('what is no image, or a large one, is no avatar', async () => {
    for (const [bytes, type, expected] of [
      [Buffer.from('hello'), 'image/png', [400, 'invalid-request']],
      [Buffer.alloc(0), 'image/png', [400, 'invalid-request']],
      [Buffer.concat([png('x'), Buffer.alloc(65_536)]), 'image/png', [413, 'body-too-large']],
    ] as const) {
      const answer = await put(bytes, type)
      assert.deepEqual([answer.status, answer.body.code], expected, answer.text)
    }
  })

  it('contacts who change theirs are told as events, and their avatars are read', async () => {
    const bytes = png('juliet')
    const id = sha1(bytes)
    await publish(juliet, 'urn:xmpp:avatar:data', id, `<data xmlns='urn:xmpp:avatar:data'>${bytes.toString('base64')}</data>`)
    await publish(
      juliet,
      METADATA,
      id,
      `<metadata xmlns='${METADATA}'><info id='${id}' type='image/png' bytes='${bytes.length}'/></metadata>`,
    )
    const changed = await romeo.events.next(({ type, data }) => type === 'profile.avatar-changed' && data.id === id)
    assert.equal(changed.data.jid, contact())
    const read = await image(`/profiles/${contact()}/avatar`)
    assert.deepEqual([read.status, read.type, read.bytes], [200, 'image/png', bytes])
    await publish(juliet, 'http://jabber.org/protocol/nick', 'current', "<nick xmlns='http://jabber.org/protocol/nick'>Giulietta</nick>")
    const nick = await romeo.events.next(({ type }) => type === 'profile.nick-changed')
    assert.deepEqual(nick.data, { jid: contact(), nick: 'Giulietta' })
    juliet.send(`<presence><x xmlns='vcard-temp:x:update'><photo>${'a'.repeat(40)}</photo></x></presence>`)
    const byPresence = await romeo.events.next(({ type, data }) => type === 'profile.avatar-changed' && data.id === 'a'.repeat(40))
    assert.deepEqual(byPresence.data, { jid: contact(), id: 'a'.repeat(40) })
  })

  it('what was displayed is told the other side and the own clients, and theirs is told here', async () => {
    const path = `/chats/${contact()}/displayed`
    const unknown = await romeo.api('PUT', path, { body: { id: 'nothing' } })
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'message-not-found'], unknown.text)
    juliet.send(`<message to='${romeo.jid}' type='chat' id='hail'><body>Hail!</body><markable xmlns='urn:xmpp:chat-markers:0'/></message>`)
    const received = await romeo.events.next(({ type, data }) => type === 'message.received' && data.id === 'hail')
    const stanzaId = received.data.stanzaIds.find(({ by }: { by: string }) => by === romeo.jid).id
    const said = await romeo.api('PUT', path, { body: { id: 'hail' } })
    assert.equal(said.status, 204, said.text)
    await juliet.next((one) => isMessage(one) && inner(one, 'displayed')?.attributes.id === 'hail')
    const kept = await last(phone, 'urn:xmpp:mds:displayed:0')
    assert.equal(kept?.attributes.id, contact())
    assert.equal(inner(inner(kept, 'displayed'), 'stanza-id')?.attributes.id, stanzaId)
    const node = 'urn:xmpp:mds:displayed:0'
    await publish(
      phone,
      node,
      contact(),
      `<displayed xmlns='${node}'><stanza-id xmlns='urn:xmpp:sid:0' id='later' by='${romeo.jid}'/></displayed>`,
    )
    const event = await romeo.events.next(({ type, data }) => type === 'chat.displayed' && data.stanzaId === 'later')
    assert.deepEqual(event.data, { chat: contact(), stanzaId: 'later', own: true })
  })
})
