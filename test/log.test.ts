import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLog, logEvents } from '../src/log.ts'

test('every log line of the sources has an event of the closed list', () => {
  const root = fileURLToPath(new URL('../src', import.meta.url))
  const calls = globSync('**/*.ts', { cwd: root }).flatMap((file) => {
    const source = readFileSync(`${root}/${file}`, 'utf8')
    return [...source.matchAll(/\blog\??\.(?:debug|info|warn|error|fatal)\(\s*([^)]{0,300})/g)].map(([call, args = '']) => ({
      file,
      call,
      args,
    }))
  })
  assert.ok(calls.length > 10)
  for (const { file, call, args } of calls) {
    const [, event] = /event: '([^']+)'/.exec(args) ?? []
    assert.ok(event !== undefined && (logEvents as readonly string[]).includes(event), `${file}: ${call}`)
  }
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
