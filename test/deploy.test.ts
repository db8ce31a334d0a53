import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { findProgram } from '../scripts/install.ts'
import { readConfig } from '../src/config/config.ts'
import { variableNames } from '../src/config/variables.ts'
import { authority } from './support/authority.ts'
import { temporaryFolder } from './support/processes.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

interface Service {
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  ports?: string[]
  command?: string[]
  volumes?: string[]
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml')) as { services: Record<string, Service>; volumes: Record<string, unknown> }
  const gateway = compose.services.gateway!
  let folder: string
  before(() => {
    folder = temporaryFolder('compose')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('sets only what the configuration reads, to values that it takes', async () => {
    const env = Object.fromEntries(Object.entries(gateway.environment!).map(([name, value]) => [name, withDefaults(value)]))
    assert.deepEqual(
      Object.keys(env).filter((name) => !variableNames.includes(name)),
      [],
    )
    const { caFile } = await authority()
    const config = readConfig({ env: { ...env, XMPP_CA_FILE: caFile }, folder })
    assert.deepEqual(config.redis, { url: 'redis://redis:6379', waitReplicas: 0 })
    assert.deepEqual(config.xmpp.privateHosts, ['prosody'])
    assert.equal(config.port, 8080)
  })

  it('publishes on loopback only, since its default keys are known to all', () => {
    assert.ok(Object.values(compose.services).every(({ ports = [] }) => ports.every((port) => port.startsWith('127.0.0.1:'))))
  })

  it('starts the gateway when Redis and Prosody are healthy', () => {
    assert.deepEqual(gateway.depends_on, { redis: { condition: 'service_healthy' }, prosody: { condition: 'service_healthy' } })
    assert.ok(compose.services.redis!.healthcheck && compose.services.prosody!.healthcheck)
  })

  it('keeps Redis on disk, append-only', () => {
    assert.match(compose.services.redis!.command!.join(' '), /--appendonly yes/)
    assert.ok(compose.services.redis!.volumes!.includes('redis:/data'))
    assert.ok('redis' in compose.volumes)
  })

  it('is accepted by the compose client, where there is one', () => {
    const client = [['docker', 'compose'], ['docker-compose']].find(
      ([program = '', ...args]) => findProgram(program) !== undefined && spawnSync(program, [...args, 'version']).status === 0,
    )
    if (client === undefined) return
    const [program = '', ...args] = client
    const { status, stderr } = spawnSync(program, [...args, 'config', '-q'], { cwd: root, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
})

describe('Dockerfile', () => {
  const lines = read('Dockerfile').split('\n')
  const final = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))

  it('runs as an ordinary user, with a health check, as the first process', () => {
    assert.ok(final.includes('USER node'))
    assert.ok(final.some((line) => line.startsWith('HEALTHCHECK ')))
    assert.ok(final.some((line) => line.startsWith('CMD ["node"')))
  })

  it('copies only what the build context lets in', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    assert.deepEqual(
      copied.filter((path) => !allowed.includes(path)),
      [],
    )
  })
})

/** `${NAME:-default}` as compose fills it in when nothing is set. */
function withDefaults(value: string): string {
  return value.replace(/\$\{\w+:-([^}]*)\}/g, '$1')
}
