import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../src/errors/problem.ts'
import { checkCharacters, illegalCharacter, isNCName, isReadableName } from '../../src/xml/characters.ts'

/** XML 1.0 section 2.2, word for word. */
function isChar(code: number): boolean {
  return (
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  )
}

function problemOf(run: () => void): Problem {
  try {
    run()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test('a character is illegal exactly where XML 1.0 has no Char', () => {
  for (let code = 0; code <= 0xffff; code += 1) {
    const found = illegalCharacter(`ab${String.fromCharCode(code)}c`)
    assert.deepEqual(found, isChar(code) ? undefined : { index: 2, codePoint: code }, code.toString(16))
  }
  assert.equal(illegalCharacter('😀\u{10ffff}\u{1fffe}'), undefined)
})

test('a lone half of a surrogate pair is illegal wherever it stands', () => {
  assert.deepEqual(illegalCharacter('😀\ude00'), { index: 2, codePoint: 0xde00 })
  assert.deepEqual(illegalCharacter('\ud83d'), { index: 0, codePoint: 0xd83d })
  assert.deepEqual(illegalCharacter('a\ud83d\ud83d\ude00'), { index: 1, codePoint: 0xd83d })
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', 'a') }), (text) => {
      assert.equal(illegalCharacter(text) === undefined, text.isWellFormed())
    }),
  )
})

test('a name to write is one that every edition of XML knows', () => {
  for (const name of ['a', '_', 'body', 'x-y.z1', 'été', '名前', 'имя']) assert.equal(isNCName(name), true, name)
  for (const name of [
    '',
    '1',
    '-a',
    '.a',
    'a:b',
    ':',
    'a b',
    'a>',
    'message><evil',
    'a/',
    'a\n',
    'a\0',
    'a"',
    'a=',
    '😀',
    'ĳ',
    '\u00d7',
    '\ud800',
  ]) {
    assert.equal(isNCName(name), false, name)
  }
  for (let code = 1; code <= 0xffff; code += 1) {
    const name = `a${String.fromCharCode(code)}`
    if (isNCName(name)) assert.equal(isReadableName(name), true)
  }
  assert.equal(isReadableName('ĳ\u{10000}'), true)
})

test('every string and key of a JSON value is looked at, and told by its path', () => {
  assert.doesNotThrow(() => checkCharacters({ a: ['b', { c: 'd\n😀' }], e: 1, f: null, g: true, h: undefined }, 'body'))
  const problem = problemOf(() => checkCharacters({ to: 'a\0', bodies: [{ text: 'ok' }, { text: '\ud800' }], 'k\u0001': 1 }, 'body'))
  assert.equal(problem.code, 'illegal-character')
  assert.deepEqual(problem.options.errors, [
    { path: 'body.to', message: 'The text has U+0000 at index 1, which XML cannot carry.' },
    { path: 'body.bodies.1.text', message: 'The text has U+D800 at index 0, which XML cannot carry.' },
    { path: 'body.k\u0001', message: 'The key has U+0001 at index 1, which XML cannot carry.' },
  ])
  assert.equal(problemOf(() => checkCharacters('\0', '')).options.errors?.[0]?.path, '')
  assert.equal(problemOf(() => checkCharacters(Array(100).fill('\0'), 'x')).options.errors?.length, 20)
})

test('a JSON value may be so deep and have so many keys, and not one more', () => {
  const deep = (depth: number): unknown => (depth === 0 ? 'x' : [deep(depth - 1)])
  assert.doesNotThrow(() => checkCharacters(deep(32), 'body'))
  assert.equal(problemOf(() => checkCharacters(deep(33), 'body')).code, 'invalid-request')
  const wide = (count: number) => ({ a: Object.fromEntries(Array.from({ length: count - 1 }, (_, index) => [`k${index}`, 1])) })
  assert.doesNotThrow(() => checkCharacters(wide(1000), 'body'))
  assert.equal(problemOf(() => checkCharacters(wide(1001), 'body')).options.errors?.[0]?.path, 'body.a')
  assert.doesNotThrow(() => checkCharacters(wide(1001), 'body', { depth: 32, keys: 2000 }))
})

test('any JSON value passes exactly when all of its text does', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary', maxDepth: 4 }), (json) => {
      const value: unknown = JSON.parse(json)
      const strings: string[] = []
      JSON.stringify(value, (key, inner) => {
        strings.push(key)
        if (typeof inner === 'string') strings.push(inner)
        return inner
      })
      const legal = strings.every((text) => illegalCharacter(text) === undefined)
      if (legal) checkCharacters(value, 'body')
      else assert.equal(problemOf(() => checkCharacters(value, 'body')).code, 'illegal-character')
    }),
  )
})
