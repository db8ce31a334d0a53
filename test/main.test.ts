import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from './behaviour/account.ts'
import { mainFile, makeKey, startGateway } from './support/gateway.ts'
import { startRedis } from './support/redis.ts'

/** ms, and a little, after which a signal is no longer the same one again */
const SAME_SIGNAL = 2_100

/** Runs it to its end. */
async function run(t: TestContext, env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'stanzagate-main-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const child = spawn(process.execPath, [mainFile], { cwd: folder, env: { PATH: process.env.PATH ?? '', ...env } })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const [code] = await once(child, 'exit')
  return { code, output }
}

test('a wrong configuration is told by name, without a stack, with exit code 1', async (t) => {
  const { code, output } = await run(t, { PORT: 'x' })
  assert.equal(code, 1)
  assert.match(output, /→ at PORT/)
  assert.ok(!output.includes('    at '))
})

test('a Redis that cannot be used is told, with exit code 1', async (t) => {
  const redis = await startRedis()
  t.after(() => redis.stop())
  const CREDENTIALS_KEY = Buffer.alloc(32, 1).toString('base64')
  const { code, output } = await run(t, { PORT: '0', API_KEYS: `main=${makeKey()}`, REDIS_URL: `${redis.url}/99`, CREDENTIALS_KEY })
  assert.equal(code, 1)
  assert.match(output, /^Redis at 127\.0\.0\.1:\d+ has no database 99/m)
  assert.ok(!output.includes('    at '))
})

test('a port that is in use is told, with exit code 1', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const { code, output } = await run(t, { PORT: String(port), API_KEYS: `main=${makeKey()}` })
  assert.equal(code, 1)
  assert.match(output, new RegExp(`Port ${port} .* in use`))
  assert.ok(!output.includes('    at '))
})

test('a HOST that cannot be bound is told, with exit code 1', async (t) => {
  for (const [HOST, code] of [
    ['192.0.2.1', 'EADDRNOTAVAIL'],
    ['256.1.1.1', '→ at HOST'],
    ['not a host', '→ at HOST'],
  ] as const) {
    const ended = await run(t, { HOST, PORT: '0', API_KEYS: `main=${makeKey()}` })
    assert.equal(ended.code, 1, HOST)
    assert.ok(ended.output.includes(code), ended.output)
    assert.match(ended.output, /HOST/)
    assert.ok(!ended.output.includes('    at ') && !ended.output.includes('crash'))
  }
})

test('PORT=0 picks a port and says which; the memory store says what it is; one signal ends it in order', async (t) => {
  const gateway = await startGateway()
  t.after(gateway.kill)
  assert.notEqual(gateway.port, 0)
  assert.equal((await gateway.api('GET', '/health/ready')).status, 200)
  const events = gateway.logs.map(({ entry }) => entry?.event)
  assert.ok(events.includes('listening'))
  assert.ok(gateway.logs.some(({ line }) => line.includes('in memory')))
  assert.equal(await gateway.stop('SIGTERM'), 0)
  assert.equal(gateway.logs.at(-1)?.entry?.event, 'stopped')
})

test('with Redis the metrics tell whether it answers, and how fast', async (t) => {
  const redis = await startRedis()
  t.after(() => redis.stop())
  const gateway = await startGateway({ redis })
  t.after(gateway.kill)
  assert.equal((await gateway.api('GET', '/sessions')).status, 200)
  const { text } = await gateway.api('GET', '/metrics')
  assert.match(text, /^stanzagate_redis_up 1$/m)
  assert.match(text, /^stanzagate_redis_command_duration_seconds_count\{command="[\w.-]+"\} [1-9]/m)
  assert.equal(await gateway.stop('SIGTERM'), 0)
})

test('a second signal never cuts a stop short, right after the first or later; a third one ends it', async (t) => {
  const gateway = await startGateway()
  t.after(gateway.kill)
  const stopping = () => gateway.logs.filter(({ entry }) => entry?.event === 'stopping').length
  // a request whose body does not end holds the stop up
  const slow = connect(gateway.port, '127.0.0.1')
  t.after(() => slow.destroy())
  slow.write(`POST /translate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.key}\r\n`)
  slow.write('Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n')
  await once(slow, 'data')
  process.kill(gateway.pid, 'SIGINT')
  process.kill(gateway.pid, 'SIGTERM')
  await until(async () => (await gateway.api('GET', '/health/ready')).status === 503)
  await until(async () => stopping() === 1)
  await delay(SAME_SIGNAL)
  process.kill(gateway.pid, 'SIGTERM')
  await until(async () => stopping() === 2)
  assert.equal((await gateway.api('GET', '/health/ready')).body.code, 'draining')
  await delay(SAME_SIGNAL)
  process.kill(gateway.pid, 'SIGTERM')
  assert.equal(await gateway.ended, 1)
})

test('without API_KEYS the development key is printed, on no log line, and works', async (t) => {
  const gateway = await startGateway({ env: { API_KEYS: '' } })
  t.after(gateway.kill)
  const printed = /sgk_[\w-]+/
  while (!gateway.logs.some(({ line }) => printed.test(line))) await new Promise(setImmediate)
  const lines = gateway.logs.filter(({ line }) => printed.test(line))
  assert.equal(lines.length, 1)
  assert.equal(lines[0]?.entry, undefined)
  const key = printed.exec(lines[0]?.line ?? '')?.[0] ?? ''
  assert.equal((await gateway.api('GET', '/sessions', { key })).status, 200)
  await gateway.stop()
})
