import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../src/errors/problem.ts'
import { bare, domainOf, equal, isBare, jid, parseJid } from '../src/jid.ts'

const malformed = (error: unknown) => error instanceof Problem && error.code === 'jid-malformed'

const good: [given: string, normal: string][] = [
  ['juliet@example.com', 'juliet@example.com'],
  ['juliet@example.com/foo', 'juliet@example.com/foo'],
  ['juliet@example.com/foo bar', 'juliet@example.com/foo bar'],
  ['juliet@example.com/foo@bar', 'juliet@example.com/foo@bar'],
  ['foo\\20bar@example.com', 'foo\\20bar@example.com'],
  ['fussball@example.com', 'fussball@example.com'],
  ['fußball@example.com', 'fußball@example.com'],
  ['π@example.com', 'π@example.com'],
  ['Σ@example.com/foo', 'σ@example.com/foo'],
  ['king@example.com/♚', 'king@example.com/♚'],
  ['example.com', 'example.com'],
  ['example.com/foobar', 'example.com/foobar'],
  ['a.example.com/b@example.net', 'a.example.com/b@example.net'],
  ['Romeo@Montague.LIT/Orchard', 'romeo@montague.lit/Orchard'],
  ['a@example.com.', 'a@example.com'],
  ['ＪＵＬＩＥＴ@example.com', 'juliet@example.com'],
  ['e\u0301@example.com', 'é@example.com'],
  ['a@ｅｘａｍｐｌｅ。com', 'a@example.com'],
  ['a@MÜNCHEN.de', 'a@münchen.de'],
  ['a@xn--mnchen-3ya.de', 'a@münchen.de'],
  ['a@[0:0:0:0:0:0:0:1]/x', 'a@[::1]/x'],
  ['a@[2001:DB8::1]', 'a@[2001:db8::1]'],
  ['a@192.0.2.1', 'a@192.0.2.1'],
  ['a@b/c/d', 'a@b/c/d'],
  ['a@b/ch\u00e9\u0301', 'a@b/ch\u00e9\u0301'],
  ['a@b/one\u00a0two', 'a@b/one two'],
  ['a@b/👩‍👩‍👧', 'a@b/👩‍👩‍👧'],
  ['a@b_c', 'a@b_c'],
  ['__proto__@constructor', '__proto__@constructor'],
  [`${'a'.repeat(1023)}@b`, `${'a'.repeat(1023)}@b`],
  [`a@b/${'é'.repeat(511)}r`, `a@b/${'é'.repeat(511)}r`],
]

const bad = [
  '', '@', '/', 'juliet@', '/foobar', '@example.com', '@example.com/', 'a@b/', '"juliet"@example.com', 'foo bar@example.com',
  'juliet@example.com/ foo', 'henry\u2163@example.com', '♚@example.com', 'a&b@c', "a'b@c", 'a:b@c', 'a<b@c', 'a>b@c', 'a@b@c',
  'a@.b', 'a@b..c', 'a@b c', 'a@b?c', 'a@b#c', 'a@b:5222', 'a@%61', 'a@[1.2.3.4]', 'a@[::1', 'a@[fe80::1%eth0]', 'a@[::1].b', 'a@[]',
  '\0@b', 'a\u007f@b', 'a@b\0', 'a@b/\0', 'a@b/\n', 'a@b/\u0085', 'a@b/\u2028', 'a@b/\ud800', '\ud800@b', 'a@\udfff', 'a@b/\ufffe',
  'a\u00ad@b', 'a\u200b@b', 'a\u202e@b', 'a\ufeff@b', '\u212a@b', '\u0378@b', '😀@b', 'a@😀', 'a@b\u202ec',
  `${'a'.repeat(1024)}@b`, `a@b/${'r'.repeat(1024)}`, `a@b/${'é'.repeat(512)}`, `a@${'a'.repeat(64)}.b`, `a@${'a.'.repeat(512)}b`,
] // biome-ignore format: a table

test('a JID has one normal form', () => {
  for (const [given, normal] of good) {
    assert.equal(jid(given), normal, given)
    assert.equal(jid(normal), normal, normal)
  }
})

test('what is no JID is refused, with the place it came from', () => {
  for (const text of bad) assert.throws(() => jid(text), malformed, JSON.stringify(text))
  assert.throws(
    () => jid('a@', 'body.to'),
    (error) => error instanceof Problem && error.options.errors?.[0]?.path === 'body.to',
  )
})

test('lookalikes and slashes stay apart', () => {
  assert.equal(equal('paypal@example.com', 'pаypal@example.com'), false)
  assert.equal(equal('admin@example.com/x', 'admin@example.com'), false)
  assert.deepEqual(parseJid('example.com/a@b/c'), { local: '', domain: 'example.com', resource: 'a@b/c' })
  assert.equal(equal('A@B/c', 'a@b/c'), true)
  assert.equal(equal('a@b/C', 'a@b/c'), false)
  assert.equal(equal('not a jid', 'not a jid'), false)
})

test('the parts of a JID', () => {
  assert.deepEqual(parseJid('Romeo@Example.NET/Orchard'), { local: 'romeo', domain: 'example.net', resource: 'Orchard' })
  assert.equal(bare('Romeo@example.net/Orchard'), 'romeo@example.net')
  assert.equal(bare('example.net'), 'example.net')
  assert.equal(domainOf('romeo@Example.net/a@b'), 'example.net')
  assert.equal(isBare('romeo@example.net'), true)
  assert.equal(isBare('romeo@example.net/x'), false)
})

test('normalising twice changes nothing, and the parts are the text', () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.string({
      unit: fc.constantFrom(
        'ß',
        'İ',
        'ı',
        'Σ',
        'ς',
        'ſ',
        'ǅ',
        'ﬀ',
        'Ａ',
        'ｱ',
        '。',
        '゛',
        '.',
        '-',
        'xn--',
        'a',
        '\u0301',
        '\u0345',
        'ᾳ',
        'Ω',
      ),
    }),
  )
  const address = fc.tuple(odd, odd, odd, fc.nat(7)).map(([local, domain, resource, shape]) => {
    return (shape & 1 ? `${local}@` : '') + domain + (shape & 2 ? `/${resource}` : '')
  })
  fc.assert(
    fc.property(address, (text) => {
      let once: string
      try {
        once = jid(text)
      } catch (error) {
        assert.ok(malformed(error))
        return
      }
      assert.equal(jid(once), once)
      assert.equal(equal(text, once), true)
      const { local, domain, resource } = parseJid(once)
      assert.equal((local && `${local}@`) + domain + (resource && `/${resource}`), once)
      assert.equal(bare(once), (local && `${local}@`) + domain)
    }),
    { numRuns: 5000 },
  )
})
