import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dedupKeys, forgesOwnData, isOfAccount, trustedStanzaId, unwrap } from '../../src/gateway/provenance.ts'
import { child } from '../../src/stanza/element.ts'
import { parseStanza } from '../../src/stanza/parse.ts'
import { serialize } from '../../src/stanza/serialize.ts'

const own = 'romeo@montague.lit'
const inner = '<message xmlns="jabber:client" from="romeo@montague.lit/phone" to="juliet@capulet.lit" type="chat"><body>hi</body></message>'
const carbon = (from: string, direction = 'sent') =>
  parseStanza(
    `<message ${from} to="romeo@montague.lit/orchard"><${direction} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></${direction}></message>`,
  )

test('T1: a carbon counts from the own bare JID and from nobody else', () => {
  const real = unwrap(carbon(`from="${own}"`), own)
  assert.equal(real.kind === 'own' && real.carbon, 'sent')
  assert.equal(real.kind === 'own' && real.stanza.attributes.from, 'romeo@montague.lit/phone')
  for (const from of ['from="mallory@evil.lit"', `from="${own}/orchard"`, 'from="montague.lit"', '', 'from="@/"'])
    assert.deepEqual(unwrap(carbon(from), own), { kind: 'forged' }, from)
  assert.equal(unwrap(carbon('from="Romeo@Montague.LIT"', 'received'), own).kind, 'own')
})

test('T1: a carbon without a message inside is forged too', () => {
  const empty = parseStanza(`<message from="${own}"><sent xmlns="urn:xmpp:carbons:2"/></message>`)
  assert.deepEqual(unwrap(empty, own), { kind: 'forged' })
})

test('T1: a carbon inside a carbon stays what it is, a message that nobody unwraps', () => {
  const nested = serialize(carbon('from="mallory@evil.lit"'))
  const outer = parseStanza(
    `<message from="${own}"><received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${nested.replace('<message', '<message xmlns="jabber:client"')}</forwarded></received></message>`,
  )
  const unwrapped = unwrap(outer, own)
  assert.equal(unwrapped.kind === 'own' && unwrapped.stanza.attributes.from, 'mallory@evil.lit')
  assert.equal(unwrapped.kind === 'own' && child(unwrapped.stanza, 'body'), undefined)
})

test('T2: a push counts without a sender, or from the own bare JID', () => {
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

test('T5: what only the own account can tell counts from nobody else', () => {
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

const keysOf = (xml: string, archiveId?: string) => dedupKeys(parseStanza(xml), own, archiveId)

test('T6: a stanza-id counts only when the own account gave it, and in a room when the room did', () => {
  const keys = (by: string, type: string, from: string) =>
    keysOf(`<message from="${from}" id="m1" type="${type}"><stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="s1"/></message>`)
  const [juliet, nick] = ['juliet@capulet.lit/b', 'room@muc.lit/nick']
  assert.deepEqual(keys(own, 'chat', juliet), {
    dedup: ['stanza-id juliet@capulet.lit s1'],
    dedupAgainst: ['id juliet@capulet.lit chat m1 '],
  })
  assert.deepEqual(keys('juliet@capulet.lit', 'chat', juliet), { dedup: ['id juliet@capulet.lit chat m1 '], dedupAgainst: [] })
  assert.deepEqual(keys('room@muc.lit', 'groupchat', nick).dedup, [`stanza-id ${nick} s1`])
  assert.deepEqual(keys(own, 'groupchat', nick), { dedup: [`id ${nick} groupchat m1 `], dedupAgainst: [] })
})

test('T6: a stanza-id is by exactly the own bare JID, or exactly the room', () => {
  const given = (by: string, whose: string) =>
    trustedStanzaId(parseStanza(`<message><stanza-id xmlns="urn:xmpp:sid:0" ${by} id="s1"/></message>`), whose)
  for (const by of [`by="${own}/any"`, 'by="montague.lit"', 'by="mallory@evil.lit"', 'by="@/"', ''])
    assert.equal(given(by, own), undefined, by)
  for (const by of [`by="${own}"`, 'by="Romeo@Montague.LIT"']) assert.equal(given(by, own), 's1', by)
  assert.equal(given('by="room@muc.lit/mallory"', 'room@muc.lit'), undefined)
  assert.equal(given('by="room@muc.lit"', 'room@muc.lit'), 's1')
})

test('T6: of several stanza-ids by the own account the last is the server’s', () => {
  const id = (value: string) => `<stanza-id xmlns="urn:xmpp:sid:0" by="${own}" id="${value}"/>`
  assert.deepEqual(keysOf(`<message from="a@b.lit">${id('forged')}${id('real')}</message>`).dedup, ['stanza-id a@b.lit real'])
})

test('two authors may use the same id, an author may use it again for other words, and a bounce is not the message it answers', () => {
  const keys = (from: string, type: string, body = 'x') =>
    keysOf(`<message from="${from}" id="1" type="${type}"><body>${body}</body></message>`)
  assert.deepEqual(keys('a@b.lit/1', 'chat'), keys('a@b.lit/2', 'chat'))
  assert.notDeepEqual(keys('a@b.lit', 'chat'), keys('c@b.lit', 'chat'))
  assert.notDeepEqual(keys('a@b.lit', 'chat'), keys('a@b.lit', 'chat', 'y'))
  assert.notDeepEqual(keys('a@b.lit', 'chat'), keys('a@b.lit', 'error'))
  assert.deepEqual(keysOf('<message from="a@b.lit"/>'), { dedup: [], dedupAgainst: [] })
})

test('a copy from the archive is known by the archive id, or as the copy that had none', () => {
  const copy = '<message from="a@b.lit/1" id="m1" type="chat"/>'
  assert.deepEqual(keysOf(copy, 's7'), { dedup: ['stanza-id a@b.lit s7'], dedupAgainst: keysOf(copy).dedup })
})
