import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { after, beforeEach, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './support/processes.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('npm run demo', () => {
  let folder: string
  const folders: string[] = []
  beforeEach(() => {
    folder = temporaryFolder('demo-test')
    folders.push(folder)
  })
  after(() => {
    for (const one of folders) rmSync(one, { recursive: true, force: true })
  })

  function start(): { npm: ChildProcess; output: () => string; printed: (text: string) => Promise<void> } {
    const npm = spawn('npm', ['run', 'demo'], {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // npm would put a cache of its own code there
      env: { ...process.env, TMPDIR: folder, NODE_TEST_CONTEXT: undefined, NODE_DISABLE_COMPILE_CACHE: '1' },
    })
    let output = ''
    const waiting = new Map<string, () => void>()
    const keep = (chunk: string) => {
      output += chunk
      for (const [text, resolve] of waiting) if (output.includes(text)) resolve()
    }
    npm.stdout.setEncoding('utf8').on('data', keep)
    npm.stderr.setEncoding('utf8').on('data', keep)
    const printed = async (text: string) => {
      if (output.includes(text)) return
      const over = once(npm, 'exit').then(() => assert.fail(`the demo ended before it said ${text}:\n${output}`))
      await Promise.race([new Promise<void>((resolve) => waiting.set(text, resolve)), over])
    }
    return { npm, output: () => output, printed }
  }

  /** Processes and files that belong to this run: both carry the name of its temporary folder. */
  function left(): string[] {
    const processes = readdirSync('/proc').filter((pid) => {
      if (!/^\d+$/.test(pid)) return false
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(folder)
      } catch {
        return false // gone meanwhile
      }
    })
    return [...processes, ...readdirSync(folder)]
  }

  const ways: Readonly<Record<string, (pid: number) => void>> = {
    'SIGINT to the group, as Ctrl-C does': (pid) => process.kill(-pid, 'SIGINT'),
    'SIGTERM to npm': (pid) => process.kill(pid, 'SIGTERM'),
    'SIGINT to npm': (pid) => process.kill(pid, 'SIGINT'),
    'SIGTERM to the group and again to npm': (pid) => {
      process.kill(-pid, 'SIGTERM')
      process.kill(pid, 'SIGTERM')
    },
  }
  for (const [how, signal] of Object.entries(ways)) {
    it(`shows two accounts talking, and three in a room, stays up, and leaves nothing behind after ${how}`, async () => {
      const { npm, output, printed } = start()
      await printed('An XMPP client')
      assert.match(output(), /bob {3}⇐ {2}message\.received +from alice@localhost\/\S+ "Hello Bob/)
      assert.match(output(), /alice ⇐ {2}message\.received +from bob@localhost\/\S+ "很好 👋/)
      assert.match(output(), /bob {3}⇐ {2}presence\.available +from alice@localhost\/\S+ "away" "at lunch"/)
      assert.match(output(), /alice ⇐ {2}room\.occupant-joined +from garden@conference\.localhost\/carol/)
      assert.match(output(), /alice ⇐ {2}message\.received +from garden@conference\.localhost\/carol "Hello both/)
      assert.match(output(), /carol ⇐ {2}message\.reacted +from garden@conference\.localhost\/bob "🌹"/)
      assert.doesNotMatch(output(), /\x1b\[/, 'no colours where there is no terminal')
      const exited = once(npm, 'exit')
      signal(npm.pid!)
      await exited
      await emptied(left)
      assert.match(output(), /Nothing is left behind\.\n$/)
    })
  }

  it('leaves nothing behind when it is stopped on its way', async () => {
    const { npm, printed } = start()
    await printed('XMPP server')
    const exited = once(npm, 'exit')
    process.kill(-npm.pid!, 'SIGINT')
    await exited
    await emptied(left)
  })
})

/** npm may be gone before the demo has cleared up; that is bounded by the test's own time. */
async function emptied(left: () => string[]): Promise<void> {
  const deadline = Date.now() + 40_000
  while (left().length > 0) {
    if (Date.now() > deadline) assert.deepEqual(left(), [])
    await delay(50)
  }
}
