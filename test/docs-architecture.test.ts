/** docs/architecture.md names files that are there, and its three ways end where it says. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8')

test('every file and folder that it names is there', () => {
  const named = [...text.matchAll(/`((?:src\/|\.)[\w./-]*)`/g)].map((match) => match[1]!)
  assert.ok(named.length > 30)
  assert.deepEqual(
    named.filter((path) => !existsSync(join(root, path))),
    [],
  )
})

test('every room of the house is in its picture or its table', () => {
  const arrows = readFileSync(join(root, '.dependency-cruiser.mjs'), 'utf8')
  const rooms = ['xml', 'codec', 'protocol', 'gateway', 'api', 'features', 'events', 'http', 'websocket', 'webhooks', 'xmpp', 'store']
  for (const room of rooms) {
    assert.match(arrows, new RegExp(`^ {2}${room}: \\[`, 'm'))
    assert.ok(text.includes(`\`src/${room}/\``), room)
  }
})

test('the three ways end where something is claimed, checked and written', () => {
  const ends = {
    'src/gateway/inbound/receiving.ts': /claims/,
    'src/api/scopes.ts': /scope-missing/,
    'src/xmpp/stream/intake.ts': /<a xmlns/,
  }
  const ways = text.slice(text.indexOf('## Three ways')).split('\n- ').slice(1)
  const last = ways.map((way) => [...way.matchAll(/`(src\/[\w./-]+)`/g)].map((match) => match[1]!))
  for (const files of last) assert.ok(files.length <= 3)
  assert.deepEqual(last.map((files) => files.at(-1)).toSorted(), Object.keys(ends).toSorted())
  for (const [file, what] of Object.entries(ends)) assert.match(readFileSync(join(root, file), 'utf8'), what)
})
