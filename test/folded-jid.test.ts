import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { folded, foldedBare, sameAccount } from '../src/folded-jid.ts'
import { jid } from '../src/jid.ts'

const same: [one: string, other: string][] = [
  ['juliet@example.com', 'Juliet@EXAMPLE.com/balcony'],
  // as stringprep prepares a name
  ['straße@localhost', 'strasse@localhost'],
  ['STRAẞE@localhost', 'strasse@localhost'],
  ['οδυσσεύς@localhost', 'οδυσσεύσ@localhost'],
  ['ΟΔΥΣΣΕΎΣ@localhost', 'οδυσσεύσ@localhost'],
  ['ﬃ@localhost', 'ffi@localhost'],
  ['ｊｕｌｉｅｔ@localhost', 'juliet@localhost'],
  ['\u212aelvin@localhost', 'kelvin@localhost'],
  ['e\u0301@localhost', 'é@localhost'],
  ['x²@localhost', 'x2@localhost'],
  ['ΐ@localhost', 'ΐ@localhost'],
  ['soft\u00adhyphen@localhost', 'softhyphen@localhost'],
  ['i♥tea@localhost', 'I♥TEA@localhost'],
  // XEP-0106
  ['back\\slash@localhost', 'back\\5cslash@localhost'],
  ['with\\20space@localhost', 'With\\20Space@localhost'],
  // domains
  ['a@MÜNCHEN.de.', 'a@xn--mnchen-3ya.de'],
  ['a@straße.example', 'a@strasse.example'],
  ['a@[0:0:0:0:0:0:0:1]', 'a@[::1]'],
]

const different: [one: string, other: string][] = [
  ['juliet@example.com', 'romeo@example.com'],
  ['juliet@example.com', 'example.com'],
  ['juliet@example.com', 'juliet@example.org'],
  ['ı@localhost', 'i@localhost'],
  ['a\\20b@localhost', 'a\\5c20b@localhost'],
  ['a\\2fb@localhost', 'a/b@localhost'],
  ['☺@localhost', '☹@localhost'],
  ['', 'localhost'],
]

test('what is one account for servers has one form', () => {
  for (const [one, other] of same) assert.equal(foldedBare(one), foldedBare(other), `${one} ${other}`)
  for (const [one, other] of same) assert.equal(sameAccount(`${one}/r`, other), true, `${one} ${other}`)
  for (const [one, other] of different) assert.equal(sameAccount(one, other), false, `${one} ${other}`)
})

test('a full JID keeps its resource, which has no case', () => {
  assert.equal(folded('Straße@LOCALHOST/Küche'), 'strasse@localhost/Küche')
  assert.notEqual(folded('a@b/R'), folded('a@b/r'))
  assert.equal(folded('a@b/ｒ\u00a0s'), folded('a@b/r s'))
  assert.equal(folded('a@b/c/d'), 'a@b/c/d')
  assert.equal(folded('a@b'), foldedBare('a@b/c'))
})

test('any text has a form, and a JID has that of its normal form', () => {
  const parts = fc.oneof(
    fc.constantFrom('\\', '\\5c', '\\20', 'ß', 'ς', 'Σ', 'İ', 'ı', '@', '/', '.', '\u00ad', 'ﬁ'),
    fc.string({ unit: 'binary' }),
  )
  const texts = fc.array(parts, { maxLength: 8 }).map((all) => all.join(''))
  const normal = (text: string) => {
    const form = folded(text)
    try {
      assert.equal(folded(jid(text)), form)
    } catch (error) {
      if ((error as { code?: string }).code !== 'jid-malformed') throw error
    }
  }
  fc.assert(fc.property(texts, normal), { numRuns: 2000 })
  const long = `${'\u0316\u0301'.repeat(100_000)}@b`
  assert.equal(foldedBare(long), long)
})
