import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { z } from 'zod'
import { createTranslator } from '../../src/codec/translate.ts'
import { withFile } from '../../src/features/file-message.ts'
import { definitions } from '../../src/protocol/index.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { allOperations } from '../linear/operations.ts'

const vocabulary = createTranslator(definitions)

/** An example that is JSON goes by its schema; one that is XML is one stanza. */
function check(example: unknown, schema: z.ZodType | undefined, what: string): void {
  if (typeof example === 'string') {
    vocabulary.read(parseStanza(example, { bytes: 10_000 }), { received: true })
    return
  }
  const { error, data } = schema!.safeParse(example)
  assert.equal(error, undefined, `${what} ${JSON.stringify(error?.issues)}`)
  // what nobody knows would be left out
  assert.deepEqual(data, example, what)
}

describe('examples', () => {
  for (const { id, body, xmlBody, xmlAnswer, answers, examples } of allOperations().operations) {
    it(`of ${id} are there, and are right`, () => {
      const given = Object.entries(examples.body ?? {})
      assert.equal(
        given.some(([, example]) => typeof example !== 'string'),
        body !== undefined,
      )
      assert.equal(
        given.some(([, example]) => typeof example === 'string'),
        xmlBody === true,
      )
      for (const [name, example] of given) check(example, body, `${id} body ${name}`)

      const main = Object.entries(answers).filter(([status, { schema }]) => Number(status) < 300 && schema)
      const shown = main.filter(([status]) => examples[Number(status)] !== undefined)
      assert.ok(main.length === 0 || shown.length > 0, 'an answer has examples')
      for (const status of Object.keys(examples).filter((key) => key !== 'body')) {
        const { schema } = answers[Number(status)] ?? {}
        for (const [name, example] of Object.entries(examples[Number(status)] ?? {})) {
          if (typeof example === 'string') assert.ok(xmlAnswer)
          check(example, schema, `${id} ${status} ${name}`)
        }
      }
    })
  }

  it('of bodies can be written as stanzas', () => {
    const { operations } = allOperations()
    for (const { id, examples } of operations.filter(({ id }) => id === 'messages.send' || id === 'presence.set'))
      for (const [name, { expiresIn: _, ...json }] of Object.entries((examples.body ?? {}) as Record<string, Record<string, unknown>>))
        assert.doesNotThrow(() => vocabulary.write(id === 'messages.send' ? 'message' : 'presence', withFile(json)), `${id} ${name}`)
  })
})
