import { isUtf8 } from 'node:buffer'
import type { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'

export interface JsonBounds {
  /** objects and arrays inside each other */
  depth: number
  /** keys of all objects together */
  keys: number
  /** members and elements of all objects and arrays together */
  values: number
}

/** An element tree 64 deep is twice that deep in JSON; a batch of 500 messages has some thousand keys, its lists have some more values. */
export const bodyBounds: Readonly<JsonBounds> = { depth: 140, keys: 20_000, values: 100_000 }

/** Text of a body: UTF-8 and nothing else. Throws the problem `invalid-request`. */
export function decodeBody(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed('The body is not UTF-8.')
  const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  return bytes.toString('utf8', from)
}

/**
 * Parses JSON strictly (RFC 8259, with I-JSON's rule of RFC 7493 section 2.3 that no key comes twice in an object).
 * Throws the problem `invalid-request`, which never repeats what was sent.
 */
export function parseJson(text: string, bounds: Readonly<JsonBounds> = bodyBounds): unknown {
  // before anything is made of it
  const wrongKey = checkShape(text, bounds)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1]
    throw malformed(position === undefined ? 'The body is not JSON.' : `The body is not JSON: see position ${position}.`)
  }
  if (wrongKey) throw wrongKey
  return value
}

/** Reads the shape of a text that may be JSON: throws where it is over the bounds, answers what is wrong with a key. */
function checkShape(text: string, bounds: Readonly<JsonBounds>): Problem | undefined {
  /** of the objects around; an array has none */
  const around: (Set<string> | undefined)[] = []
  let wrong: Problem | undefined
  let count = 0
  let values = 0
  /** a string here is a key */
  let expectKey = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      if (end < 0) return undefined
      if (expectKey) {
        count += 1
        if (count > bounds.keys) throw malformed(`The body has more than ${bounds.keys} keys.`)
        const key = keyOf(text.slice(at + 1, end))
        const keys = around.at(-1)
        if (keys?.has(key)) wrong ??= malformed('A key comes twice in one object.', key)
        if (key === '__proto__') wrong ??= malformed('A key is not allowed.', key)
        keys?.add(key)
        expectKey = false
      }
      at = end
    } else if (code === BRACE || code === BRACKET) {
      values += 1
      around.push(code === BRACE ? new Set() : undefined)
      if (around.length > bounds.depth) throw malformed(`The body is nested deeper than ${bounds.depth}.`)
      expectKey = code === BRACE
    } else if (code === BRACE_END || code === BRACKET_END) {
      around.pop()
      expectKey = false
    } else if (code === COMMA) {
      values += 1
      expectKey = around.at(-1) !== undefined
    }
    // each value begins one, or is the first of something or follows on a comma
    if (values > bounds.values) throw malformed(`The body has more than ${bounds.values} values.`)
  }
  return wrong
}

/** What is no key at all, the parser will say. */
function keyOf(raw: string): string {
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`)
  } catch {
    return raw
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d

/** −1 where it has none */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end >= 0) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1
    if (slashes % 2 === 0) break
    end = text.indexOf('"', end + 1)
  }
  return end
}

function malformed(message: string, key?: string): Problem {
  const path = key === undefined ? 'body' : `body.${key.slice(0, 100)}`
  return invalidRequest(path, message, { detail: message })
}
