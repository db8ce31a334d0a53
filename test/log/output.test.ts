import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createOutput, toFile, type Write } from '../../src/log/output.ts'
import { until } from '../behaviour/account.ts'
import { mainFile, makeKey } from '../support/gateway.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { dieWithParent, findProgram, freePorts, temporaryFolder } from '../support/processes.ts'

/** Something to write to that answers when the test says so. */
function scripted() {
  const pieces: { text: string; done: Parameters<Write>[1] }[] = []
  const told: unknown[] = []
  const output = createOutput({
    write: (text, done) => void pieces.push({ text, done }),
    onLost: (lines, why) => void told.push([lines, why]),
    onRoom: (lines, reason) => {
      told.push(['room', lines, reason])
      output.write(`lost ${lines}\n`)
    },
  })
  const flushed = () => new Promise<void>((resolve) => output.flush(resolve))
  return { output, pieces, told, flushed }
}

test('lines leave together and in order, one piece at a time', async () => {
  const { output, pieces, flushed } = scripted()
  output.write('1\n')
  output.write('2\n')
  await until(async () => pieces.length === 1)
  output.write('3\n')
  const all = flushed()
  assert.deepEqual(
    pieces.map(({ text }) => text),
    ['1\n2\n'],
  )
  pieces[0]?.done(0)
  pieces[1]?.done(0)
  await all
  assert.deepEqual(
    pieces.map(({ text }) => text),
    ['1\n2\n', '3\n'],
  )
})

test('lines that cannot be written are lost and counted, and told with the next that is written', async () => {
  const { output, pieces, told, flushed } = scripted()
  for (const [index, lines] of ['1\n2\n', '3\n'].entries()) {
    output.write(lines)
    const all = flushed()
    pieces[index]?.done(lines.length / 2, 'ENOSPC')
    await all
  }
  output.write('4\n')
  const all = flushed()
  pieces[2]?.done(0)
  assert.equal(pieces[3]?.text, 'lost 3\n')
  pieces[3]?.done(0)
  await all
  assert.deepEqual(told, [
    [2, 'failed'],
    [1, 'failed'],
    ['room', 3, 'ENOSPC'],
  ])
})

test('what waits for somebody who takes nothing is bounded', () => {
  const { output, pieces, told } = scripted()
  const line = `${'x'.repeat(1023)}\n`
  for (let index = 0; index < 6 * 1024; index += 1) output.write(line)
  const lost = told.length
  assert.ok(lost >= 2 * 1024 - 8 && lost <= 2 * 1024, String(lost))
  pieces[0]?.done(0)
  assert.deepEqual(told.at(-1), ['room', lost, 'full'])
  pieces[1]?.done(0)
  const kept = pieces.map(({ text }) => text.length).reduce((sum, length) => sum + length, 0)
  assert.equal(kept, (6 * 1024 - lost) * 1024 + `lost ${lost}\n`.length)
})

test('a file that takes nothing now is tried again, and nothing of a line is written twice', async (t) => {
  const folder = temporaryFolder('log')
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'fifo')
  execFileSync('mkfifo', [path])
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  t.after(() => closeSync(descriptor))
  const text = Array.from({ length: 30_000 }, (_, index) => `line ${index}\n`).join('')
  const { promise, resolve } = Promise.withResolvers<unknown>()
  toFile(descriptor)(text, (unwritten, reason) => resolve([unwritten, reason]))
  let read = ''
  const bytes = Buffer.alloc(64 * 1024)
  await until(async () => {
    try {
      read += bytes.toString('utf8', 0, readSync(descriptor, bytes))
    } catch {} // nothing there yet
    return read.length >= text.length
  })
  assert.deepEqual(await promise, [0, undefined])
  assert.equal(read, text)
})

test('a file without room loses the lines that are not whole in it', async () => {
  const descriptor = openSync('/dev/full', 'w')
  try {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    toFile(descriptor)('1\n2\n3\n', (unwritten, reason) => resolve([unwritten, reason]))
    assert.deepEqual(await promise, [3, 'ENOSPC'])
  } finally {
    closeSync(descriptor)
  }
})

/** A gateway whose standard output goes where the test says. */
async function start(t: TestContext, { stdout, before = [], args = [] }: { stdout: number | 'pipe'; before?: string[]; args?: string[] }) {
  const [port] = await freePorts(1)
  const key = makeKey()
  const folder = temporaryFolder('log')
  t.after(() => rmSync(folder, { recursive: true }))
  const [program = '', ...rest] = [...before, ...dieWithParent(), process.execPath, ...args, mainFile]
  const child = spawn(program, rest, {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: String(port), API_KEYS: `main=${key}` },
    stdio: ['ignore', stdout, stdout],
  })
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(([code]) => code)
  const url = `http://127.0.0.1:${port}`
  const headers = { authorization: `Bearer ${key}` }
  const get = async (path: string) => {
    const answer = await fetch(url + path, { headers, signal: AbortSignal.timeout(10_000) })
    return { status: answer.status, text: await answer.text() }
  }
  await until(async () => (await get('/health/live').catch(() => undefined))?.status === 200)
  const ask = async (count: number) => {
    for (let left = count; left > 0; left -= 50) await Promise.all(Array.from({ length: 50 }, () => get('/nowhere')))
  }
  const lost = async () => sumOf(samplesOf((await get('/metrics')).text), 'log_lines_lost_total')
  return { child, ended, get, ask, lost, folder }
}

test('on a full disk the gateway goes on without its log, tells what was lost once there is room, and ends when asked', async (t) => {
  const folder = temporaryFolder('log')
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'log')
  const file = openSync(path, 'a')
  t.after(() => closeSync(file))
  const prlimit = findProgram('prlimit', 'util-linux')
  const { child, ended, get, ask, lost } = await start(t, { stdout: file, before: [prlimit, '--fsize=20000:unlimited'] })
  await ask(200)
  await until(async () => (await lost()) > 50)
  assert.equal((await get('/health/live')).status, 200)
  execFileSync(prlimit, ['--pid', String(child.pid), '--fsize=unlimited:unlimited'])
  await ask(50)
  child.kill('SIGTERM')
  assert.equal(await ended, 0)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const whole = lines.flatMap((line) => {
    try {
      return [JSON.parse(line)]
    } catch {
      return []
    }
  })
  // one may have been cut in the middle
  assert.ok(whole.length >= lines.length - 1)
  const told = whole.filter(({ event }) => event === 'log.lost')
  assert.deepEqual(
    told.map(({ reason }) => reason),
    ['EFBIG'],
  )
  assert.ok(told[0].lines > 50)
  assert.equal(whole.at(-1).event, 'stopped')
})

test('a pipe that nobody reads holds nothing up, and no end', async (t) => {
  const { child, ended, get, ask } = await start(t, { stdout: 'pipe' })
  await ask(800)
  assert.equal((await get('/health/live')).status, 200)
  child.kill('SIGTERM')
  assert.equal(await ended, 0)
})

test('a pipe whose reader has gone loses lines, and a fault that nothing caught ends the process all the same', async (t) => {
  const fault = 'data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("x")})'
  const { child, ended, get, ask, lost } = await start(t, { stdout: 'pipe', args: ['--import', fault] })
  child.stdout?.destroy()
  child.stderr?.destroy()
  await ask(50)
  await until(async () => (await lost()) > 50)
  assert.equal((await get('/health/live')).status, 200)
  child.kill('SIGUSR2')
  assert.equal(await ended, 1)
})
