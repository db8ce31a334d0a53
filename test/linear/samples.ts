/** JSON of a schema with all members that it can have, each choice once: what worst inputs are made of. */
import fc from 'fast-check'
import type { z } from 'zod'

type Json = Record<string, unknown>

/** payloads inside themselves are followed so often */
const DEPTH = 1

/** Text that is dear to somebody who looks for something in it. */
export const texts = [
  ...[
    'a',
    ' ',
    '0',
    '-',
    '.',
    ',',
    ';',
    ':',
    '=',
    '"',
    "'",
    '/',
    '@',
    '*',
    '+',
    '?',
    '%',
    '&',
    '<',
    '>',
    '(',
    '{',
    '[',
    '\\',
    '_',
    '#',
    '~',
    '`',
  ],
  ...[
    'é',
    'ﷺ',
    '👋',
    '\u0301',
    '\u00ad',
    '\u2028',
    '\t',
    '\n',
    '\r',
    'a.',
    '-a',
    'a-',
    'a,',
    '1.',
    '0 ',
    ' x',
    '@a',
    'a/',
    '%41',
    'q=0;',
    '*/*,',
  ],
  ...['<!--', '-->', '<![CDATA[', ']]>', '&amp;', '<b>', '</b>', '<i ', 'rgb(', 'x:y;', '> ', '```', '"\\', '{"a":', '[1,', 'xn--', 'T00:'],
] as const

/** The first has every member; the others differ from it in one choice each. A schema that was met before gives its first alone. */
export function createSamples(): (schema: z.ZodType) => unknown[] {
  const met = new Set<unknown>()
  return (schema) => samples(schema, { met, depth: 0 })
}

/** `met` undefined: one sample is enough */
function samples(schema: z.ZodType, { met, depth }: { met: Set<unknown> | undefined; depth: number }): unknown[] {
  const meta = schema.meta() as Json | undefined
  if (meta?.id === 'Jid') return ['juliet@example.com']
  if (meta?.id === 'Timestamp') return ['2002-09-10T23:08:25Z']
  if (meta?.id === 'Extension') return [{ name: 'z', xmlns: 'urn:z', attributes: { a: '1' }, children: ['text'] }]
  if (meta?.id === 'Attributes') return [{ z: '1' }]
  if (meta?.id === 'Raw') return []
  if (depth > 0 && ['Message', 'Presence', 'Iq'].includes(String(meta?.id))) return [{ id: '1' }]
  if (meta?.propertyNames !== undefined) return [{ en: '<b>a</b>', de: '<i>b</i>' }]
  if (typeof meta?.description === 'string' && meta.description.startsWith('XHTML-IM')) return ['<p>Hi <em>there</em></p>']
  const { def } = (schema as unknown as { _zod: { def: Json } })._zod
  const inner = (one: unknown, more = 0, among = met) => samples(one as z.ZodType, { met: among, depth: depth + more })
  switch (def.type) {
    case 'string':
      return [textOf(def)]
    case 'number':
      return [Math.max(0, (schema as z.ZodNumber).minValue ?? 0)]
    case 'boolean':
      return [true]
    case 'literal':
      return def.values as unknown[]
    case 'enum':
      return Object.values(def.entries as Json).slice(0, 3)
    case 'optional':
    case 'nullable':
    case 'default':
      return inner(def.innerType)
    case 'array':
      return inner(def.element).map((one) => [one, one])
    case 'record':
      return inner(def.valueType).map((one) => ({ z: one }))
    case 'union':
      return (def.options as unknown[]).flatMap((option) => inner(option))
    case 'lazy':
      return depth > DEPTH ? [] : inner((def.getter as () => unknown)(), 1)
    case 'object': {
      const key = meta?.id ?? schema
      const among = met?.has(key) ? undefined : met?.add(key)
      const all = objects(def.shape as Record<string, z.ZodType>, (one) => inner(one, 0, among), meta?.maxProperties === 1)
      return among === undefined ? all.slice(0, 1) : all
    }
    case 'custom':
    case 'unknown':
      return []
    default:
      throw new Error(`no sample of ${def.type}`)
  }
}

function objects(shape: Record<string, z.ZodType>, samplesOf: (schema: z.ZodType) => unknown[], isOne: boolean): Json[] {
  const members = Object.entries(shape)
    .filter(([name]) => !['attributes', 'extensions', 'raw', 'xmlns'].includes(name) || isOne)
    .map(([name, schema]) => [name, samplesOf(schema)] as const)
    .filter(([, values]) => values.length > 0)
  if (isOne) return members.flatMap(([name, values]) => values.map((value) => ({ [name]: value })))
  const whole = Object.fromEntries(members.map(([name, [first]]) => [name, first]))
  return [whole, ...members.flatMap(([name, [, ...others]]) => others.map((value) => ({ ...whole, [name]: value })))]
}

function textOf(def: Json): string {
  const checks = (def.checks ?? []) as { _zod: { def: { pattern?: RegExp } } }[]
  const pattern = (def.pattern as RegExp | undefined) ?? checks.map((check) => check._zod.def.pattern).find((one) => one !== undefined)
  if (pattern === undefined) return 'text'
  const exact = new RegExp(pattern.source, pattern.flags.replace('i', ''))
  return fc.sample(fc.stringMatching(exact), { numRuns: 1, seed: 1 })[0] as string
}
