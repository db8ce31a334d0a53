import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** What each room may import besides itself; a name with a slash is one folder of a room. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  main: ['app', 'config', 'errors', 'log'],
  app: [
    'config',
    'errors',
    'log',
    'lifecycle',
    'version',
    'fair',
    'protocol',
    'codec',
    'api',
    'features',
    'gateway',
    'events',
    'http',
    'websocket',
    'webhooks',
    'xmpp',
    'store',
  ],
  lifecycle: ['events', 'gateway', 'http', 'webhooks', 'errors'],
  errors: [],
  deadline: [],
  version: [],
  'folded-jid': ['jid'],
  jid: ['errors'],
  net: ['errors'],
  client: [],
  fair: [],
  config: ['errors', 'net', 'gateway/ports'],
  log: ['gateway/ports'],
  xml: ['errors'],
  codec: ['xml', 'jid', 'errors'],
  protocol: ['codec', 'xml', 'errors'],
  gateway: ['protocol', 'codec', 'xml', 'jid', 'folded-jid', 'fair', 'deadline', 'errors'],
  api: ['gateway', 'codec', 'xml', 'jid', 'errors'],
  features: ['api', 'protocol', 'gateway', 'codec', 'xml', 'jid', 'folded-jid', 'version', 'errors'],
  events: ['api', 'gateway', 'fair', 'jid', 'folded-jid', 'errors'],
  http: ['api', 'events', 'websocket', 'gateway', 'fair', 'config', 'net', 'deadline', 'errors'],
  websocket: ['api', 'events', 'gateway', 'fair', 'errors'],
  webhooks: ['api', 'events', 'gateway', 'net', 'errors'],
  xmpp: ['gateway/ports', 'protocol', 'xml', 'jid', 'folded-jid', 'net', 'fair', 'deadline', 'errors'],
  store: ['gateway/ports', 'errors'],
}

/** Rooms that alone may know these packages, by how their names begin. */
const owners: readonly { packages: readonly string[]; rooms: readonly string[] }[] = [
  { packages: ['@xmpp/'], rooms: ['xmpp'] },
  { packages: ['ioredis'], rooms: ['store'] },
  { packages: ['undici'], rooms: ['webhooks'] },
  { packages: ['fastify', '@fastify/', 'fastify-'], rooms: ['http', 'websocket', 'app', 'lifecycle'] },
]

interface Source {
  /** relative to src/, without .ts: `http/routes` */
  path: string
  room: string
  text: string
  imports: string[]
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]/g

const sources: readonly Source[] = globSync('**/*.ts', { cwd: src })
  .map((file) => file.split(sep).join('/'))
  .sort()
  .map((file) => {
    const text = readFileSync(join(src, file), 'utf8')
    const path = file.replace(/\.ts$/, '')
    return { path, room: roomOf(path), text, imports: [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3]!) }
  })

describe('the house', () => {
  it('imports along its arrows only', () => {
    const wrong = sources.flatMap(({ path, room, imports }) =>
      imports
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(path), name)).replace(/\.ts$/, ''))
        .filter((target) => !mayImport(room, target))
        .map((target) => `${path} → ${target}`),
    )
    assert.deepEqual(wrong, [])
  })

  it('keeps each library in its rooms', () => {
    const wrong = sources.flatMap(({ path, room, imports }) =>
      imports
        .filter((name) => owners.some(({ packages, rooms }) => !rooms.includes(room) && packages.some((start) => name.startsWith(start))))
        .map((name) => `${path} → ${name}`),
    )
    assert.deepEqual(wrong, [])
  })

  it('reads the environment in main.ts alone, to hand it to config.ts', () => {
    const readers = sources.filter(({ text }) => /\bprocess\.env\b/.test(text)).map(({ path }) => path)
    assert.deepEqual(
      readers.filter((path) => path !== 'config/config' && path !== 'main'),
      [],
    )
  })

  it('has no module state', () => {
    const stateful = sources.filter(({ text }) => /^(?:export )?(?:let|var) /m.test(text)).map(({ path }) => path)
    assert.deepEqual(stateful, [])
  })

  it('names its files by what they are', () => {
    const vague = sources.map(({ path }) => path).filter((path) => /(?:util|helper|manager|service|common|misc)s?$/i.test(path))
    assert.deepEqual(vague, [])
  })

  it('has every room in the plan', () => {
    const unplanned = [...new Set(sources.map(({ room }) => room))].filter((room) => arrows[room] === undefined)
    assert.deepEqual(unplanned, [])
  })
})

function roomOf(path: string): string {
  return path.split('/')[0]!
}

function mayImport(room: string, target: string): boolean {
  const allowed = arrows[room] ?? []
  return roomOf(target) === room || allowed.some((name) => target === name || target.startsWith(`${name}/`))
}
