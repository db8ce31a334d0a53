import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { parseJson } from '../../src/api/json.ts'
import { check, refuse } from '../../src/api/validation.ts'
import { extensionsSchema, textsByName } from '../../src/codec/extension.ts'
import { list } from '../../src/codec/list.ts'
import { FAULTS_MAX, Problem, problemJson } from '../../src/errors/problem.ts'

const many = 50_000
const wrong = (count: number) => Array.from({ length: count }, () => 1)

describe('validation', () => {
  it('looks at no element after the first faults', () => {
    let looked = 0
    const counted = list(z.string().or(z.custom(() => looked++ < 0, 'is none')))
    assert.equal(check(counted, 'body', wrong(many)).faults.length, FAULTS_MAX)
    assert.ok(looked <= FAULTS_MAX, `${looked} were looked at`)
  })

  it('says of a member that is not known which ones are, and which was meant', () => {
    const file = z.strictObject({ url: z.string(), fileName: z.string().optional() })
    const schema = z.strictObject({ to: z.string(), file: file.optional(), parts: list(z.union([z.string(), file])).optional() })
    const { faults } = check(schema, 'body', {
      to: 'x',
      fil: 1,
      file: { url: 'x', filename: 'x' },
      parts: [{ url: 'x', zzzzzz: 1 }],
      zz: 1,
    })
    assert.deepEqual(
      faults.toSorted((one, other) => one.path.localeCompare(other.path)),
      [
        { path: 'body.fil', message: 'is not known. Did you mean `file`? Known: to, file, parts' },
        { path: 'body.file.filename', message: 'is not known. Did you mean `fileName`? Known: url, fileName' },
        { path: 'body.parts.0.zzzzzz', message: 'is not known. Known: url, fileName' },
        { path: 'body.zz', message: 'is not known. Known: to, file, parts' },
      ],
    )
  })

  it('names the first ones, wherever they are', () => {
    const all = Array.from({ length: many }, (_, index) => (index < many - 2 ? 'x' : 1))
    const { faults } = check(z.object({ all: list(z.string()) }), 'body', { all })
    assert.deepEqual(
      faults.map(({ path }) => path),
      [`body.all.${many - 2}`, `body.all.${many - 1}`],
    )
    assert.match(faults[0]?.message ?? '', /expected string/)
  })

  it('takes a long list that is right whole, as each of its elements is read', () => {
    const all = Array.from({ length: many }, (_, index) => String(index))
    assert.deepEqual(check(list(z.coerce.number()), 'query', all).value, all.map(Number))
    assert.equal(check(list(z.coerce.number()), 'query', ['1', 'x']).faults.length, 1)
  })

  it('says of a list that is too long that it is, and nothing of its elements', () => {
    const { faults } = check(z.object({ all: list(z.string()).max(100) }), 'body', { all: wrong(many) })
    assert.equal(faults.length, 1)
    assert.match(faults[0]?.message ?? '', /100/)
  })

  it('stops in lists inside lists too', () => {
    const inside = { name: 'x', xmlns: 'urn:x', children: wrong(1_000) }
    const { faults } = check(extensionsSchema, 'body', Array(1_000).fill(inside))
    assert.ok(faults.length > 0 && faults.length <= FAULTS_MAX)
    assert.equal(faults[0]?.path, 'body.0.children.0')
  })

  it('stops at names and texts by name', () => {
    const unknown = Object.fromEntries(wrong(many).map((_, index) => [`k${index}`, 1]))
    const named = check(z.strictObject({}), 'body', unknown).faults
    assert.deepEqual([named.length, named[0]?.path], [FAULTS_MAX, 'body.k0'])
    const texts = check(
      textsByName(() => undefined, {}),
      'body',
      unknown,
    ).faults
    assert.deepEqual([texts.length, texts[0]?.path], [FAULTS_MAX, 'body.k0'])
  })

  it('makes no problem larger than what is wrong: names and words of callers are cut in it', () => {
    const name = 'k'.repeat(100_000)
    const problem = refuse(check(z.strictObject({}), 'body', { [name]: 1 }).faults)
    assert.ok(JSON.stringify(problemJson(problem)).length < 2_000)
    const errors = wrong(many).map(() => ({ path: name, message: name }))
    const long = new Problem('invalid-request', name, { errors, xmpp: { type: 'cancel', condition: 'gone', text: name } })
    assert.ok(JSON.stringify(problemJson(long)).length < 40_000)
  })
})

describe('JSON of a body', () => {
  const bounds = { depth: 3, keys: 4, values: 10 }
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => parseJson(text, bounds), { name: 'Problem', code: 'invalid-request', message })

  it('is bounded in depth, keys and values', () => {
    assert.deepEqual(parseJson('{"a":[[1]],"b":1,"c":1,"d":1}', bounds), { a: [[1]], b: 1, c: 1, d: 1 })
    assert.deepEqual(parseJson('[1,2,3,4,5,6,7,8,9,0]', bounds), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0])
    refused('[[[[1]]]]', /deeper than 3/)
    refused('{"a":1,"b":1,"c":1,"d":1,"e":1}', /more than 4 keys/)
    refused('[1,2,3,4,5,6,7,8,9,0,1]', /more than 10 values/)
    refused('[[],[],[],[],[],[]]', /more than 10 values/)
  })

  it('is refused by these before it is parsed, whatever follows', () => {
    refused('[[[[', /deeper than 3/)
    refused(`[${'1,'.repeat(20)}`, /more than 10 values/)
    refused('{"a":1,"b":1,"c":1,"d":1,"e":', /more than 4 keys/)
  })

  it('has each key once, and what is no JSON is told as that', () => {
    refused('{"a":1,"\\u0061":2}', /twice/)
    refused('{"__proto__":1}', /not allowed/)
    for (const text of ['{"a":1,"a":2', '{"a', '"', '{"\\x":1}', '}}', ']', '{"a":1}}', '[1,]', '\\"', '{"a" "b"}', ',"a"', '']) {
      refused(text, /not JSON/)
    }
  })
})
