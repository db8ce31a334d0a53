/**
 * The Lua scripts as Redis gets them. The head of each says in its lines KEYS, ARGV and Answer what it takes and gives.
 *
 * - `KEYS  session, log; more` gives it the locals `SESSION` and `LOG`, the first and the second key. What follows a semicolon has no name.
 * - `--- @include "lease"` stands for the text of `includes/lease.lua`, which may include others; each is there once.
 * - A word in capitals that is a constant of the store has its value.
 */
import { readFileSync } from 'node:fs'

export interface Script {
  /** names of its first keys */
  keys: readonly string[]
  lua: string
}

export type Constants = Readonly<Record<string, string | number>>

/** `name`: `accept` for `scripts/accept.lua`. Throws where there is no such file. */
export function readScript(name: string, constants: Constants): Script {
  const text = readText(name)
  const keys = keysOf(text)
  const body = include(text, new Set())
  const locals = [
    ...keys.map((key, index) => `local ${key.toUpperCase()} = KEYS[${index + 1}]\n`),
    ...Object.entries(constants)
      .filter(([constant]) => new RegExp(`\\b${constant}\\b`).test(body))
      .map(([constant, value]) => `local ${constant} = ${typeof value === 'string' ? `'${value}'` : value}\n`),
  ].join('')
  // what the first line tells Redis stays the first line
  const [flags = ''] = /^#!.*\n/.exec(body) ?? []
  return { keys, lua: flags + locals + body.slice(flags.length) }
}

const readText = (path: string) => readFileSync(new URL(`scripts/${path}.lua`, import.meta.url), 'utf8')

function keysOf(text: string): string[] {
  const [named = ''] = /^ {2}KEYS +(.*)$/m.exec(text)?.[1]?.split(';') ?? []
  return named.split(', ').filter((key) => /^[a-z]+$/.test(key))
}

function include(text: string, known: Set<string>): string {
  return text.replaceAll(/^--- @include "(.+)"\n/gm, (_, name: string) => {
    if (known.has(name)) return ''
    known.add(name)
    return include(readText(`includes/${name}`), known)
  })
}
