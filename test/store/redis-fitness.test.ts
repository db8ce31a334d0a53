/** What is said of a Redis that is not what a gateway needs, at the start and when it is back. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Redis } from 'ioredis'
import type { LogLine } from '../../src/gateway/ports/log.ts'
import { commands, examine } from '../../src/store/redis/fitness.ts'
import { createRedisStore } from '../../src/store/redis/store.ts'
import { quiet } from '../support/quiet-log.ts'
import { startRedis, startRedisCluster, startSentinel } from '../support/redis.ts'
import { createClock, eventually, limits, problem } from './sample.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
async function started(...[options]: Parameters<typeof startRedis>) {
  const server = await startRedis(options)
  stops.push(server.stop)
  return server
}

/** Opens a store; `told` are the reasons and words of what was said. */
async function open(url: string, { waitReplicas = 0, startDeadline = 500 } = {}) {
  const told: [unknown, string][] = []
  const log = {
    ...quiet,
    warn({ event, reason }: LogLine, message: string) {
      if (event === 'store-unfit') told.push([reason, message])
    },
  }
  const store = await createRedisStore({ url, limits, clock: createClock(), waitReplicas, startDeadline, log })
  stops.push(() => store.close())
  return { store, told, reasons: () => told.map(([reason]) => reason) }
}
const refused = async (url: string, words: RegExp) =>
  assert.rejects(open(url), (error: Error) => problem('store-unavailable')(error) && words.test(error.message))

test('every command that is used is asked for', () => {
  const src = fileURLToPath(new URL('../../src/store/redis', import.meta.url))
  const sources = globSync('**/*.{ts,lua}', { cwd: src }).map((file) => readFileSync(`${src}/${file}`, 'utf8'))
  const inScripts = sources.flatMap((source) => [...source.matchAll(/redis\.p?call\('([A-Z]+)'/g)].map(([, name]) => name!))
  const byClients = sources.flatMap((source) => [...source.matchAll(/\bclient\.([a-z]+)\(/g)].map(([, name]) => name!.toUpperCase()))
  const ofTheClient = ['DUPLICATE', 'NODES', 'OFF', 'ON', 'ONCE', 'PIPELINE', 'TIME']
  const used = new Set([...inScripts, ...byClients])
  assert.ok(used.size > 30)
  assert.deepEqual(
    [...used].filter((name) => commands[name] === undefined && !ofTheClient.includes(name)),
    [],
  )
  assert.deepEqual(
    Object.keys(commands).filter((name) => !used.has(name)),
    [],
  )
})

test('eviction and a disk that is not used are told, each once, and again when it is back and otherwise', async () => {
  const server = await started({ extraArgs: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] })
  const { store, told, reasons } = await open(server.url)
  assert.deepEqual(reasons().toSorted(), ['eviction', 'persistence'])
  assert.match(told.find(([reason]) => reason === 'eviction')?.[1] ?? '', /allkeys-lru.*set it to noeviction/)
  assert.match(told.find(([reason]) => reason === 'persistence')?.[1] ?? '', /nothing on a disk/)
  await store.ping()
  await server.kill()
  await server.restart(['--maxmemory-policy', 'volatile-ttl', '--save', '3600 1'])
  await eventually(() => reasons().length === 4)
  assert.match(
    told
      .map(([, words]) => words)
      .slice(2)
      .join(),
    /volatile-ttl.*snapshots alone|snapshots alone.*volatile-ttl/s,
  )
  assert.equal(await server.cli('keys', 'sg:probe*'), '\n')
})

test('of one that is as it should be nothing is said; replicas that are wanted and missing are', async () => {
  const server = await started({ appendonly: true })
  assert.deepEqual((await open(server.url)).told, [])
  const { told } = await open(server.url, { waitReplicas: 2 })
  assert.match(told.join(), /replicas.*has 0 replicas, and REDIS_WAIT_REPLICAS is 2/)
})

test('a replica is refused, unless it becomes the master in time', async () => {
  const master = await started()
  const replica = await started({ extraArgs: ['--replicaof', '127.0.0.1', String(master.port)] })
  await refused(replica.url, new RegExp(`is a replica of 127.0.0.1:${master.port}.*REDIS_URL must lead to the master`))
  const opening = open(replica.url, { startDeadline: 10_000 })
  await replica.cli('replicaof', 'no', 'one')
  const { store } = await opening
  await store.ping()
})

test('a node of a Cluster, a Sentinel, and a database that there is not are refused in plain words', async () => {
  const cluster = await startRedisCluster()
  stops.push(cluster.stop)
  await refused(cluster.nodes[0]!.url, /is a node of a Cluster: REDIS_URL must begin with redis\+cluster/)
  assert.deepEqual((await open(cluster.url)).reasons(), ['persistence'])
  const master = await started()
  const sentinel = await startSentinel({ name: 'main', master })
  stops.push(sentinel.stop)
  await refused(`redis://127.0.0.1:${sentinel.port}`, /is a Sentinel/)
  await refused(`${master.url}/99`, /has no database 99/)
})

test('a user who may not do what is needed is refused, and what is missing is named; INFO can be done without', async () => {
  const server = await started()
  const all = ['on', '>x', '~sg:*', '&sg:*', '+@all', '-@admin', '-@dangerous', '+info', '+role']
  const wrong: [string[], RegExp][] = [
    [[...all, '-xadd', '-zscan'], /does not permit XADD, ZSCAN: its user needs ~sg:\*/],
    [[...all, 'resetkeys', '~other:*'], /does not permit keys sg:\*/],
    [[...all, 'resetchannels'], /does not permit .*(?:channels sg:\*|SUBSCRIBE)/],
    [[...all, '-@scripting'], /does not permit EVAL/],
    [[...all, '-subscribe'], /does not permit SUBSCRIBE/],
  ]
  for (const [index, [rights, words]] of wrong.entries()) {
    await server.cli('acl', 'setuser', `gate${index}`, ...rights)
    await refused(server.url.replace('//', `//gate${index}:x@`), words)
  }
  await server.cli('acl', 'setuser', 'good', ...all)
  assert.deepEqual((await open(server.url.replace('//', '//good:x@'))).reasons(), ['persistence'])
})

test('one whose user loses a right while it is away is not ready when it is back, until it has it again', async () => {
  const server = await started({ appendonly: true, extraArgs: ['--user', 'gate', 'on', '>x', '~sg:*', '&sg:*', '+@all'] })
  const { store, told, reasons } = await open(server.url.replace('//', '//gate:x@'))
  assert.deepEqual(told, [])
  await server.cli('acl', 'setuser', 'gate', '-xadd')
  await server.cli('client', 'kill', 'user', 'gate')
  await eventually(() => reasons().includes('permission'))
  await assert.rejects(store.ping(), problem('store-unavailable'))
  await server.cli('acl', 'setuser', 'gate', '+xadd')
  await server.cli('client', 'kill', 'user', 'gate')
  await eventually(() =>
    store.ping().then(
      () => true,
      () => false,
    ),
  )
})

test('an old version is refused where it cannot work, and told where it may', async () => {
  const node = (info: string) =>
    ({ info: async () => info.replaceAll('|', '\r\n'), config: async () => ['save', '60 1'], eval: async () => [] }) as unknown as Redis
  const of = async (info: string, kind: 'standalone' | 'cluster' = 'standalone') =>
    (await examine(node(info), { kind, db: 0, waitReplicas: 0 })).map(({ reason, unfit }) => `${reason} ${unfit}`)
  const usual = 'redis_mode:standalone|role:master|aof_enabled:1|maxmemory_policy:noeviction'
  assert.deepEqual(await of(`redis_version:7.0.15|${usual}`), [])
  assert.deepEqual(await of(`redis_version:8.2.1|${usual}`), [])
  assert.deepEqual(await of(`redis_version:6.2.14|${usual}`), ['version false'])
  assert.deepEqual(await of('redis_version:6.2.14|redis_mode:cluster|role:master', 'cluster'), ['version true'])
  for (const version of ['6.0.20', '5.0.14', '3.2.1']) assert.deepEqual(await of(`redis_version:${version}|${usual}`), ['version true'])
  assert.deepEqual(await of('something:else'), [])
})
