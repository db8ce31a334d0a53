import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { authority } from '../support/authority.ts'
import { freePorts, temporaryFolder } from '../support/processes.ts'
import { startRedis } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { ownedSession, problem } from './sample.ts'

test('over TLS the server must prove its name', { timeout: 30_000 }, async () => {
  const folder = temporaryFolder('redis-tls')
  const { caFile, certify } = await authority()
  const { key, certificate } = await certify(folder, ['localhost'])
  const [port] = await freePorts(1)
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', caFile, '--tls-auth-clients', 'no']
  const server = await startRedis({ extraArgs: ['--tls-port', String(port), ...files] })
  const trusted = getCACertificates('default')
  const opener = createOpener()
  try {
    const open = (host: string) => opener.open(`rediss://${host}:${port}`, { startDeadline: 1000 })
    await assert.rejects(open('localhost'), (error) => problem('store-unavailable')(error) && /certificate/.test((error as Error).message))
    setDefaultCACertificates([...trusted, await readFile(caFile, 'utf8')])
    await assert.rejects(open('127.0.0.1'), problem('store-unavailable'))
    const store = await open('localhost')
    await ownedSession(store)
    assert.equal(await store.bus.publish('channel', 1), 0)
  } finally {
    setDefaultCACertificates(trusted)
    await opener.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
