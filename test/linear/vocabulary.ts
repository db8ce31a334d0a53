import { it } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { definitions as vocabulary } from '../../src/protocol/index.ts'
import { xmlLimits } from '../../src/xml/limits.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { serialize } from '../../src/xml/serialize.ts'
import { assertLinear, type Steps } from './doubling.ts'
import { createIncoming, tell } from './incoming.ts'
import { createInputs, type Input } from './inputs.ts'

const arrival = { connection: 0, stream: 'stream', at: '@1', time: 0 }

/**
 * Each definition of the vocabulary in each of its worst inputs, from XML to the event that tells of it, and from JSON to XML.
 * `most` and `little`: ms that a step may take, and that need no second look.
 */
export function testVocabulary({ size, most, little, rare }: { size: number; most: number; little: number; rare: boolean }): void {
  const translator = createTranslator(vocabulary)
  const incoming = createIncoming(translator)
  const inputs = createInputs(translator)

  function prepare(input: Input, length: number): Steps {
    const text = input.xml(length)
    const parse = () => parseStanza(text, { bytes: xmlLimits.bytes * 2, children: xmlLimits.children * 2 })
    const element = parse()
    const { kind, json } = translator.read(element, { received: true })
    return {
      'XML to element': parse,
      'element to event': async () => tell((await incoming.stanza(arrival, element)).change.events),
      'element to JSON': () => translator.read(element, { received: true }),
      'JSON that is checked': () => translator.schemas[kind].parse(json),
      'JSON to XML': () => serialize(translator.write(kind, json, { received: true })),
    }
  }

  for (const definition of vocabulary) {
    it(`${definition.name} (${definition.on.join(', ')})`, async () => {
      for (const input of inputs(definition)) {
        if (input.rare && !rare) continue
        await assertLinear({ what: input.what, prepare: (length) => prepare(input, length) }, { size, most, little })
      }
    })
  }
}
