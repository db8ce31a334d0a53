/** The fixtures of the vocabulary: `UPDATE_FIXTURES=1 node --test test/stanza/fixtures.test.ts` writes the JSON of new ones, to be reviewed. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { createTranslator, type StanzaJson, type StanzaKind } from '../../src/codec/translate.ts'
import { definitions as vocabulary } from '../../src/protocol/index.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { canonical } from '../codec/canonical.ts'

const folder = new URL('../fixtures/', import.meta.url)
const translator = createTranslator(vocabulary)

for (const xep of readdirSync(folder)) {
  describe(`fixtures of ${xep}`, () => {
    const names = readdirSync(new URL(`${xep}/`, folder)).filter((name) => name.endsWith('.xml'))
    for (const name of names) {
      const file = new URL(`${xep}/${name.slice(0, -4)}.json`, folder)
      const stanza = parseStanza(readFileSync(new URL(`${xep}/${name}`, folder), 'utf8'))
      const { kind, json } = translator.read(stanza)
      if (process.env.UPDATE_FIXTURES && !existsSync(file)) writeFileSync(file, `${JSON.stringify({ [kind]: json }, null, 2)}\n`)
      const expected = JSON.parse(readFileSync(file, 'utf8')) as Record<StanzaKind, StanzaJson>

      it(`reads and writes ${name.slice(0, -4)}`, () => {
        assert.deepEqual(JSON.parse(JSON.stringify({ [kind]: json })), expected)
        assert.equal(translator.schemas[kind].safeParse(expected[kind]).error, undefined)
        assert.equal(canonical(translator.write(kind, expected[kind], { received: true })), canonical(stanza))
      })
    }

    it('has at least three', () => assert.ok(names.length >= 3))
  })
}
