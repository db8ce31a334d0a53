/** Data forms (XEP-0004) as plain values: what a form holds, and the form that is sent back with some of it changed. */
import { z } from 'zod'
import { notKnown } from '../api/known-members.ts'
import { refuse } from '../api/validation.ts'
import type { TypeOf } from '../codec/model.ts'
import type { Fault } from '../errors/problem.ts'
import { jid } from '../jid.ts'
import type { form } from '../protocol/xep0004.ts'

export type FormJson = TypeOf<typeof form>
type Field = NonNullable<FormJson['fields']>[number]

/** What a form holds, by the names of its fields. */
export type FormValues = Record<string, string | boolean | string[]>
/** What a caller fills in: a number stands for its text. */
export type FilledIn = Record<string, string | boolean | number | string[]>

/** Names of a caller's own for some fields: plain name → name of the field. */
export type PlainNames = Readonly<Record<string, string>>

const value = [z.string(), z.boolean(), z.array(z.string())] as const

export const formValues = z
  .record(z.string(), z.union(value))
  .meta({ id: 'FormValues', description: 'By the name of the field: text, yes or no, or a list of texts' })

export const filledIn = z
  .record(z.string(), z.union([...value, z.number()]))
  .meta({ id: 'FilledIn', description: 'By the name of the field; what is not named keeps its present value' })

/** What is for programs alone is left out: `fixed` has nothing to fill in, and what is hidden goes back as it came. */
const isOpen = (field: Field): field is Field & { name: string } =>
  field.name !== undefined && field.type !== 'fixed' && field.type !== 'hidden' && field.name !== 'FORM_TYPE'

const isYes = (text: string | undefined) => text === '1' || text === 'true'

/** The values of a form, by plain names where there are some. */
export function valuesOf({ fields = [] }: FormJson, names: PlainNames = {}): FormValues {
  const plain = new Map(Object.entries(names).map(([name, field]) => [field, name]))
  return Object.fromEntries(fields.filter(isOpen).map((field) => [plain.get(field.name) ?? field.name, plainValue(field)]))
}

function plainValue({ type, values = [] }: Field): string | boolean | string[] {
  const [first = ''] = values
  if (type === 'boolean') return isYes(first)
  // in a result fields may have no type
  return type?.endsWith('-multi') || (type === undefined && values.length > 1) ? values : first
}

/**
 * The form to send back: all of it with its present values, but for those that are filled in. Throws invalid-request, which names each
 * value that cannot stand there, and jid-malformed.
 */
export function submitted(
  { fields = [] }: FormJson,
  given: FilledIn,
  { names = {}, path = 'body.values' }: { names?: PlainNames; path?: string } = {},
): FormJson {
  const plain = new Map(Object.entries(names).map(([name, field]) => [field, name]))
  const known = fields.filter(isOpen).map(({ name }) => plain.get(name) ?? name)
  const faults: Fault[] = Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: `${path}.${name}`, message: notKnown(name, known) }))

  const sent: Field[] = []
  for (const field of fields) {
    const { name, type, values: present = [] } = field
    if (name === undefined || type === 'fixed') continue
    const called = plain.get(name) ?? name
    const filled = isOpen(field) && Object.hasOwn(given, called) ? given[called] : undefined
    const result = filled === undefined ? { values: type === 'boolean' ? present.map(asBoolean) : present } : fill(field, filled)
    if ('message' in result) faults.push({ path: `${path}.${called}`, message: result.message })
    else if (isOpen(field) && field.required && !result.values.some((text) => text !== ''))
      faults.push({ path: `${path}.${called}`, message: 'is required' })
    else if (filled !== undefined || result.values.length > 0)
      sent.push({ name, ...(type && { type }), values: checkedAddresses(result.values, type, `${path}.${called}`, filled !== undefined) })
  }
  if (faults.length > 0) throw refuse(faults)
  return { type: 'submit', fields: sent }
}

/** A form that is sent without one that was asked for. */
export function formOf(type: string, given: Readonly<Record<string, FilledIn[string] | undefined>>, names: PlainNames = {}): FormJson {
  const fields = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name: Object.hasOwn(names, name) ? (names[name] as string) : name, values: textsOf(value) }],
  )
  return { type: 'submit', fields: [{ name: 'FORM_TYPE', type: 'hidden', values: [type] }, ...fields] }
}

function textsOf(given: FilledIn[string]): string[] {
  if (Array.isArray(given)) return given
  return [typeof given === 'boolean' ? (given ? '1' : '0') : String(given)]
}

const asBoolean = (text: string) => (isYes(text) ? '1' : '0')

function fill({ type, options = [], validate }: Field, filled: FilledIn[string]): { values: string[] } | { message: string } {
  const isOneOf = (text: string) => options.length === 0 || validate?.open === true || options.some(({ value }) => value === text)
  const choices = () => `must be one of: ${options.map(({ value }) => value).join(', ')}`
  const given = typeof filled === 'number' ? String(filled) : filled
  if (type === 'boolean') {
    const text = String(given)
    return /^(?:true|false|[01])$/.test(text) ? { values: [asBoolean(text)] } : { message: 'must be true or false' }
  }
  if (type?.endsWith('-multi')) {
    const values = type === 'text-multi' && typeof given === 'string' ? given.split('\n') : given
    if (!Array.isArray(values)) return { message: 'must be a list of texts' }
    return type !== 'list-multi' || values.every(isOneOf) ? { values } : { message: choices() }
  }
  if (typeof given === 'string') return type !== 'list-single' || isOneOf(given) ? { values: [given] } : { message: choices() }
  // without a type it may be anything
  if (type === undefined) return { values: typeof given === 'boolean' ? [given ? '1' : '0'] : given }
  return { message: type === 'list-single' ? choices() : 'must be text' }
}

function checkedAddresses(values: string[], type: Field['type'], path: string, filled: boolean): string[] {
  if (!filled || (type !== 'jid-single' && type !== 'jid-multi')) return values
  return values.map((text, index) => (text === '' ? text : jid(text, type === 'jid-multi' ? `${path}.${index}` : path)))
}
