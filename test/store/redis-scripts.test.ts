/** The Lua files: what their heads promise, and that nothing in them is left to Redis to find out. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Connection } from '../../src/store/redis/connection.ts'
import { sessionNouns } from '../../src/store/redis/keys.ts'
import { readScript } from '../../src/store/redis/lua.ts'
import { createScripts, ON_SESSION } from '../../src/store/redis/scripts.ts'
import { limits } from './sample.ts'

const folder = fileURLToPath(new URL('../../src/store/redis/scripts', import.meta.url))
const names = (pattern: string) =>
  globSync(pattern, { cwd: folder })
    .map((file) => file.replace(/\.lua$/, ''))
    .toSorted()
const scripts = names('*.lua')
const textOf = (name: string) => readFileSync(`${folder}/${name}.lua`, 'utf8')

/** as Redis gets them, by name */
const defined = new Map<string, string>()
const client = { defineCommand: (name: string, { lua }: { lua: string }) => defined.set(name, lua) }
createScripts({ connection: { client, cluster: false } as unknown as Connection, limits, waitReplicas: 0, metrics: undefined })

test('every file is a command, and every include is included', () => {
  assert.deepEqual([...defined.keys()].toSorted(), scripts)
  const included = names('**/*.lua').flatMap((name) => [...textOf(name).matchAll(/^--- @include "(.+)"$/gm)].map((match) => match[1]!))
  assert.deepEqual(
    [...new Set(included)].toSorted(),
    names('includes/*.lua').map((name) => name.replace('includes/', '')),
  )
})

test('every head says which keys and arguments it takes and what it answers; those on one session name keys of it', () => {
  for (const name of scripts) {
    const head = /^(?:#!.*\n)?--\[\[\n {2}\S[\s\S]*?\n\n {2}KEYS {4}\S.*\n {2}ARGV {4}\S[\s\S]*?\n {2}Answer {2}\S[\s\S]*?\n\]\]\n/
    assert.match(textOf(name), head, name)
  }
  for (const name of ON_SESSION)
    assert.deepEqual(
      readScript(name, {}).keys.filter((key) => !sessionNouns.includes(key)),
      [],
      name,
    )
})

test('every word in capitals is a key or a constant that is defined before it', () => {
  const others = ['KEYS', 'ARGV']
  for (const [name, lua] of defined) {
    const known = new Set(others)
    const code = lua.replaceAll(/--\[\[[\s\S]*?\]\]|--.*|'[^'\n]*'/g, '')
    for (const line of code.split('\n')) {
      const declared = /^local ([A-Z_]+) = /.exec(line)?.[1]
      const words = [...line.matchAll(/\b[A-Z][A-Z_]+\b/g)].map((match) => match[0]).filter((word) => word !== declared)
      assert.deepEqual(
        words.filter((word) => !known.has(word)),
        [],
        `${name}: ${line}`,
      )
      if (declared !== undefined) {
        assert.ok(!known.has(declared), `${name}: ${declared} is there twice`)
        known.add(declared)
      }
    }
  }
})

test('what tells Redis how to run a script stays its first line', () => {
  assert.match(defined.get('members')!, /^#!lua flags=allow-oom\nlocal PLACE = KEYS\[1\]\n/)
  assert.match(defined.get('readKey')!, /^#!lua flags=allow-oom\nlocal RECORDS = KEYS\[1\]\n/)
  for (const [name, lua] of defined) if (!['members', 'readKey'].includes(name)) assert.doesNotMatch(lua, /^#!/m, name)
})
