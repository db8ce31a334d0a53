/** asyncapi.yaml beside openapi.yaml: what goes over a WebSocket. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { parse } from 'yaml'
import { documentFiles } from '../../scripts/openapi.ts'
import { startApp } from './support.ts'

// its types want those of a hundred other packages
const { Parser } = createRequire(import.meta.url)('@asyncapi/parser')
const text = readFileSync(documentFiles.asyncapi, 'utf8')
const document = parse(text)
const openapi = parse(readFileSync(documentFiles.openapi, 'utf8'))

/** Where a reference of the document leads. */
function at(reference: string): unknown {
  let found: unknown = document
  for (const part of reference.slice(2).split('/')) found = (found as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/')]
  return found
}

test('it is valid: the parser has nothing to say but that there is a newer version', { timeout: 60_000 }, async () => {
  const { document, diagnostics } = await new Parser().parse(text)
  assert.ok(document)
  assert.deepEqual(
    diagnostics.map(({ code, severity }: { code: string; severity: number }) => [code, severity]),
    [['asyncapi-latest-version', 2]],
  )
})

test('both documents are small enough to be read', () => {
  for (const file of Object.values(documentFiles)) assert.ok(readFileSync(file).length < 400_000, file)
})

test('each group of operations says what it is', () => {
  const untold = openapi.tags.filter(({ name, description }: Record<string, string>) => !description || description === name)
  assert.deepEqual(untold, [])
})

test('readers of YAML 1.1 find in both what readers of YAML 1.2 find', () => {
  const asJson = 'import json, sys, yaml; print(json.dumps(yaml.load(sys.stdin, yaml.CSafeLoader)))'
  for (const file of Object.values(documentFiles)) {
    const input = readFileSync(file, 'utf8')
    const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', asJson], { input, encoding: 'utf8', maxBuffer: 2 ** 24 })
    assert.equal(stderr, '', file)
    assert.deepEqual(JSON.parse(stdout), parse(input), file)
  }
})

test('every event, and every operation with its members and what it answers, is in it', () => {
  const types: string[] = openapi.components.schemas.Event.oneOf.map(
    ({ $ref }: { $ref: string }) => openapi.components.schemas[$ref.split('/').at(-1)!].allOf[1].properties.type.const,
  )
  assert.deepEqual(Object.keys(document.channels.events.messages).toSorted(), types.toSorted())
  // biome-ignore lint/suspicious/noExplicitAny: a part of the document
  const operations: any[] = Object.values(openapi.paths).flatMap((methods) => Object.values(methods as object))
  // no frame has bytes
  const isOfBytes = (part: { content?: object } | undefined) => Object.keys(part?.content ?? {}).some((type) => /^(?:image|[*])/.test(type))
  const ofWords = operations.filter(({ requestBody, responses }) => ![requestBody, responses['200']].some(isOfBytes))
  const ids: string[] = ofWords.map(({ operationId }) => operationId).filter((id) => !id.startsWith('system.'))
  const commands = Object.keys(document.operations).filter((name) => document.operations[name].action === 'receive')
  assert.deepEqual(commands.toSorted(), [...ids, 'events.subscribe', 'events.unsubscribe'].toSorted())
  const paramsOf = (id: string) => document.components.messages[`${id}.request`].payload.properties.params
  assert.deepEqual(paramsOf('events.ack').required, ['consumer', 'cursor'])
  assert.deepEqual(Object.keys(paramsOf('roster.put').properties).toSorted(), ['groups', 'jid', 'name', 'session'])
  assert.ok('xml' in paramsOf('stanzas.send').properties && 'idempotencyKey' in paramsOf('messages.send').properties)
  assert.ok('coalesce' in paramsOf('events.subscribe').properties)
})

test('what both describe has one name and one shape, and every reference leads somewhere', () => {
  const { schemas } = document.components
  const written = JSON.stringify(document)
  for (const [, reference] of written.matchAll(/"\$ref":"([^"]+)"/g)) assert.notEqual(at(reference!), undefined, reference)
  for (const [, reference] of written.matchAll(/"x-schema":"\/openapi\.yaml#\/components\/schemas\/([^"]+)"/g))
    assert.ok(reference! in openapi.components.schemas, reference)
  const own = ['RpcVersion', 'RpcId', 'Subscribe', 'Unsubscribe', 'Subscription']
  for (const name of Object.keys(schemas)) assert.ok(name in openapi.components.schemas || own.includes(name), name)
  for (const name of ['Session', 'MessageRecord', 'Problem', 'Ack', 'Consumer'])
    assert.deepEqual(schemas[name], openapi.components.schemas[name], name)
})

test('it is served to anybody', async (t) => {
  const { api } = await startApp(t)
  const answer = await api('GET', '/asyncapi.yaml', { key: null })
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', /yaml/)
  assert.equal(parse(answer.text).asyncapi, '3.0.0')
})
