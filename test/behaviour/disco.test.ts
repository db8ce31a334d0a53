import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, openAccount, openClient, users } from './account.ts'

const oneOfEach = ['prosody+memory', 'ejabberd+redis'] as const
const INFO = 'http://jabber.org/protocol/disco#info'

forEachCell('what others are and can do', { only: oneOfEach, server: { users: users('romeo', 'juliet') } }, (cell) => {
  let romeo: Account
  let juliet: Client

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet', { presence: false })
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
  })

  const { domain } = { domain: 'localhost' }
  const get = (path: string, query: Record<string, string | number> = {}) => romeo.api('GET', path, { query })
  /** juliet's client answers the next question about what it is */
  async function answer(features: readonly string[], name = 'Test') {
    const { element } = await juliet.next(
      ({ name, attributes, children }) => name === 'iq' && attributes.type === 'get' && JSON.stringify(children).includes(INFO),
    )
    const all = features.map((feature) => `<feature var='${feature}'/>`).join('')
    const asked = element.children.find((node) => typeof node === 'object')
    const node = typeof asked === 'object' ? asked.attributes.node : undefined
    juliet.send(
      `<iq type='result' id='${element.attributes.id}' to='${element.attributes.from}'><query xmlns='${INFO}'${node === undefined ? '' : ` node='${node}'`}><identity category='client' type='pc' name='${name}'/>${all}</query></iq>`,
    )
    return node
  }
  /** juliet's client shows itself to romeo, with a hash of its capabilities */
  async function appear(ver: string) {
    juliet.send(
      `<presence to='${romeo.full}'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:test' ver='${ver}'/></presence>`,
    )
    await romeo.events.next(({ type, data }) => type === 'presence.available' && data.caps?.value === ver)
  }

  it('the own server says what it is, and which services it has', async () => {
    const info = await get('/disco/info')
    assert.equal(info.status, 200, info.text)
    assert.equal(info.body.jid, domain)
    assert.ok(info.body.identities.some(({ category, type }: { category: string; type: string }) => category === 'server' && type === 'im'))
    assert.ok(info.body.features.includes(INFO))
    const items = await get('/disco/items', { jid: domain })
    assert.equal(items.status, 200, items.text)
    assert.ok(items.body.data.some(({ jid }: { jid: string }) => jid === `conference.${domain}`))
    const first = await get('/disco/items', { limit: 1 })
    assert.deepEqual([first.body.data.length, first.body.page.complete], [1, false])
    const second = await get('/disco/items', { limit: 100, after: first.body.page.next })
    assert.deepEqual([...first.body.data, ...second.body.data], items.body.data)
    assert.equal(second.body.page.complete, true)
  })

  it('in words, the account and its server can what they can', async () => {
    const { status, body, text } = await get('/capabilities')
    assert.equal(status, 200, text)
    assert.deepEqual(body.upload.service, `upload.${domain}`)
    // both servers take more than the gateway does
    assert.equal(body.upload.maxSize, 50 * 1024 * 1024)
    assert.deepEqual(body.rooms, { service: `conference.${domain}` })
    const { receipts, markers, reactions, corrections, pubsub, archive, blocking, bookmarks, mds, encryption } = body
    assert.deepEqual([receipts, markers, reactions, corrections, pubsub, archive, blocking, bookmarks, mds], Array(9).fill(true))
    assert.equal(encryption, 'not by the gateway')
  })

  it('a hash of capabilities is believed when it has proved true, and is not asked about again', async () => {
    // of a client with this identity and these features
    const features = ['urn:xmpp:receipts', 'urn:xmpp:reactions:0']
    const ver = 'YgWMG73iLIUromn6EblLl2dOpkc='
    await appear(ver)
    const [told, node] = await Promise.all([get('/capabilities', { jid: juliet.jid }), answer(features)])
    assert.equal(node, `urn:test#${ver}`)
    assert.deepEqual([told.body.receipts, told.body.reactions, told.body.markers], [true, true, false])
    // nobody answers now
    const again = await get('/capabilities', { jid: juliet.jid })
    assert.deepEqual([again.status, again.body.receipts, again.body.markers], [200, true, false])
  })

  it('a hash that is a lie stands for nobody', async () => {
    const ver = 'bGllcyBhbmQgbGllcyBhbmQ='
    await appear(ver)
    for (const features of [['urn:xmpp:receipts'], ['urn:xmpp:chat-markers:0']]) {
      const [told] = await Promise.all([get('/capabilities', { jid: juliet.jid }), answer(features)])
      assert.deepEqual(
        [told.body.receipts, told.body.markers],
        [features.includes('urn:xmpp:receipts'), features.includes('urn:xmpp:chat-markers:0')],
      )
    }
  })

  it('who is not there, or is nobody, is a problem that says so', async () => {
    const gone = await get('/disco/info', { jid: `juliet@${domain}/gone` })
    assert.ok([404, 502].includes(gone.status), gone.text)
    const nobody = await get('/capabilities', { jid: 'nowhere.invalid' })
    // a server without others says that it may not
    assert.match(`${nobody.status} ${nobody.body.code}`, /^(?:502 xmpp-remote-server-not-found|403 xmpp-not-allowed)$/)
    const malformed = await get('/disco/info', { jid: '@' })
    assert.deepEqual([malformed.status, malformed.body.code, malformed.body.errors?.[0].path], [422, 'jid-malformed', 'query.jid'])
    const unknown = await get('/disco/items', { jids: domain })
    assert.deepEqual([unknown.status, unknown.body.errors[0].path], [400, 'query.jids'])
    const place = await get('/disco/items', { after: '!' })
    assert.deepEqual([place.status, place.body.errors[0].path], [400, 'query.after'])
  })
})
