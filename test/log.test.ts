import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { logEvents } from '../src/gateway/ports/log.ts'
import { createLog } from '../src/log.ts'

test('every event of the list is the one of a line', () => {
  const root = fileURLToPath(new URL('../src', import.meta.url))
  const sources = globSync('**/*.ts', { cwd: root })
    .filter((file) => file !== 'gateway/ports/log.ts')
    .map((file) => readFileSync(`${root}/${file}`, 'utf8'))
  assert.deepEqual(
    logEvents.filter((event) => !sources.some((source) => source.includes(`event: '${event}'`))),
    [],
  )
})

test('an event that is not of the list is a type error', () => {
  const log = createLog({ level: 'silent', instance: 'gate-1', destination: { write: () => assert.fail() } })
  // @ts-expect-error there is no such event
  log.info({ event: 'session.lost' }, 'x')
  // @ts-expect-error a line must have one
  log.warn({ session: 'ses_1' }, 'x')
  const level = 'warn' as 'debug' | 'warn'
  // @ts-expect-error whichever level it is
  log[level]({ event: 'session.lost' }, 'x')
})

test('a line is one line of JSON; errors tell class, message, place and causes, never their other members', () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', instance: 'gate-1', destination: { write: (line) => void lines.push(line) } })
  const cause = Object.assign(new Error('first\nsecond line'), { body: 'secret' })
  log.info({ event: 'session.error', err: Object.assign(new Error('outer', { cause }), { code: 'E1', stanza: 'secret' }) }, 'x')
  assert.equal(lines.length, 1)
  assert.equal(lines[0]?.trimEnd().split('\n').length, 1)
  assert.ok(!lines[0]?.includes('secret'))
  const { level, time, instance, err } = JSON.parse(lines[0] ?? '')
  assert.deepEqual(
    [level, instance, err.name, err.code, err.message, err.cause.message],
    ['info', 'gate-1', 'Error', 'E1', 'outer', 'first\nsecond line'],
  )
  assert.match(time, /^\d{4}-.*Z$/)
  assert.ok(err.at.length > 0)
})
