import { z } from 'zod'
import { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import { jid as checkJid } from '../jid.ts'
import { illegalCharacter } from '../xml/characters.ts'

/** One value that XML writes as text. `parse` answers undefined for what is not one: it then stays raw. */
export interface Scalar<T> {
  readonly schema: z.ZodType<T>
  parse(text: string): T | undefined
  print(value: T): string
  /** several texts mean the same value: the text as received is kept beside it where it is not the one that `print` gives */
  readonly loose: boolean
  /** what `parse` refuses shows as null in JSON */
  readonly nullable: boolean
  /** throws the problem of a value that must not go out */
  check?(value: T, path: Path | undefined, key: string): void
}

/** Where in the JSON we are, innermost first. */
export interface Path {
  readonly outer: Path | undefined
  readonly key: string | number
}

/** `payload.roster.items.0.jid` */
function pathText(path: Path | undefined, key: string | number): string {
  return path === undefined ? String(key) : `${pathText(path.outer, path.key)}.${key}`
}

export function invalid(path: Path | undefined, key: string | number, message: string): Problem {
  return invalidRequest(pathText(path, key), message)
}

/** Throws the problem illegal-character for text that XML 1.0 cannot carry. */
export function checkText(text: string, path: Path | undefined, key: string | number): void {
  const found = illegalCharacter(text)
  if (found === undefined) return
  const at = pathText(path, key)
  const name = `U+${found.codePoint.toString(16).toUpperCase().padStart(4, '0')}`
  const message = `The text has ${name} at index ${found.index}, which XML cannot carry.`
  throw new Problem('illegal-character', `${at}: ${message}`, { errors: [{ path: at, message }] })
}

function scalar<T>(schema: z.ZodType<T>, parse: Scalar<T>['parse'], print: Scalar<T>['print'], loose = false, nullable = false): Scalar<T> {
  return { schema, parse, print, loose, nullable }
}

const same = (text: string) => text

export const string: Scalar<string> = scalar(z.string(), same, same)

/** text of one form; anything else stays raw */
function matching(pattern: RegExp, message: string, meta: z.GlobalMeta): Scalar<string> {
  return scalar(z.string().regex(pattern, message).meta(meta), (text) => (pattern.test(text) ? text : undefined), same)
}

export function oneOf<const V extends string>(...values: V[]): Scalar<V> {
  const known = new Set<string>(values)
  return scalar<V>(z.enum(values) as unknown as z.ZodType<V>, (text) => (known.has(text) ? (text as V) : undefined), same)
}

/** One of these, before which XML writes something that is always the same. */
export function oneOfAfter<const V extends string>(prefix: string, ...values: V[]): Scalar<V> {
  const known = new Map(values.map((value) => [`${prefix}${value}`, value]))
  return scalar<V>(
    z.enum(values) as unknown as z.ZodType<V>,
    (text) => known.get(text),
    (value) => `${prefix}${value}`,
  )
}

/** Whole numbers within bounds; the default are those of xs:unsignedInt. */
export function integer(min = 0, max = 4_294_967_295): Scalar<number> {
  const parse = (text: string) => {
    if (!/^\s*[+-]?[0-9]{1,20}\s*$/.test(text)) return undefined
    const value = Number(text)
    return value >= min && value <= max && Number.isSafeInteger(value) ? value + 0 : undefined
  }
  return scalar(z.int().min(min).max(max), parse, (value) => String(value), true)
}

/** Decimal numbers within bounds (xs:decimal). */
export function decimal(min = -Number.MAX_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Scalar<number> {
  const parse = (text: string) => {
    if (!/^\s*[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})\s*$/.test(text)) return undefined
    const value = Number(text)
    return value >= min && value <= max ? value + 0 : undefined
  }
  return scalar(z.number().min(min).max(max), parse, printDecimal, true)
}

/** xs:decimal has no exponents */
function printDecimal(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text
}

/** xs:boolean */
export const boolean: Scalar<boolean> = scalar(
  z.boolean(),
  (text) => (text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined),
  String,
  true,
)

const dateTime = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(\.\d+)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/
const utc = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/

/** XEP-0082 DateTime: RFC 3339 in UTC; another offset is converted, what is no DateTime is null, and both keep their text. */
export const timestamp: Scalar<string | null> = scalar<string | null>(
  z
    .string()
    .regex(utc, 'must be RFC 3339 in UTC, like 2024-05-01T10:00:00Z')
    .nullable()
    .meta({ id: 'Timestamp', description: 'RFC 3339 in UTC (XEP-0082); null where what was received is not one', format: 'date-time' }),
  parseTimestamp,
  (value) => value ?? '',
  true,
  true,
)

function parseTimestamp(text: string): string | undefined {
  const found = dateTime.exec(text)
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone] = found
  if (Number(day) < 1 || Number(day) > daysOf(Number(year), Number(month))) return undefined
  if (zone === 'Z') return text
  const moment = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  const iso = Number.isNaN(moment) ? '' : new Date(moment).toISOString()
  return /^\d{4}-/.test(iso) ? `${iso.slice(0, 19)}${fraction}Z` : undefined
}

function daysOf(year: number, month: number): number {
  if (month < 1 || month > 12) return 0
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** offset from UTC (XEP-0082 TZD) */
export const zone: Scalar<string> = matching(/^(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/, 'must be an offset from UTC, like +02:00', {
  description: 'offset from UTC: Z or ±hh:mm',
})

/** BCP 47, as far as its form goes */
export const languagePattern = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/

/** most JIDs, found out quickly; short enough for every part and label of one */
const plainJid = /^(?:[a-z0-9._-]+@)?[a-z0-9]+(?:[.-][a-z0-9]+)*(?:\/[A-Za-z0-9._-]+)?$/

function isPlain(text: string): boolean {
  return text.length < 64 && plainJid.test(text)
}

/** An address as it came: servers have some that RFC 7622 does not allow. One that goes out is checked. */
export const jid: Scalar<string> = {
  ...scalar(
    z
      .string()
      .min(1)
      .meta({
        id: 'Jid',
        description: 'An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it',
        examples: ['juliet@example.com'],
      }),
    (text) => (text === '' ? undefined : text),
    same,
  ),
  check(value, path, key) {
    if (!isPlain(value)) checkJid(value, pathText(path, key))
  },
}
