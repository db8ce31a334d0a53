import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../src/errors/problem.ts'
import { createSeal } from '../../src/gateway/seal.ts'

const context = { tenant: 'acme', session: 'ses_1', kind: 'password' }
const unopened = (error: unknown) => error instanceof Problem && error.code === 'credentials-lost'

test('what was sealed opens where it belongs', () => {
  const seal = createSeal([randomBytes(32)])
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.record({ tenant: fc.string(), session: fc.string(), kind: fc.string() }),
      (secret, place) => {
        assert.equal(seal.open(seal.seal(secret, place), place), secret)
      },
    ),
  )
})

test('and nowhere else', () => {
  const seal = createSeal([randomBytes(32)])
  const sealed = seal.seal('secret', context)
  for (const other of [{ tenant: 'other' }, { session: 'ses_2' }, { kind: 'token' }]) {
    assert.throws(() => seal.open(sealed, { ...context, ...other }), unopened)
  }
  // the parts cannot be shifted into one another
  const shifted = seal.seal('secret', { tenant: 'a","b', session: 'c', kind: 'd' })
  assert.throws(() => seal.open(shifted, { tenant: 'a', session: 'b","c', kind: 'd' }), unopened)
})

test('nothing of the secret shows, and twice sealed is different', () => {
  const seal = createSeal([randomBytes(32)])
  const [one, two] = [seal.seal('canary', context), seal.seal('canary', context)]
  assert.notEqual(one, two)
  assert.ok(!one.includes('canary') && !one.includes(Buffer.from('canary').toString('base64url')))
})

test('what was altered, cut or is something else does not open', () => {
  const seal = createSeal([randomBytes(32)])
  const sealed = seal.seal('secret', context)
  const [version, id, blob] = sealed.split('.') as [string, string, string]
  const bytes = Buffer.from(blob, 'base64url')
  for (let index = 0; index < bytes.length; index++) {
    const altered = Buffer.from(bytes)
    altered[index]! ^= 1
    assert.throws(() => seal.open(`${version}.${id}.${altered.toString('base64url')}`, context), unopened)
  }
  for (const wrong of [
    '',
    'x',
    '1',
    `${version}.${id}`,
    `2.${id}.${blob}`,
    `${version}.00000000.${blob}`,
    sealed.slice(0, 20),
    sealed.slice(0, -4),
  ]) {
    assert.throws(() => seal.open(wrong, context), unopened, wrong)
  }
})

test('keys are rotated: a new one seals, the old one still opens', () => {
  const [old, next] = [randomBytes(32), randomBytes(32)]
  const before = createSeal([old])
  const during = createSeal([next, old])
  const after = createSeal([next])
  const sealed = before.seal('secret', context)
  assert.equal(during.open(sealed, context), 'secret')
  assert.deepEqual([before.isCurrent(sealed), during.isCurrent(sealed)], [true, false])
  const again = during.seal(during.open(sealed, context), context)
  assert.equal(during.isCurrent(again), true)
  assert.equal(after.open(again, context), 'secret')
  assert.throws(() => after.open(sealed, context), /CREDENTIALS_KEY/)
})

test('a key of another size, or none, is refused', () => {
  for (const keys of [[], [randomBytes(16)], [randomBytes(32), randomBytes(31)]]) assert.throws(() => createSeal(keys), RangeError)
})
