/** The steps of docs/operations.md, on two instances that are restarted one after the other. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { dumpOf } from '../support/redis-dump.ts'
import { PASSWORD, until, users } from './account.ts'

/** ms until a session of an instance that was stopped is online elsewhere */
const BACK = 30_000

/** Ids of the keys that passwords are sealed with now. */
async function keyIds(redis: RedisServer): Promise<string[]> {
  const keys = (await redis.cli('--scan', '--pattern', 'sg:{ses_*}:session')).trim().split('\n')
  const records = await Promise.all(keys.map((key) => redis.cli('HGET', key, 'record')))
  return [...new Set(records.map((record) => /credentials\W+1\.([0-9a-f]{8})\./.exec(record)?.[1] ?? record))]
}

/** … and those of the passwords of rooms. */
async function roomKeyIds(redis: RedisServer): Promise<string[]> {
  const sealed = (await dumpOf(redis.url)).matchAll(/password\W+1\.([0-9a-f]{8})\./g)
  return [...new Set([...sealed].map(([, id]) => id as string))]
}

test('CREDENTIALS_KEY is rotated without a moment in which an instance cannot open a password', async (t) => {
  const names = ['romeo', 'juliet', 'mercutio', 'paris']
  const server = await startProsody({ users: users(...names) })
  t.after(() => server.stop())
  const redis = await startRedis()
  t.after(() => redis.stop())
  const [old, fresh] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
  const API_KEYS = `main=sgk_${randomBytes(24).toString('base64url')}`
  const instances = new Map<string, TestGateway>()
  t.after(() => Promise.all([...instances.values()].map((each) => each.kill())))

  async function restart(name: string, CREDENTIALS_KEY: string): Promise<void> {
    await instances.get(name)?.stop()
    instances.set(name, await startGateway({ server, redis, env: { CREDENTIALS_KEY, INSTANCE_ID: name, API_KEYS } }))
  }
  const key = API_KEYS.slice('main='.length)
  const api = (method: string, path: string, body?: object) =>
    instances.get('one')!.api(method, path, { key, ...(body && { body: { service: server.service, ...body } }) })
  const online = () =>
    until(async () => {
      const { data = [] } = (await api('GET', '/sessions')).body
      return data.length === names.length && data.every(({ state }: { state: string }) => state === 'online')
    }, BACK)
  async function restartAll(CREDENTIALS_KEY: string): Promise<void> {
    for (const name of ['one', 'two']) await restart(name, CREDENTIALS_KEY)
  }
  async function roll(CREDENTIALS_KEY: string): Promise<string[]> {
    await restartAll(CREDENTIALS_KEY)
    await online()
    return keyIds(redis)
  }

  await restartAll(old)
  for (const name of names)
    assert.equal((await api('POST', '/sessions', { jid: `${name}@${server.domain}`, password: PASSWORD })).status, 201)
  const before = await keyIds(redis)
  assert.equal(before.length, 1)
  const made = await instances.get('one')!.api('PUT', `/rooms/${encodeURIComponent(`verona@conference.${server.domain}`)}`, {
    ...{ key, query: { session: `romeo@${server.domain}` } },
    body: { password: 'wherefore', create: 'configure', values: { password: 'wherefore' } },
  })
  assert.equal(made.status, 201, made.text)
  assert.deepEqual(await roomKeyIds(redis), before)
  assert.deepEqual(await roll(`${old},${fresh}`), before)
  const after = await roll(`${fresh},${old}`)
  assert.equal(after.length, 1)
  assert.notDeepEqual(after, before)
  await until(async () => isDeepStrictEqual(await roomKeyIds(redis), after))
  assert.deepEqual(await roll(fresh), after)
  // the kept password is the right one
  const again = await api('POST', '/sessions', { jid: `romeo@${server.domain}`, password: PASSWORD })
  assert.equal(again.status, 200)
})
