import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeAddress, parseRedisAddress } from '../../src/store/redis/address.ts'
import { freePorts } from '../support/processes.ts'
import { startRedis } from '../support/redis.ts'
import { createOpener } from './open-redis.ts'
import { problem } from './sample.ts'

test('one server, with and without all the rest', () => {
  assert.deepEqual(parseRedisAddress('redis://localhost'), {
    kind: 'standalone',
    hosts: [{ host: 'localhost', port: 6379 }],
    tls: false,
    db: 0,
  })
  assert.deepEqual(parseRedisAddress('rediss://gate%40way:p%3Ass%2Fword@redis.example.org:7000/3'), {
    kind: 'standalone',
    hosts: [{ host: 'redis.example.org', port: 7000 }],
    tls: true,
    username: 'gate@way',
    password: 'p:ss/word',
    db: 3,
  })
  assert.equal(parseRedisAddress('redis://:only-password@[::1]:7000').password, 'only-password')
})

test('Sentinels of a master', () => {
  assert.deepEqual(parseRedisAddress('rediss+sentinel://user:pass@one,two:26380,[::1]/main?db=2&sentinelPassword=other'), {
    kind: 'sentinel',
    hosts: [
      { host: 'one', port: 26_379 },
      { host: 'two', port: 26_380 },
      { host: '::1', port: 26_379 },
    ],
    tls: true,
    username: 'user',
    password: 'pass',
    master: 'main',
    db: 2,
    sentinelPassword: 'other',
  })
})

test('nodes of a Cluster', () => {
  const address = parseRedisAddress('redis+cluster://one:7001,two:7002')
  assert.deepEqual(address, {
    kind: 'cluster',
    hosts: [
      { host: 'one', port: 7001 },
      { host: 'two', port: 7002 },
    ],
    tls: false,
    db: 0,
  })
  assert.equal(describeAddress(address), 'the Cluster one:7001, two:7002')
})

test('what is wrong is said, the password never', () => {
  const wrong = [
    '',
    'localhost:6379',
    'http://canary@localhost',
    'redis://',
    'redis://:canary@one,two',
    'redis://:canary@host:99999',
    'redis://:canary@host:0',
    'redis://:canary@host/database',
    'redis://:canary@host?x=1',
    'redis://:canary%@host',
    'redis+sentinel://:canary@host',
    'redis+cluster://:canary@host/1',
  ]
  for (const url of wrong) {
    assert.throws(
      () => parseRedisAddress(url),
      (error) => error instanceof RangeError && error.message.startsWith('REDIS_URL is not valid') && !error.message.includes('canary'),
      url,
    )
  }
})

test('a user of the ACL is let in, a wrong password is told without it', { timeout: 30_000 }, async () => {
  const acl = ['--user', 'default', 'off', '--user', 'gate', 'on', '>right', '~sg:*', '&sg:*', '+@all', '-@dangerous', '+info']
  const server = await startRedis({ extraArgs: acl })
  const opener = createOpener()
  try {
    const store = await opener.open(`redis://gate:right@127.0.0.1:${server.port}`)
    await store.ping()
    assert.equal(await store.bus.publish('channel', 1), 0)
    await assert.rejects(opener.open(`redis://gate:canary@127.0.0.1:${server.port}`, { startDeadline: 500 }), (error) => {
      assert.ok(problem('store-unavailable')(error))
      assert.match((error as Error).message, /WRONGPASS/)
      assert.doesNotMatch((error as Error).message, /canary/)
      return true
    })
    const [port] = await freePorts(1)
    await assert.rejects(opener.open(`redis://127.0.0.1:${port}`, { startDeadline: 100 }), problem('store-unavailable'))
  } finally {
    await opener.close()
    await server.stop()
  }
})
