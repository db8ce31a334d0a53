import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import { z } from 'zod'
import { define, member } from '../../src/codec/definition.ts'
import { attribute, required, text } from '../../src/codec/fields.ts'
import type { TypeOf } from '../../src/codec/model.ts'
import { payload } from '../../src/codec/payload.ts'
import { integer, jid, oneOf } from '../../src/codec/scalars.ts'
import { createTranslator } from '../../src/codec/translate.ts'
import { definitions as vocabulary } from '../../src/protocol/index.ts'

const folder = new URL('../fixtures/', import.meta.url)

it('gives each schema a name that no other has', () => {
  const { schemas } = createTranslator(vocabulary)
  const whole = z.strictObject({ message: schemas.message, presence: schemas.presence, payload: schemas.payload })
  // throws where one name is that of two
  const { $defs = {} } = z.toJSONSchema(whole)
  assert.ok(Object.keys($defs).length > 50)
})

it('has at least three fixtures of each payload', () => {
  const found = new Map<string, Set<string>>()
  for (const xep of readdirSync(folder)) {
    for (const name of readdirSync(new URL(`${xep}/`, folder)).filter((one) => one.endsWith('.json'))) {
      const text = readFileSync(new URL(`${xep}/${name}`, folder), 'utf8')
      for (const [, key] of text.matchAll(/"(\w+)":/g))
        found.set(key as string, (found.get(key as string) ?? new Set()).add(`${xep}/${name}`))
    }
  }
  const few = vocabulary.map(({ name }) => name).filter((name) => (found.get(name)?.size ?? 0) < 3)
  assert.deepEqual(few, [])
})

it('gives the type of the JSON', () => {
  const item = payload('TestItem', 'item', 'urn:test', {
    jid: required(attribute(jid)),
    count: text(integer()),
    state: text(oneOf('on', 'off')),
  })
  const value: TypeOf<typeof item> = { jid: 'a.example', state: 'on' }
  // @ts-expect-error a required member is missing
  const missing: TypeOf<typeof item> = { count: 1 }
  // @ts-expect-error not one of the values
  const other: TypeOf<typeof item> = { jid: 'a.example', state: 'maybe' }
  assert.ok(value && missing && other)
})

it('refuses two definitions of one name', () => {
  const ping = define('ping', ['iq'], payload('TestPing', 'ping', 'urn:test', {}))
  assert.throws(() => createTranslator([ping, ping]).schemas.payload, /ping/)
  const nick = member('nick', ['message'], text())
  assert.throws(() => createTranslator([nick, nick]), /nick/)
  assert.throws(() => createTranslator([member('id', ['message'], text())]), /id/)
})

it('refuses a member that has the name of what is left over', () => {
  assert.throws(() => payload('TestRaw', 'x', 'urn:test', { raw: attribute() }), /raw/)
})
