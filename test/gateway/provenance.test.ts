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

test('T6: a stanza-id counts only when the own account gave it, and in a room when the room did', () => {
  const keys = (by: string, type: string, from: string) =>
    dedupKeys(
      parseStanza(`<message from="${from}" id="m1" type="${type}"><stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="s1"/></message>`),
      own,
    )
  assert.deepEqual(keys(own, 'chat', 'juliet@capulet.lit/b'), ['stanza-id  s1', 'id juliet@capulet.lit chat m1'])
  assert.deepEqual(keys('juliet@capulet.lit', 'chat', 'juliet@capulet.lit/b'), ['id juliet@capulet.lit chat m1'])
  assert.deepEqual(keys('room@muc.lit', 'groupchat', 'room@muc.lit/nick'), [
    'stanza-id room@muc.lit s1',
    'id room@muc.lit/nick groupchat m1',
  ])
  assert.deepEqual(keys(own, 'groupchat', 'room@muc.lit/nick'), ['id room@muc.lit/nick groupchat m1'])
})

test('two authors may use the same id, and a bounce is not the message it answers', () => {
  const keys = (from: string, type: string) => dedupKeys(parseStanza(`<message from="${from}" id="m1" type="${type}"/>`), own)
  assert.deepEqual(keys('a@b.lit/1', 'chat'), keys('a@b.lit/2', 'chat'))
  assert.notDeepEqual(keys('a@b.lit', 'chat'), keys('c@b.lit', 'chat'))
  assert.notDeepEqual(keys('a@b.lit', 'chat'), keys('a@b.lit', 'error'))
  assert.deepEqual(dedupKeys(parseStanza('<message from="a@b.lit"/>'), own), [])
})

test('a copy from the archive is known by the archive id and by the author id', () => {
  const copy = parseStanza('<message from="a@b.lit/1" id="m1" type="chat"/>')
  assert.deepEqual(dedupKeys(copy, own, 's7'), ['stanza-id  s7', 'id a@b.lit chat m1'])
})
