import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgesOwnData, isOfAccount, ownRecord, trustedStanzaId, unwrap } from '../../../src/gateway/inbound/provenance.ts'
import type { MessageRecord } from '../../../src/gateway/ports/message.ts'
import type { SessionRecord } from '../../../src/gateway/ports/session-record.ts'
import { child } from '../../../src/xml/element.ts'
import { parseStanza } from '../../../src/xml/parse.ts'
import { serialize } from '../../../src/xml/serialize.ts'

const own = 'romeo@montague.lit'
const inner = '<message xmlns="jabber:client" from="romeo@montague.lit/phone" to="juliet@capulet.lit" type="chat"><body>hi</body></message>'
const carbon = (from: string, direction = 'sent') =>
  parseStanza(
    `<message ${from} to="romeo@montague.lit/orchard"><${direction} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></${direction}></message>`,
  )

test('a carbon counts from the own bare JID and from nobody else', () => {
  const real = unwrap(carbon(`from="${own}"`), own)
  assert.equal(real.kind === 'own' && real.carbon, 'sent')
  assert.equal(real.kind === 'own' && real.stanza.attributes.from, 'romeo@montague.lit/phone')
  for (const from of ['from="mallory@evil.lit"', `from="${own}/orchard"`, 'from="montague.lit"', '', 'from="@/"'])
    assert.deepEqual(unwrap(carbon(from), own), { kind: 'forged' }, from)
  assert.equal(unwrap(carbon('from="Romeo@Montague.LIT"', 'received'), own).kind, 'own')
})

test('a carbon without a message inside is forged too', () => {
  const empty = parseStanza(`<message from="${own}"><sent xmlns="urn:xmpp:carbons:2"/></message>`)
  assert.deepEqual(unwrap(empty, own), { kind: 'forged' })
})

test('a carbon inside a carbon stays what it is, a message that nobody unwraps', () => {
  const nested = serialize(carbon('from="mallory@evil.lit"'))
  const outer = parseStanza(
    `<message from="${own}"><received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${nested.replace('<message', '<message xmlns="jabber:client"')}</forwarded></received></message>`,
  )
  const unwrapped = unwrap(outer, own)
  assert.equal(unwrapped.kind === 'own' && unwrapped.stanza.attributes.from, 'mallory@evil.lit')
  assert.equal(unwrapped.kind === 'own' && child(unwrapped.stanza, 'body'), undefined)
})

test('a push counts without a sender, or from the own bare JID', () => {
  const push = (from: string) => parseStanza(`<iq type="set" id="p" ${from}><query xmlns="jabber:iq:roster"/></iq>`)
  for (const from of ['', `from="${own}"`, 'from="Romeo@Montague.LIT"']) assert.ok(isOfAccount(push(from), own), from)
  for (const from of [
    'from="mallory@evil.lit"',
    `from="${own}/orchard"`,
    'from="montague.lit"',
    'from="romeo@montague.lit.evil.lit"',
    'from="@/"',
  ])
    assert.ok(!isOfAccount(push(from), own), from)
})

test('what only the own account can tell counts from nobody else', () => {
  const event = (node: string, from: string) =>
    parseStanza(`<message ${from}><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${node}"/></event></message>`)
  const others = ['from="mallory@evil.lit"', `from="${own}/orchard"`, 'from="montague.lit"', 'from="@/"']
  for (const node of ['storage:bookmarks', 'urn:xmpp:bookmarks:1', 'urn:xmpp:mds:displayed:0', 'urn:xmpp:private:x']) {
    const secret = node !== 'urn:xmpp:private:x'
    for (const from of others) assert.equal(forgesOwnData(event(node, from), own), secret, `${node} ${from}`)
    for (const from of ['', `from="${own}"`, 'from="Romeo@Montague.LIT"']) assert.equal(forgesOwnData(event(node, from), own), false)
  }
  assert.equal(forgesOwnData(parseStanza('<message from="mallory@evil.lit"><body>hi</body></message>'), own), false)
})

test('a stanza-id is by exactly the own bare JID, or exactly the room', () => {
  const given = (by: string, whose: string) =>
    trustedStanzaId(parseStanza(`<message><stanza-id xmlns="urn:xmpp:sid:0" ${by} id="s1"/></message>`), whose)
  for (const by of [`by="${own}/any"`, 'by="montague.lit"', 'by="mallory@evil.lit"', 'by="@/"', ''])
    assert.equal(given(by, own), undefined, by)
  for (const by of [`by="${own}"`, 'by="Romeo@Montague.LIT"']) assert.equal(given(by, own), 's1', by)
  assert.equal(given('by="room@muc.lit/mallory"', 'room@muc.lit'), undefined)
  assert.equal(given('by="room@muc.lit"', 'room@muc.lit'), 's1')
})

test('of several stanza-ids by the own account the last is the server’s', () => {
  const id = (value: string) => `<stanza-id xmlns="urn:xmpp:sid:0" by="${own}" id="${value}"/>`
  assert.equal(trustedStanzaId(parseStanza(`<message from="a@b.lit">${id('forged')}${id('real')}</message>`), own), 'real')
  assert.equal(trustedStanzaId(parseStanza(`<message from="a@b.lit">${id('')}</message>`), own), undefined)
})

test('a copy of what the account sent is ours by the resource, or by origin-id and addressee, never by the id alone', async () => {
  const record = { id: '1', to: 'juliet@capulet.lit' } as MessageRecord
  const ours = (from: string, to: string, inside = '') =>
    ownRecord(parseStanza(`<message from="${from}" to="${to}" id="1">${inside}</message>`), {
      record: { jid: own } as SessionRecord,
      isOwn: (jid) => jid === `${own}/bot`,
      message: async (id) => (id === '1' ? record : undefined),
    })
  const origin = '<origin-id xmlns="urn:xmpp:sid:0" id="1"/>'
  assert.equal(await ours(`${own}/bot`, 'juliet@capulet.lit'), record)
  assert.equal(await ours(`${own}/before`, 'Juliet@Capulet.lit', origin), record)
  assert.equal(await ours(`${own}/phone`, 'juliet@capulet.lit'), undefined)
  assert.equal(await ours(`${own}/phone`, 'nurse@capulet.lit', origin), undefined)
})
