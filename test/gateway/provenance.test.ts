import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dedupKeys, unwrap } from '../../src/gateway/provenance.ts'
import { parseStanza } from '../../src/stanza/parse.ts'

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
