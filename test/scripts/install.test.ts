import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { script } from '../../scripts/install.ts'
import { temporaryFolder } from '../support/processes.ts'

// apt itself is stood in for: what is tested is what happens around it
describe('installing packages', () => {
  let folder: string
  let policy: string
  let env: NodeJS.ProcessEnv
  const log = () => readFileSync(join(folder, 'log'), 'utf8')
  const program = (name: string, text: string) => {
    const path = join(folder, 'bin', name)
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
  }
  const args = () => ['-c', script({ policy, lock: folder }), 'install', 'prosody', 'redis-server']

  before(() => {
    folder = temporaryFolder('install')
    policy = join(folder, 'policy-rc.d')
    mkdirSync(join(folder, 'bin'))
    env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, LOG: join(folder, 'log'), POLICY: policy }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  beforeEach(() => {
    rmSync(policy, { force: true })
    writeFileSync(join(folder, 'log'), '')
    program('apt-cache', 'echo "  Candidate: 1.0"')
    program('apt-get', 'echo "$DEBIAN_FRONTEND $*" >> "$LOG"; cp "$POLICY" "$POLICY.seen"; "$POLICY"; echo "policy $?" >> "$LOG"')
  })

  it('keeps services from starting meanwhile, and takes its policy away after', () => {
    assert.equal(spawnSync('sh', args(), { env }).status, 0)
    assert.match(log(), /^noninteractive .* install --no-install-recommends prosody redis-server\npolicy 101\n$/)
    assert.equal(existsSync(policy), false)
  })

  it('leaves a policy that was there as it was', () => {
    writeFileSync(policy, '#!/bin/sh\nexit 104\n', { mode: 0o755 })
    assert.equal(spawnSync('sh', args(), { env }).status, 0)
    assert.match(log(), /policy 104\n$/)
    assert.equal(readFileSync(policy, 'utf8'), '#!/bin/sh\nexit 104\n')
  })

  it('clears one of its own that a crash left', () => {
    assert.equal(spawnSync('sh', args(), { env }).status, 0)
    writeFileSync(policy, readFileSync(`${policy}.seen`), { mode: 0o755 })
    assert.equal(spawnSync('sh', args(), { env }).status, 0)
    assert.equal(existsSync(policy), false)
  })

  it('reads the package lists anew only for a package that is not in them, or after a failure', () => {
    program('apt-cache', 'echo "  Candidate: (none)"')
    assert.equal(spawnSync('sh', args(), { env }).status, 0)
    assert.match(log(), /update\n(?:.*\n)*.*install/)
    writeFileSync(join(folder, 'log'), '')
    program('apt-cache', 'echo "  Candidate: 1.0"')
    program('apt-get', 'echo "$*" >> "$LOG"; grep -q update "$LOG"')
    assert.equal(spawnSync('sh', args(), { env }).status, 0)
    assert.equal(log().match(/install --no/g)?.length, 2)
  })

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`takes its policy away after ${signal}`, async () => {
      program('apt-get', 'echo running; sleep 0.3')
      const child = spawn('sh', args(), { env, stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      assert.equal(existsSync(policy), true)
      child.kill(signal)
      const [code] = await once(child, 'exit')
      assert.notEqual(code, 0)
      assert.equal(existsSync(policy), false)
    })
  }

  it('goes one after the other when started twice', async () => {
    program(
      'apt-get',
      '[ -e "$POLICY.busy" ] && echo overlap >> "$LOG"; : > "$POLICY.busy"; sleep 0.1; rm "$POLICY.busy"; "$POLICY" || true',
    )
    const children = [1, 2, 3].map(() => spawn('sh', args(), { env, stdio: 'ignore' }))
    assert.deepEqual(await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0])), [0, 0, 0])
    assert.equal(log(), '')
    assert.equal(existsSync(policy), false)
  })
})
