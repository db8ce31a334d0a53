import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createTranslator, type StanzaJson, stanzaKinds } from '../../src/codec/translate.ts'
import { Problem } from '../../src/errors/problem.ts'
import { definitions as vocabulary } from '../../src/protocol/index.ts'
import { illegalCharacter } from '../../src/xml/characters.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { serialize } from '../../src/xml/serialize.ts'
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

  // sixteen bits at a time: lone surrogates and control characters too
  const wild = fc.oneof(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), fc.string({ unit: 'binary' }))
  const slots: Record<string, (text: string) => StanzaJson> = {
    body: (text) => ({ body: text }),
    subject: (text) => ({ subject: text }),
    thread: (text) => ({ thread: text }),
    nick: (text) => ({ nick: text }),
    id: (text) => ({ id: text }),
    'a body of a language': (text) => ({ bodies: { de: text } }),
    'text of an extension': (text) => ({ extensions: [{ name: 'x', xmlns: 'urn:x', ...(text === '' ? {} : { children: [text] }) }] }),
    'an attribute of an extension': (text) => ({ extensions: [{ name: 'x', xmlns: 'urn:x', attributes: { a: text } }] }),
  }
  for (const [slot, make] of Object.entries(slots)) {
    it(`any string as ${slot} comes back equal, or is refused with 422`, () => {
      const property = fc.property(wild, (text) => {
        let xml: string
        try {
          xml = serialize(translator.write('message', make(text)))
        } catch (thrown) {
          assert.ok(thrown instanceof Problem && thrown.status === 422, String(thrown))
          assert.equal(thrown.code, 'illegal-character')
          assert.notEqual(illegalCharacter(text), undefined)
          return
        }
        assert.deepEqual(through(translator.read(parseStanza(xml)).json), make(text))
      })
      fc.assert(property, { numRuns: 2_000 })
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
