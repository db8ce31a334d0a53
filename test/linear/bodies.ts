/** Worst JSON of a size for a schema: much of what it takes, and of what it does not take. */
import type { z } from 'zod'
import { type createSamples, texts } from './samples.ts'

export interface Body {
  what: string
  /** others are as likely to show what is wrong */
  rare: boolean
  /** JSON of about so many characters */
  json(size: number): unknown
}

type Json = Record<string, unknown>
type Step = string | number

/** a value in a sample, and its shared by the names that are in them */
interface Found {
  path: Step[]
  value: unknown
  signature: string
}

/** `met`: what was tried in another schema is not tried again. */
export function bodiesOf(schema: z.ZodType, { samples, met }: { samples: ReturnType<typeof createSamples>; met: Set<string> }): Body[] {
  return samples(schema).flatMap((sample) => {
    const found = within(sample, [], '').filter(({ signature }) => !met.has(signature) && !!met.add(signature))
    return found.flatMap(({ path, value }) => {
      const at = path.join('.') || 'body'
      return worse(value, path.length === 0).map(({ what, rare = false, make }) => ({
        what: `${at}: ${what}`,
        rare,
        json: (size: number) => replaced(sample, path, make(size)),
      }))
    })
  })
}

function within(value: unknown, path: Step[], around: string): Found[] {
  const found = { path, value, signature: `${around} ${path.filter((step) => typeof step === 'string').at(-1)} ${kindOf(value)}` }
  if (typeof value !== 'object' || value === null) return [found]
  const inside = Array.isArray(value) ? value.slice(0, 1) : value
  const names = Array.isArray(value) ? around : Object.keys(value).sort().join()
  return [
    found,
    ...Object.entries(inside).flatMap(([key, inner]) => within(inner, [...path, Array.isArray(value) ? Number(key) : key], names)),
  ]
}

const kindOf = (value: unknown) => (Array.isArray(value) ? 'array' : typeof value)

interface Worse {
  what: string
  rare?: boolean
  make: (size: number) => unknown
}

/** what can stand in the place of a value */
function worse(value: unknown, isRoot: boolean): Worse[] {
  const wrong: Worse[] = [
    { what: 'numbers', rare: !isRoot, make: many(1) },
    { what: 'texts', rare: !isRoot, make: many('') },
    { what: 'lists in lists', rare: !isRoot, make: (size) => deep(size, (inner) => [inner]) },
    { what: 'members in members', rare: !isRoot, make: (size) => deep(size, (inner) => ({ extensions: inner })) },
    { what: 'members', rare: typeof value !== 'object', make: (size) => named(size, 'k') },
  ]
  if (typeof value === 'string')
    return [...wrong, { what: 'odd texts', make: oddText }, { what: 'a text', rare: true, make: (size) => 'a'.repeat(size) }]
  if (Array.isArray(value))
    return [
      ...wrong,
      { what: 'wrong elements', make: many({ name: 1, children: [1, 1], z: 1 }) },
      { what: 'what it takes', make: many(value[0]) },
      { what: 'that and a wrong one', rare: true, make: (size) => [...many(value[0])(size), 1] },
    ]
  if (typeof value === 'object' && value !== null)
    return [...wrong, { what: 'attributes', rare: true, make: (size) => ({ ...scalarsOf(value as Json), attributes: named(size, 'a') }) }]
  return wrong
}

const many = (one: unknown) => (size: number) => Array(Math.floor(size / (JSON.stringify(one).length + 1))).fill(one) as unknown[]

const named = (size: number, letter: string) =>
  Object.fromEntries(Array.from({ length: size / 14 }, (_, index) => [`${letter}${index.toString(36)}`, 'x']))

/** deep first, then wide: what is deeper than allowed is refused at once */
function deep(size: number, wrap: (inner: unknown) => unknown): unknown {
  let inner: unknown = Array(Math.floor(size / 4)).fill([])
  for (let depth = 0; depth < 100; depth += 1) inner = wrap(inner)
  return inner
}

function oddText(size: number): string {
  const length = Math.floor(size / texts.length)
  return texts.map((text) => text.repeat(length).slice(0, length)).join('')
}

/** Beside the value is only what may be required there. */
function replaced(sample: unknown, [step, ...rest]: readonly Step[], value: unknown): unknown {
  if (step === undefined) return value
  if (Array.isArray(sample)) return [replaced(sample[step as number], rest, value)]
  return { ...scalarsOf(sample as Json), [step]: replaced((sample as Json)[step], rest, value) }
}

const scalarsOf = (json: Json): Json => Object.fromEntries(Object.entries(json).filter(([, value]) => typeof value !== 'object'))
