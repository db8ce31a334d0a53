/** Senders as there are some: their ids are not unique, their clients answer with errors, their names are none by RFC 7622. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, openAccount, openClient, until, users, withBody } from './account.ts'

const SMILE = '☺'
const unanswerable = "<error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"

// without an archive no server gives its own ids: whether something is a copy has to be told by other means
forEachCell('senders', { server: { users: users('romeo', 'juliet', SMILE), mam: false } }, (cell) => {
  let romeo: Account
  let juliet: Client

  before(async () => {
    romeo = await openAccount(cell(), 'romeo', { connections: 2 })
    juliet = await openClient(cell(), 'juliet')
    await until(async () => (await romeo.api('GET', `/sessions/${romeo.id}`)).body.connections[1].state === 'online')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
  })

  let marks = 0
  /** what was told of all that was sent before now: the last of it comes last */
  async function toldSince(from: number): Promise<[type: string, said: string][]> {
    const mark = `mark ${++marks}`
    juliet.send(`<message to='${romeo.full}' type='chat'><body>${mark}</body></message>`)
    await romeo.events.next((one) => one.data.body === mark)
    return romeo.events.events
      .slice(from)
      .filter(({ type, data }) => type.startsWith('message.') && !String(data.body).startsWith('mark'))
      .map(({ type, data }) => [type, data.body ?? data.receipt?.id ?? data.reactions?.reactions.join() ?? data.id])
  }
  const now = () => romeo.events.events.length

  it('that use one id for all are heard each time: words, receipts, markers, reactions', async () => {
    const from = now()
    const said = ['up', 'down', 'up', 'up'].map((body) => `<body>${body}</body>`)
    const about = ['m1', 'm2', 'm1'].map((id) => `<received xmlns='urn:xmpp:receipts' id='${id}'/>`)
    const reacted = ['+', '-', '+'].map((one) => `<reactions xmlns='urn:xmpp:reactions:0' id='m1'><reaction>${one}</reaction></reactions>`)
    for (const inside of [...said, ...about, ...reacted])
      juliet.send(`<message to='${romeo.jid}' type='chat' id='status'>${inside}</message>`)
    assert.deepEqual(await toldSince(from), [
      ...['up', 'down', 'up', 'up', 'm1', 'm2', 'm1'].map((what) => ['message.received', what]),
      ...['+', '-', '+'].map((what) => ['message.reacted', what]),
    ])
  })

  it('that write to another connection of ours are heard once for each message, not for its carbon', async () => {
    const sender = `${romeo.jid}/${romeo.session.connections[1].resource}`
    const { body } = await romeo.api('GET', `/sessions/${romeo.id}`)
    assert.equal(body.connections[1].jid, sender)
    const from = now()
    for (const said of ['up', 'down', 'up']) juliet.send(`<message to='${sender}' type='chat' id='status'><body>${said}</body></message>`)
    // it came by both, in whatever order
    juliet.send(`<message to='${sender}' type='chat'><body>last</body></message>`)
    const last = (kind: string | undefined) => romeo.events.events.find(({ data }) => data.body === 'last' && data.carbon === kind)
    await romeo.events.next(({ data }) => data.body === 'last')
    const told = await toldSince(from)
    assert.deepEqual(told.map(([, said]) => said).sort(), ['down', 'last', 'up', 'up'])
    assert.ok(!last(undefined) || !last('received'))
  })

  it('that say the same while we are away are heard again', async () => {
    const from = now()
    const say = () => juliet.send(`<message to='${romeo.jid}' type='chat' id='away'><body>knock</body></message>`)
    say()
    await romeo.events.next((one) => one.data.body === 'knock')
    assert.equal((await romeo.api('DELETE', '/presence')).status, 204)
    say()
    say()
    await juliet.request({ type: 'get', to: cell().server.domain, payload: "<ping xmlns='urn:xmpp:ping'/>" })
    assert.equal((await romeo.api('PUT', '/presence', { body: {} })).status, 200)
    for (let again = 0; again < 2; again += 1) await romeo.events.next((one) => one.data.body === 'knock')
    assert.deepEqual(
      (await toldSince(from)).map(([, said]) => said),
      ['knock', 'knock', 'knock'],
    )
  })

  it('that are another client of the account are heard, also with an id that we used', async () => {
    const phone = await openClient(cell(), 'romeo', { presence: -1 })
    try {
      await romeo.say(juliet.jid, 'from the gateway', { id: 'one' })
      await romeo.events.next((one) => one.type === 'message.acked' && one.subject === 'one')
      phone.send(`<message to='${juliet.jid}' type='chat' id='one'><body>from the phone</body></message>`)
      const { data } = await romeo.events.next('message.sent-elsewhere')
      assert.deepEqual([data.id, data.body, data.from], ['one', 'from the phone', phone.jid])
    } finally {
      await phone.stop()
    }
  })

  it('whose client answers a message to the bare JID with an error fail it; the errors of others are told', async () => {
    const id = await romeo.say(juliet.jid.split('/')[0] as string, 'Canst thou read this?')
    await juliet.next(withBody('Canst thou read this?'))
    const smile = await openClient(cell(), SMILE)
    try {
      smile.send(`<message to='${romeo.full}' type='error' id='${id}'>${unanswerable}</message>`)
      const told = await romeo.events.next((one) => one.data.type === 'error')
      assert.deepEqual([told.type, told.data.from, told.data.id], ['message.received', smile.jid, id])
      assert.notEqual((await romeo.api('GET', `/messages/${id}`)).body.status, 'failed')
      juliet.send(`<message to='${romeo.full}' type='error' id='${id}'>${unanswerable}</message>`)
      const failed = await romeo.events.next((one) => one.type === 'message.failed' && one.subject === id)
      assert.equal(failed.data.error.xmpp.condition, 'feature-not-implemented')
    } finally {
      await smile.stop()
    }
  })

  it('whose address RFC 7622 does not allow are contacts as others are, by their own name', async () => {
    const smile = await openClient(cell(), SMILE)
    const bare = `${SMILE}@${cell().server.domain}`
    const path = encodeURIComponent(bare)
    try {
      smile.send(`<presence to='${romeo.jid}' type='subscribe'/>`)
      const request = await romeo.events.next('subscription.requested')
      assert.deepEqual([request.subject, request.data.from], [bare, bare])
      const item = `<query xmlns='jabber:iq:roster'><item jid='${bare}' name='Smile'/></query>`
      const phone = await openClient(cell(), 'romeo', { presence: -1 })
      await phone.request({ type: 'set', payload: item })
      phone.send(`<presence to='${bare}' type='subscribe'/>`)
      phone.send(`<presence to='${bare}' type='subscribed'/>`)
      await smile.next(({ name, attributes }) => name === 'presence' && attributes.type === 'subscribe')
      smile.send(`<presence to='${romeo.jid}' type='subscribed'/>`)
      const there = await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === smile.jid)
      assert.equal(there.subject, bare)
      await phone.stop()

      const contact = await romeo.api('GET', `/roster/${path}`)
      assert.deepEqual([contact.status, contact.body.jid, contact.body.name], [200, bare, 'Smile'])
      assert.deepEqual(
        contact.body.presences.map(({ jid }: { jid: string }) => jid),
        [smile.jid],
      )
      assert.ok((await romeo.api('GET', '/roster')).body.data.some(({ jid }: { jid: string }) => jid === bare))
      assert.equal((await romeo.api('GET', `/presence/${path}`)).body.presences[0].jid, smile.jid)
      assert.equal((await romeo.api('GET', `/presence/${encodeURIComponent(smile.jid)}`)).body.presences.length, 1)

      smile.send(`<message to='${romeo.jid}' type='chat' id='s'><body>:-)</body></message>`)
      const said = await romeo.events.next((one) => one.data.body === ':-)')
      assert.deepEqual([said.subject, said.data.from], [bare, smile.jid])
      smile.send(`<message to='${romeo.jid}' type='chat'><body>:-))</body><replace xmlns='urn:xmpp:message-correct:0' id='s'/></message>`)
      assert.equal((await romeo.events.next((one) => one.data.body === ':-))')).type, 'message.corrected')
      const { data } = (await romeo.api('GET', '/events', { query: { after: '0', jids: bare, types: 'message.*,presence.*' } })).body
      const about = data.filter(({ type }: { type: string }) => !type.startsWith('events.'))
      assert.ok(about.length >= 3)
      assert.deepEqual([...new Set(about.map(({ subject }: { subject: string }) => subject))], [bare])

      assert.equal((await romeo.api('DELETE', `/roster/${path}`)).status, 204)
      assert.equal((await romeo.api('GET', `/roster/${path}`)).status, 404)
    } finally {
      await smile.stop()
    }
  })
})
