import { isUtf8 } from 'node:buffer'
import { Problem } from '../errors.ts'

export interface JsonBounds {
  /** objects and arrays inside each other */
  depth: number
  /** keys of all objects together */
  keys: number
}

/** An element tree 64 deep is twice that deep in JSON; a batch of 500 messages has some thousand keys. */
export const bodyBounds: Readonly<JsonBounds> = { depth: 140, keys: 20_000 }

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
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1]
    throw malformed(position === undefined ? 'The body is not JSON.' : `The body is not JSON: see position ${position}.`)
  }
  checkKeys(text, bounds)
  return value
}

/** Reads the keys of a text that is known to be JSON. */
function checkKeys(text: string, bounds: Readonly<JsonBounds>): void {
  /** of the objects around; an array has none */
  const around: (Set<string> | undefined)[] = []
  let count = 0
  /** a string here is a key */
  let expectKey = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      if (expectKey) {
        count += 1
        if (count > bounds.keys) throw malformed(`The body has more than ${bounds.keys} keys.`)
        const raw = text.slice(at + 1, end)
        const key: string = raw.includes('\\') ? JSON.parse(`"${raw}"`) : raw
        const keys = around.at(-1) as Set<string>
        if (keys.has(key)) throw malformed('A key comes twice in one object.', key)
        if (key === '__proto__') throw malformed('A key is not allowed.', key)
        keys.add(key)
        expectKey = false
      }
      at = end
    } else if (code === BRACE || code === BRACKET) {
      around.push(code === BRACE ? new Set() : undefined)
      if (around.length > bounds.depth) throw malformed(`The body is nested deeper than ${bounds.depth}.`)
      expectKey = code === BRACE
    } else if (code === BRACE_END || code === BRACKET_END) {
      around.pop()
      expectKey = false
    } else if (code === COMMA) {
      expectKey = around.at(-1) !== undefined
    }
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  for (;;) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
}

function malformed(message: string, key?: string): Problem {
  const path = key === undefined ? 'body' : `body.${key.slice(0, 100)}`
  return new Problem('invalid-request', message, { errors: [{ path, message }] })
}
