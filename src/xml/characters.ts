import { FAULTS_MAX, type Fault, Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import { type JsonLimits, jsonLimits } from './limits.ts'

/** What is no Char of XML 1.0 (section 2.2). The first is quick but takes halves of surrogate pairs too, the second is exact. */
const suspect = /[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u

/** Names as the fifth edition of XML 1.0 has them, without the colon. */
const nameStart =
  'A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef' +
  '\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}'
const readable = new RegExp(`^[${nameStart}][${nameStart}.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040-]*$`, 'u')

/** The large alphabets among the letters of the fourth edition, which libexpat and so most servers know. */
const letter =
  'A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u0131\\u014a-\\u017e\\u0391-\\u03a1\\u03a3-\\u03ce\\u0410-\\u044f\\u05d0-\\u05ea\\u0621-\\u063a' +
  '\\u0905-\\u0939\\u0e01-\\u0e2e\\u10d0-\\u10f6\\u1ea0-\\u1ef9\\u3041-\\u3094\\u30a1-\\u30fa\\u4e00-\\u9fa5\\uac00-\\ud7a3'
const writable = new RegExp(`^[${letter}][${letter}.0-9-]*$`)

/** The first character that XML 1.0 cannot carry: a control, U+FFFE, U+FFFF or a lone surrogate. `index` counts UTF-16 code units. */
export function illegalCharacter(text: string): { index: number; codePoint: number } | undefined {
  if (!suspect.test(text)) return undefined
  const index = text.search(forbidden)
  return index < 0 ? undefined : { index, codePoint: text.codePointAt(index) as number }
}

/** A text that XML can carry: U+FFFD is in the place of each character that it cannot. */
export function replaced(text: string): string {
  return suspect.test(text) ? text.replace(new RegExp(forbidden, 'gu'), '\ufffd') : text
}

/**
 * May an element or attribute that we write have this name? An NCName (Namespaces in XML 1.0, section 3) that each server takes as one:
 * a name that only one edition of XML allows would end the stream.
 */
export function isNCName(name: string): boolean {
  return writable.test(name)
}

/** Is it an NCName in any edition? What is read is judged by this one. */
export function isReadableName(name: string): boolean {
  return readable.test(name)
}

/**
 * Checks every string and every key inside a JSON value. Throws the problem `illegal-character` with the path of each wrong one,
 * and `invalid-request` for a value that is nested deeper or has more keys than the limits allow.
 */
export function checkCharacters(value: unknown, path: string, limits: Readonly<JsonLimits> = jsonLimits): void {
  const errors: Fault[] = []
  let keys = 0

  function note(text: string, at: Place, what: string): void {
    const found = illegalCharacter(text)
    if (found === undefined || errors.length === FAULTS_MAX) return
    errors.push({ path: pathOf(at), message: `The ${what} has ${name(found.codePoint)} at index ${found.index}, which XML cannot carry.` })
  }

  function walk(inner: unknown, at: Place, depth: number): void {
    if (typeof inner === 'string') note(inner, at, 'text')
    if (typeof inner !== 'object' || inner === null) return
    if (depth > limits.depth) refuse(at, `The value is nested deeper than ${limits.depth}.`)
    // one place for all that is inside: a path is only spelt where something is wrong
    const below: Place = { outer: at, key: '' }
    if (Array.isArray(inner)) {
      for (let index = 0; index < inner.length; index += 1) {
        below.key = index
        walk(inner[index], below, depth + 1)
      }
      return
    }
    for (const key of Object.keys(inner)) {
      keys += 1
      if (keys > limits.keys) refuse(at, `The value has more than ${limits.keys} keys.`)
      below.key = key
      note(key, below, 'key')
      walk((inner as Record<string, unknown>)[key], below, depth + 1)
    }
  }

  walk(value, { outer: undefined, key: path }, 1)
  if (errors.length > 0) throw new Problem('illegal-character', 'The request has a character that XML 1.0 cannot carry.', { errors })
}

/** Where in a value we are, innermost first. */
interface Place {
  readonly outer: Place | undefined
  key: string | number
}

function pathOf({ outer, key }: Place): string {
  const around = outer === undefined ? '' : pathOf(outer)
  return around === '' ? String(key) : `${around}.${key}`
}

function refuse(at: Place, message: string): never {
  throw invalidRequest(pathOf(at), message, { detail: message })
}

function name(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
}
