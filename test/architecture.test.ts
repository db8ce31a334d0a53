/** What the linters do not know of the house. The arrows between its rooms are in .dependency-cruiser.mjs. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** lines of a file, and of a function */
const FILE_MAX = 250
const FUNCTION_MAX = 150
/** files of the core of which each imports the next, for more than its types */
const CHAIN_MAX = 10

interface Source {
  /** relative to src/, without .ts: `http/routes` */
  path: string
  text: string
}

const sources: readonly Source[] = globSync('**/*.{ts,tsx}', { cwd: src })
  .map((file) => file.split(sep).join('/'))
  .sort()
  .map((file) => ({ path: file.replace(/\.tsx?$/, ''), text: readFileSync(join(src, file), 'utf8') }))

describe('the house', () => {
  it('reads the environment where a process starts, and nowhere else', () => {
    assert.deepEqual(
      sources.filter(({ text }) => /\bprocess\.env\b/.test(text)).map(({ path }) => path),
      ['cli/main', 'main'],
    )
  })

  it('has no module state', () => {
    assert.deepEqual(sources.flatMap(stateOf), [])
  })

  it('names its files by what they are', () => {
    const vague = sources.map(({ path }) => path).filter((path) => /(?:util|helper|manager|service|common|misc)s?$/i.test(path))
    assert.deepEqual(vague, [])
    const names = new Set(sources.map(({ path }) => path))
    assert.deepEqual(
      [...names].filter((path) => names.has(`${path}s`)),
      [],
    )
  })

  it('spells each namespace in one place', () => {
    const places = new Map<string, Set<string>>()
    for (const { path, text } of sources)
      for (const [namespace] of text.matchAll(
        /(?<=')(?:urn:(?:xmpp|ietf):|jabber:|https?:\/\/(?:etherx\.)?jabber\.org\/|storage:)[^'\s]+(?=')/g,
      ))
        places.set(namespace, (places.get(namespace) ?? new Set()).add(path))
    const twice = [...places].filter(([, paths]) => paths.size > 1).map(([namespace, paths]) => `${namespace}: ${[...paths].join(', ')}`)
    assert.deepEqual(twice, [])
  })

  it(`has no file of over ${FILE_MAX} lines, but those that say why`, () => {
    const isLong = (text: string) => text.split('\n').length - 1 > FILE_MAX && !/^\/\*\*[^/]*(?:Not split: |not for hands)/.test(text)
    const long = sources.filter(({ text }) => isLong(text)).map(({ path }) => path)
    assert.deepEqual(long, [], 'split it, or say in its head why it is not: Not split: …')
  })

  it(`has no function of over ${FUNCTION_MAX} lines`, () => {
    const long = sources.flatMap(({ path, text }) =>
      functionsOf(text)
        .filter(({ lines }) => lines > FUNCTION_MAX)
        .map(({ name }) => `${path} ${name}`),
    )
    assert.deepEqual(long, [], 'split it')
  })

  it(`has no chain of over ${CHAIN_MAX} files in the core`, () => {
    const chain = longestChain(sources.filter(({ path }) => path.startsWith('gateway/')))
    assert.ok(chain.length <= CHAIN_MAX, chain.join(' → '))
  })
})

/** What changes at the top of a module: variables, and collections that something is put in. */
function stateOf({ path, text }: Source): string[] {
  const variables = [...text.matchAll(/^(?:export )?(?:let|var) (\w+)/gm)].map((match) => match[1]!)
  const constants = [...text.matchAll(/^(?:export )?const (\w+)/gm)].map((match) => match[1]!)
  const changed = constants.filter((name) =>
    new RegExp(
      `\\b${name}(?:\\.(?:set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill)\\(|(?:\\.(?!prototype)\\w+|\\[[^\\]\\n]+\\])+ (?:[-+|&?*]*)=(?!=)|(?:\\.\\w+)*(?:\\+\\+|--))`,
    ).test(text),
  )
  return [...variables, ...changed].map((name) => `${path} ${name}`)
}

/** By how the formatter indents them. */
function functionsOf(text: string): { name: string; lines: number }[] {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    const indent = /^ */.exec(line)![0]
    const isFunction =
      /^ *(?:export )?(?:async )?function\b/.test(line) || /=> \{$/.test(line) || /^ *(?:async )?\w+(?:<.*>)?\(.*\{$/.test(line)
    if (!isFunction || /^ *(?:if|for|while|switch|catch)\b/.test(line)) return []
    const end = lines.findIndex((other, index) => index > start && other.startsWith(`${indent}}`) && !other.endsWith('{'))
    return [{ name: /(\w+) = |(\w+)(?:<.*>)?\(/.exec(line)?.slice(1).find(Boolean) ?? line.trim(), lines: end - start + 1 }]
  })
}

const importPattern = /(?:^|\n)\s*(?:import|export)\s(?!type\b)[^'"]*?from\s*['"](\.[^'"]+)['"]/g

/** Files of which each imports the next. There is no circle: the linter looks. */
function longestChain(files: readonly Source[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const known = new Map<string, string[]>()
  const from = (path: string): string[] => {
    const earlier = known.get(path)
    if (earlier) return earlier
    const imports = [...byPath.get(path)!.text.matchAll(importPattern)].map((match) =>
      normalize(join(dirname(path), match[1]!)).replace(/\.ts$/, ''),
    )
    const chains = imports.filter((name) => byPath.has(name)).map(from)
    const chain = [path, ...chains.reduce((longest, one) => (one.length > longest.length ? one : longest), [])]
    known.set(path, chain)
    return chain
  }
  return files.map(({ path }) => from(path)).reduce((longest, one) => (one.length > longest.length ? one : longest), [])
}
