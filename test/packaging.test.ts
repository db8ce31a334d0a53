import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startGateway } from './support/gateway.ts'
import { temporaryFolder } from './support/processes.ts'
import { startRedis } from './support/redis.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('the npm package', () => {
  let folder: string
  let files: string[]
  const bin = () => join(folder, 'package/bin/stanzagate.cjs')

  before(() => {
    folder = temporaryFolder('package')
    // npm pack runs the build by itself
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, npm_config_loglevel: 'silent' },
    })
    const [tarball] = JSON.parse(packed.slice(packed.indexOf('['))) as { filename: string; files: { path: string }[] }[]
    files = tarball!.files.map(({ path }) => path)
    execFileSync('tar', ['-xzf', join(folder, tarball!.filename), '-C', folder])
    symlinkSync(join(root, 'node_modules'), join(folder, 'package/node_modules'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('holds the built program, its licence and its description, and nothing else', () => {
    const rooms = new Set(files.map((path) => path.split('/')[0]!))
    assert.deepEqual([...rooms].sort(), ['LICENSE', 'README.md', 'bin', 'dist', 'openapi.yaml', 'package.json'])
    assert.deepEqual(
      files.filter((path) => path.endsWith('.ts') || path.includes('test')),
      [],
    )
  })

  it('runs as `stanzagate`', async () => {
    const gateway = await startGateway({ args: [bin()] })
    try {
      assert.equal((await gateway.api('GET', '/health/live', { key: null })).status, 200)
      assert.equal((await gateway.api('GET', '/openapi.yaml', { key: null })).status, 200)
    } finally {
      assert.equal(await gateway.stop(), 0)
    }
  })

  it('has what it needs for Redis', async () => {
    const redis = await startRedis()
    const gateway = await startGateway({ args: [bin()], redis })
    try {
      assert.equal((await gateway.api('GET', '/health/ready', { key: null })).status, 200)
    } finally {
      assert.equal(await gateway.stop(), 0)
      await redis.stop()
    }
  })

  it('says what it needs on an older Node', () => {
    const older = join(folder, 'older.cjs')
    writeFileSync(older, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.4' } })`)
    const { status, stderr } = spawnSync(process.execPath, ['--require', older, bin()], { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.equal(stderr, 'stanzagate needs Node ≥ 22.19; this is 20.19.4\n')
    assert.ok(existsSync(bin()))
  })
})
