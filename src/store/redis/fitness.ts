/** What a gateway can expect of a Redis, as far as Redis says so itself: whether it can be used at all, and what it does not promise. */
import type { Redis } from 'ioredis'
import type { RedisAddress } from './address.ts'
import { probeChannel, probeKey } from './keys.ts'

export interface Finding {
  /** a word for logs and tests; `unfit` is what makes it of no use */
  reason: 'version' | 'role' | 'mode' | 'database' | 'permission' | 'eviction' | 'persistence' | 'replicas' | 'unknown'
  unfit: boolean
  /** goes on after "Redis at … " */
  message: string
}

/** Without GETDEL and the like nothing can be done; channels of a Cluster are sharded since 7. Older than 7 it is tried with none. */
const LEAST = { standalone: 6.2, sentinel: 6.2, cluster: 7 }
const TRIED = 7

/** Every command that this folder uses but for subscriptions, as it can be asked for on a key of any type. */
export const commands: Readonly<Record<string, readonly string[]>> = {
  DEL: [],
  EXISTS: [],
  GET: [],
  GETDEL: [],
  HDEL: ['x'],
  HEXISTS: ['x'],
  HGET: ['x'],
  HGETALL: [],
  HINCRBY: ['x', '1'],
  HKEYS: [],
  HLEN: [],
  HMGET: ['x'],
  HSCAN: ['0'],
  HSET: ['x', '1'],
  HSETNX: ['x', '1'],
  HVALS: [],
  INCRBY: ['1'],
  LPUSH: ['x'],
  LRANGE: ['0', '0'],
  LREM: ['0', 'x'],
  LTRIM: ['0', '0'],
  MEMORY: [],
  PERSIST: [],
  PEXPIRE: ['1000'],
  PTTL: [],
  SADD: ['x'],
  SCARD: [],
  SET: ['', 'PX', '1000'],
  SISMEMBER: ['x'],
  SMEMBERS: [],
  SPOP: [],
  SREM: ['x'],
  UNLINK: [],
  XADD: ['*', 'x', '1'],
  XDEL: ['1-0'],
  XLEN: [],
  XRANGE: ['-', '+', 'COUNT', '1'],
  XREVRANGE: ['+', '-', 'COUNT', '1'],
  XTRIM: ['MAXLEN', '0'],
  ZADD: ['1', 'x'],
  ZCARD: [],
  ZCOUNT: ['0', '0'],
  ZRANGE: ['0', '0'],
  ZRANGEBYSCORE: ['0', '0'],
  ZRANK: ['x'],
  ZREM: ['x'],
  ZREMRANGEBYRANK: ['0', '0'],
  ZREMRANGEBYSCORE: ['0', '0'],
  ZSCAN: ['0'],
  ZSCORE: ['x'],
}

/** between the command and its key */
const subcommands: Readonly<Record<string, string>> = { MEMORY: "'USAGE', " }

/** Asks for each and leaves nothing: answers which are not permitted, a key and a channel among them. Permission is looked at before anything else. */
const PROBE = `
local denied = {}
local function ask(name, ...)
  local answer = redis.pcall(name, ...)
  local text = type(answer) == 'table' and answer.err and answer.err .. ' ' or ''
  if not string.find(text, 'NOPERM', 1, true) and not string.find(text, 'user executing the script', 1, true) then return end
  if string.find(text, '%Akeys?%A') then table.insert(denied, 'keys sg:*')
  elseif string.find(text, 'channel', 1, true) then table.insert(denied, 'channels sg:*')
  else table.insert(denied, name) end
end
local key, channel, publish = ARGV[1], ARGV[2], ARGV[3]
${Object.entries(commands)
  .map(([name, rest]) => `ask('${name}', ${subcommands[name] ?? ''}key${rest.map((argument) => `, '${argument}'`).join('')})`)
  .join('\n')}
ask('TIME')
ask(publish, channel, '')
ask('UNLINK', key)
return denied
`

/** Of one server, over a connection that is ready. `waitReplicas`: how many the operator wants to have each write. */
export async function examine(
  node: Redis,
  { kind, db, waitReplicas }: Pick<RedisAddress, 'kind' | 'db'> & { waitReplicas: number },
): Promise<Finding[]> {
  const info = await read(node)
  const told = info
    ? [ofMode(info, kind), ofVersion(info, kind), ofRole(info), ofEviction(info), ofReplicas(info, waitReplicas)].flatMap(
        (one) => one ?? [],
      )
    : [worry('unknown', 'does not tell its settings: INFO is not permitted, so that nothing is known of eviction and persistence')]
  // what it would be asked more might be unknown to it
  if (told.some((finding) => finding.unfit)) return told
  const asked = await Promise.all([
    info && ofPersistence(node, info, waitReplicas),
    ofPermissions(node, kind === 'cluster'),
    db > 0 ? ofDatabase(node, db) : undefined,
  ])
  return [...told, ...asked.flatMap((one) => one ?? [])]
}

const unfit = (reason: Finding['reason'], message: string): Finding => ({ reason, unfit: true, message })
const worry = (reason: Finding['reason'], message: string): Finding => ({ reason, unfit: false, message })

type Info = ReadonlyMap<string, string>

/** undefined where it is not permitted */
async function read(node: Redis): Promise<Info | undefined> {
  try {
    return new Map([...(await node.info()).matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]))
  } catch (error) {
    if (isDenied(error)) return undefined
    throw error
  }
}

const isDenied = (error: unknown) => error instanceof Error && error.message.startsWith('NOPERM')

function ofMode(info: Info, kind: RedisAddress['kind']): Finding | undefined {
  const mode = info.get('redis_mode')
  if (mode === 'sentinel') return unfit('mode', 'is a Sentinel: REDIS_URL must be like redis+sentinel://host:26379/master')
  if (mode === 'cluster' && kind !== 'cluster') return unfit('mode', 'is a node of a Cluster: REDIS_URL must begin with redis+cluster://')
  return undefined
}

function ofVersion(info: Info, kind: RedisAddress['kind']): Finding | undefined {
  const version = info.get('redis_version') ?? ''
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? []
  if (major === undefined) return undefined
  const number = Number(major) + Number(minor) / 10
  const told = `is of version ${version}, and version ${TRIED} or later is needed`
  if (number < LEAST[kind]) return unfit('version', told)
  return number < TRIED ? worry('version', told) : undefined
}

function ofRole(info: Info): Finding | undefined {
  if (info.get('role') !== 'slave') return undefined
  const master = `${info.get('master_host')}:${info.get('master_port')}`
  return unfit('role', `is a replica of ${master}, and what is written to it would be refused or lost: REDIS_URL must lead to the master`)
}

function ofEviction(info: Info): Finding | undefined {
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy === 'noeviction') return undefined
  return worry(
    'eviction',
    `may drop keys when its memory is full (maxmemory-policy ${policy}), and messages and sessions with them: set it to noeviction`,
  )
}

async function ofPersistence(node: Redis, info: Info, waitReplicas: number): Promise<Finding | undefined> {
  if (info.get('aof_enabled') !== '0' || waitReplicas > 0) return undefined
  const save = await node.config('GET', 'save').then(
    (answer) => (answer as string[])[1],
    () => undefined,
  )
  const lost = {
    none: 'keeps nothing on a disk (appendonly no, no save): when it ends, all sessions and messages are gone',
    some: 'keeps snapshots alone (appendonly no): when it ends, what was accepted since the last one is gone',
    unknown: 'keeps no append-only file (appendonly no): when it ends, what was accepted may be gone',
  }
  return worry('persistence', lost[save === undefined ? 'unknown' : save === '' ? 'none' : 'some'])
}

function ofReplicas(info: Info, waitReplicas: number): Finding | undefined {
  const replicas = Number(info.get('connected_slaves') ?? waitReplicas)
  if (replicas >= waitReplicas) return undefined
  return worry('replicas', `has ${replicas} replicas, and REDIS_WAIT_REPLICAS is ${waitReplicas}: writes are refused until it has as many`)
}

/** One that is out of range is not told otherwise: the first one would be used. */
async function ofDatabase(node: Redis, db: number): Promise<Finding | undefined> {
  try {
    await node.select(db)
    return undefined
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ReplyError') throw error
    return unfit('database', `has no database ${db} for this user (${error.message})`)
  }
}

async function ofPermissions(node: Redis, isSharded: boolean): Promise<Finding | undefined> {
  const rights = 'its user needs ~sg:* &sg:* +@all -@admin -@dangerous +info +role'
  try {
    const denied = (await node.eval(PROBE, 0, probeKey(0), probeChannel, isSharded ? 'SPUBLISH' : 'PUBLISH')) as string[]
    const names = [...new Set(denied)]
    return names.length === 0 ? undefined : unfit('permission', `does not permit ${names.join(', ')}: ${rights}`)
  } catch (error) {
    if (isDenied(error)) return unfit('permission', `does not permit EVAL: ${rights}`)
    throw error
  }
}

/** Subscriptions go over a connection of their own, which nobody else may be on yet. */
export async function examineSubscriber(subscriber: Redis): Promise<Finding[]> {
  try {
    await subscriber.subscribe(probeChannel)
    await subscriber.unsubscribe(probeChannel)
    return []
  } catch (error) {
    if (isDenied(error)) return [unfit('permission', 'does not permit SUBSCRIBE to sg:*: its user needs &sg:* +@pubsub')]
    throw error
  }
}
