import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Problem } from '../../src/errors/problem.ts'
import { changedCredentials, openPassword, resealCredentials, sameCredentials, sealCredentials } from '../../src/gateway/credentials.ts'
import { createSeal } from '../../src/gateway/seal.ts'
import { sessionRecord } from '../store/sample.ts'

const [old, fresh] = [randomBytes(32), randomBytes(32)]
const certificate = { cert: 'a certificate', key: 'its key' }
const place = sessionRecord()
const record = { ...place, ...sealCredentials(createSeal([old]), place, { password: 'secret', sasl: { allow: ['PLAIN'], certificate } }) }
const lost = (error: unknown) => error instanceof Problem && error.code === 'credentials-lost'

test('secrets that no key opens are other ones than any that are given, are never sealed anew, and give way to new ones', () => {
  const seal = createSeal([fresh])
  assert.equal(sameCredentials(seal, record, { password: 'secret', sasl: { allow: ['PLAIN'], certificate } }), false)
  assert.equal(resealCredentials(seal, record), undefined)
  assert.deepEqual(changedCredentials(seal, record, { password: 'new' }), { password: 'new', sasl: { allow: ['PLAIN'] } })
  assert.deepEqual(changedCredentials(seal, record, { sasl: { certificate } }), { password: '', sasl: { allow: ['PLAIN'], certificate } })
  for (const change of [{}, { sasl: {} }, { sasl: { allow: [] } }]) assert.throws(() => changedCredentials(seal, record, change), lost)
})

test('half of a rotation: what an old key opens is sealed with the present one', () => {
  const seal = createSeal([fresh, old])
  const resealed = resealCredentials(seal, record)
  assert.ok(resealed && seal.isCurrent(resealed.credentials) && seal.isCurrent(resealed.certificate ?? ''))
  assert.equal(openPassword(createSeal([fresh]), { ...record, ...resealed }), 'secret')
  // one of the two was sealed anew
  const half = { ...record, certificate: resealed.certificate ?? null }
  assert.ok(seal.isCurrent(resealCredentials(seal, half)?.credentials ?? ''))
  const { credentials } = record
  assert.equal(resealCredentials(seal, { ...record, credentials: `${credentials.slice(0, -4)}AAAA` }), undefined)
})
