/**
 * Puts stanzas through the translation, XML → JSON → XML, and counts per XEP: those that come back equal, those whose JSON is valid by
 * the schema, those that are typed throughout (no `extensions` anywhere). `node scripts/conformance.ts [file]`: the file has one
 * `{xep, example, caption, stanza}` a line; without it the fixtures are taken. Exit 1 unless all are equal and valid.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createTranslator, type Translator } from '../src/codec/translate.ts'
import { withoutComments } from '../src/features/stanza-xml.ts'
import { definitions as vocabulary } from '../src/protocol/index.ts'
import { parseStanza } from '../src/xml/parse.ts'
import { serialize } from '../src/xml/serialize.ts'
import { canonical } from '../test/codec/canonical.ts'

export interface Example {
  xep: string
  example: number | string
  caption?: string
  stanza: string
}

export interface Outcome {
  example: Example
  equal: boolean
  valid: boolean
  typed: boolean
  /** why it is not equal or not valid */
  reason?: string
  json?: unknown
}

const folder = new URL('../test/fixtures/', import.meta.url)
const invalid: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL('../test/invalid-examples.json', import.meta.url), 'utf8'),
)

export function fixtures(): Example[] {
  return readdirSync(folder).flatMap((xep) =>
    readdirSync(new URL(`${xep}/`, folder))
      .filter((name) => name.endsWith('.xml'))
      .map((name) => ({ xep, example: name.slice(0, -4), stanza: readFileSync(new URL(`${xep}/${name}`, folder), 'utf8') })),
  )
}

export function examine(example: Example, translator: Translator): Outcome {
  try {
    const stanza = parseStanza(withoutComments(example.stanza))
    const { kind, json } = translator.read(stanza, { received: true })
    const text = JSON.stringify(json)
    const written = serialize(translator.write(kind, JSON.parse(text), { received: true }), '')
    const equal = canonical(stanza) === canonical(parseStanza(written))
    const { success, error } = translator.schemas[kind].safeParse(JSON.parse(text))
    const typed = !text.includes('"extensions":')
    const reason = equal ? error?.message : `written as ${written}`
    return { example, equal, valid: success, typed, json, ...(reason === undefined ? {} : { reason }) }
  } catch (thrown) {
    return { example, equal: false, valid: false, typed: false, reason: String(thrown) }
  }
}

/** Why an example is not valid by its own XEP, undefined for a valid one. */
export function invalidity({ xep, example }: Example): string | undefined {
  return invalid[xep]?.[String(example)]
}

function report(outcomes: Outcome[]): string {
  const byXep = Map.groupBy(outcomes, ({ example }) => example.xep)
  const rows = [...byXep.keys()].sort().map((xep) => row(xep, byXep.get(xep) ?? []))
  const header = 'XEP     examples   equal   valid   typed  typed of those valid by their XEP'
  return [header, ...rows, row('all', outcomes)].join('\n')
}

function row(name: string, outcomes: Outcome[]): string {
  const count = (test: (outcome: Outcome) => boolean) => outcomes.filter(test).length
  const proper = outcomes.filter(({ example }) => invalidity(example) === undefined)
  const share = `${proper.filter(({ typed }) => typed).length} of ${proper.length}`
  const numbers = [outcomes.length, count(({ equal }) => equal), count(({ valid }) => valid), count(({ typed }) => typed)]
  return `${name.padEnd(8)}${numbers.map((number, index) => String(number).padStart(index === 0 ? 8 : 8)).join('')}  ${share}`
}

function main(file: string | undefined): void {
  const translator = createTranslator(vocabulary)
  const examples =
    file === undefined
      ? fixtures()
      : readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Example)
  const outcomes = examples.map((example) => examine(example, translator))
  console.log(report(outcomes))
  const wrong = outcomes.filter(({ equal, valid }) => !equal || !valid)
  for (const { example, reason } of wrong) console.log(`\nXEP-${example.xep} ${example.example}: ${reason}\n${example.stanza}`)
  process.exitCode = wrong.length === 0 && outcomes.length > 0 ? 0 : 1
}

if (import.meta.main) main(process.argv[2])
