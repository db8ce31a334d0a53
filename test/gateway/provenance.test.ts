import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dedupKey, unwrap } from '../../src/gateway/provenance.ts'
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

test('T6: a stanza-id makes the key only when the own account gave it, and in a room when the room did', () => {
  const with_ = (by: string, type: string, from: string) =>
    dedupKey(
      parseStanza(`<message from="${from}" id="m1" type="${type}"><stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="s1"/></message>`),
      own,
    )
  assert.equal(with_(own, 'chat', 'juliet@capulet.lit/b'), with_(own, 'chat', 'other@capulet.lit/b'))
  assert.notEqual(with_('juliet@capulet.lit', 'chat', 'juliet@capulet.lit/b'), with_(own, 'chat', 'juliet@capulet.lit/b'))
  assert.equal(with_('juliet@capulet.lit', 'chat', 'juliet@capulet.lit/b'), with_('evil@lit', 'chat', 'juliet@capulet.lit/c'))
  assert.match(with_('room@muc.lit', 'groupchat', 'room@muc.lit/nick') ?? '', /s1/)
  assert.doesNotMatch(with_(own, 'groupchat', 'room@muc.lit/nick') ?? '', /s1/)
})

test('two authors may use the same id, and a bounce is not the message it answers', () => {
  const key = (from: string, type: string) => dedupKey(parseStanza(`<message from="${from}" id="m1" type="${type}"/>`), own)
  assert.equal(key('a@b.lit/1', 'chat'), key('a@b.lit/2', 'chat'))
  assert.notEqual(key('a@b.lit', 'chat'), key('c@b.lit', 'chat'))
  assert.notEqual(key('a@b.lit', 'chat'), key('a@b.lit', 'error'))
  assert.equal(dedupKey(parseStanza('<message from="a@b.lit"/>'), own), undefined)
})
