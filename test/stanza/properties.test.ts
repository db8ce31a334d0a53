import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { vocabulary } from '../../src/features/vocabulary.ts'
import { parseStanza } from '../../src/stanza/parse.ts'
import { serialize } from '../../src/stanza/serialize.ts'
import { createTranslator, type StanzaJson, stanzaKinds } from '../../src/stanza/translate.ts'
import { anyElement } from './arbitraries.ts'
import { canonical } from './canonical.ts'
import { jsonOf, mutated } from './json-arbitraries.ts'

const numRuns = Number(process.env.PROPERTY_RUNS ?? 10_000)
const translator = createTranslator(vocabulary)
const through = <T>(value: T): T => JSON.parse(JSON.stringify(value))

describe('arbitrary stanzas', () => {
  for (const kind of stanzaKinds) {
    const typed = jsonOf(translator.schemas[kind], { leftovers: false }) as fc.Arbitrary<StanzaJson>
    const any = jsonOf(translator.schemas[kind], { leftovers: true }) as fc.Arbitrary<StanzaJson>

    it(`gives back any ${kind} that is JSON of the schema`, () => {
      const property = fc.property(typed, (json) => {
        const element = translator.write(kind, json)
        const read = translator.read(parseStanza(serialize(element))).json
        assert.deepEqual(through(read), through(json))
      })
      fc.assert(property, { numRuns })
    })

    it(`gives back any ${kind} that is an element, and its JSON is valid`, () => {
      const property = fc.property(mutated(any.map((json) => translator.write(kind, json))), (element) => {
        const json = through(translator.read(element, { received: true }).json)
        assert.equal(translator.schemas[kind].safeParse(json).error, undefined)
        assert.equal(canonical(translator.write(kind, json, { received: true })), canonical(element))
      })
      fc.assert(property, { numRuns })
    })
  }

  it('gives back any stanza of wild names', () => {
    const property = fc.property(fc.constantFrom(...stanzaKinds), anyElement, (kind, element) => {
      const stanza = parseStanza(serialize({ ...element, name: kind }, ''))
      const json = through(translator.read(stanza, { received: true }).json)
      assert.equal(translator.schemas[kind].safeParse(json).error, undefined)
      assert.equal(canonical(translator.write(kind, json, { received: true })), canonical(stanza))
    })
    fc.assert(property, { numRuns })
  })
})
