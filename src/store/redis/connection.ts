/** The connection to Redis: bounded in every wait, back by itself, and all its failures one problem. */
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { Problem } from '../../errors/problem.ts'
import type { Log } from '../../gateway/ports/log.ts'
import type { Metrics } from '../../gateway/ports/metrics.ts'
import { describeAddress, parseRedisAddress, type RedisAddress } from './address.ts'
import { createDeadlines } from './deadlines.ts'
import { createExamination } from './examination.ts'
import { createTurn, type Turn } from './turn.ts'

/** ms that a command may take: whoever waits for it is answered within a second */
const COMMAND_TIMEOUT = 800
/** ms after which a silent socket with questions on it is given up: longer than an answer may take, for a process that was busy */
const SOCKET_TIMEOUT = 3000
/** ms that a connection may take; also how long a Cluster is asked for its slots */
const CONNECT_TIMEOUT = 3000
/** ms that Redis may take to be there when the store is made: it may be loading, or starting beside the gateway */
const START_DEADLINE = 5000
/** ms between tries to come back */
const RETRY_MIN = 50
const RETRY_MAX = 1000
/** ms between two new connections in search of a server that takes writes */
const READ_ONLY_RETRY = 2000
/** ms before TCP asks whether the other end is there */
const KEEP_ALIVE = 10_000
/** ms between the questions which node of a Cluster has what */
const SLOTS_INTERVAL = 5000
/** ms between two lines of the log that say that Redis refuses something */
const REFUSED_EACH = 10_000
/** seconds, told to callers */
const RETRY_AFTER = 2

export interface ConnectionOptions {
  url: string
  log: Log
  /** replicas that are to have each write */
  waitReplicas?: number
  /** ms */
  startDeadline?: number
  metrics?: Metrics
}

export interface Connection {
  readonly cluster: boolean
  /** hosts, nothing secret */
  readonly description: string
  readonly client: Redis | Cluster
  /** the connection that hears channels; on a Cluster the client itself, which keeps one of them for each master */
  readonly subscriber: Redis | Cluster
  /** what a command answers, or the problem store-unavailable */
  ask<Answer>(command: () => Promise<Answer>, over?: Redis | Cluster): Promise<Answer>
  /** what is asked for in it leaves together at its end, but on a Cluster */
  readonly turn: Turn
  /** throws the problem store-unavailable where Redis is there and cannot be used */
  mustBeFit(): void
  close(): void
}

/** Resolves when Redis answers; rejects with a RangeError for a bad address and the problem store-unavailable where nobody answers. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { url, log, waitReplicas = 0, startDeadline = START_DEADLINE, metrics } = options
  const address = parseRedisAddress(url)
  const description = describeAddress(address)
  const open = () => (address.kind === 'cluster' ? openCluster(address) : openClient(address))
  const client = open()
  const subscriber = client instanceof Cluster ? client : client.duplicate({ autoResubscribe: false })
  const clients = client === subscriber ? [client] : [client, subscriber]

  let lastError: Error | undefined
  for (const each of clients) {
    each.on('error', (error: Error) => {
      lastError = error
    })
    each.on('node error', (error: Error) => {
      lastError = error
    })
  }
  // the client's own interval can outlive it
  const slots = setInterval(() => {
    if (client instanceof Cluster && client.status === 'ready') client.refreshSlotsCache()
  }, SLOTS_INTERVAL).unref()
  const disconnect = () => {
    clearInterval(slots)
    for (const each of clients) each.disconnect()
  }
  try {
    await Promise.all(clients.map((each) => becomesReady(each, startDeadline)))
  } catch {
    disconnect()
    throw new Problem('store-unavailable', `Redis at ${description} cannot be reached: ${lastError?.message ?? 'no answer in time'}.`, {
      cause: lastError,
      retryAfter: RETRY_AFTER,
    })
  }

  const examination = createExamination({ client, subscriber, address, description, waitReplicas, log })
  try {
    await examination.first(startDeadline)
  } catch (error) {
    disconnect()
    throw error
  }

  const deadlines = createDeadlines(COMMAND_TIMEOUT)
  const turn = createTurn()
  let up = true
  let closed = false
  let refusedAt = Number.NEGATIVE_INFINITY
  metrics?.set('redis_up', 1)
  for (const each of clients) {
    // a connection that was ended while it looked for its master gives up for ever
    each.on('end', () => {
      const again = () => {
        if (!closed && each.status === 'end') each.connect().catch(() => {})
      }
      setTimeout(again, RETRY_MAX).unref()
    })
  }
  /** It is there and says no: OOM, READONLY, LOADING, MISCONF, CLUSTERDOWN and the like. */
  function noteRefusal(thrown: unknown): void {
    const now = performance.now()
    if (!(thrown instanceof Error) || thrown.name !== 'ReplyError' || now - refusedAt < REFUSED_EACH) return
    refusedAt = now
    const [reason] = thrown.message.split(' ', 1)
    log.warn({ event: 'store-refused', redis: description, reason }, 'Redis refuses what it is asked')
  }
  client.on('close', () => {
    if (up && !closed) log.warn({ event: 'store-lost', redis: description, reason: lastError?.message }, 'Redis is lost')
    up = false
    metrics?.set('redis_up', 0)
  })
  client.on('ready', () => {
    lastError = undefined
    if (!up) log.info({ event: 'store-back', redis: description }, 'Redis is back')
    up = true
    metrics?.set('redis_up', 1)
    examination.again()
  })

  return {
    cluster: client instanceof Cluster,
    description,
    client,
    subscriber,
    turn,
    async ask(command, over = client) {
      try {
        // a Cluster would keep it for later
        if (over.status !== 'ready') throw lastError ?? new Error('There is no connection.')
        if (over instanceof Redis) writeTogether(over.stream, turn)
        return await deadlines.meet(command())
      } catch (cause) {
        noteRefusal(cause)
        throw new Problem('store-unavailable', 'The store cannot be reached now.', { cause, retryAfter: RETRY_AFTER })
      }
    },
    mustBeFit: examination.mustBeFit,
    close() {
      closed = true
      examination.stop()
      disconnect()
    },
  }
}

/** of every connection */
function common({ tls, username, password }: RedisAddress) {
  let soughtAt = Number.NEGATIVE_INFINITY
  return {
    replyMapping: 'legacy',
    connectionName: 'stanzagate',
    connectTimeout: CONNECT_TIMEOUT,
    socketTimeout: SOCKET_TIMEOUT,
    keepAlive: KEEP_ALIVE,
    maxRetriesPerRequest: 0,
    // what was told to have failed must not happen later
    autoResendUnfulfilledCommands: false,
    // a master that became a replica: the new one is found by connecting anew, where the address leads to it
    reconnectOnError(error: Error) {
      if (!error.message.startsWith('READONLY') || performance.now() - soughtAt < READ_ONLY_RETRY) return false
      soughtAt = performance.now()
      return true
    },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  } satisfies RedisOptions
}

function openClient(address: RedisAddress): Redis {
  const { kind, hosts, tls, db, master, sentinelUsername, sentinelPassword } = address
  const options = { ...common(address), db, enableOfflineQueue: false, retryStrategy: retryDelay }
  if (kind === 'standalone') return new Redis({ ...options, ...hosts[0] })
  return new Redis({
    ...options,
    sentinels: hosts,
    name: master!,
    failoverDetector: true,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  })
}

function openCluster(address: RedisAddress): Cluster {
  return new Cluster(address.hosts, {
    redisOptions: common(address),
    // a node is asked for by its name, which its certificate must have
    dnsLookup: (host, done) => done(null, host),
    shardedSubscribers: true,
    slotsRefreshTimeout: CONNECT_TIMEOUT,
    // a master that is away is asked again a few times; the deadline of the command ends it
    maxRedirections: 8,
    clusterRetryStrategy: retryDelay,
  })
}

/** What is asked for in one turn goes out in one write: a system call costs more than the command. */
function writeTogether(stream: Redis['stream'], turn: Turn): void {
  if (stream.writableCorked > 0) return
  stream.cork()
  turn.leave(() => stream.uncork())
}

/** Full jitter is not wanted: the first tries come soon, for a server that only restarts. */
function retryDelay(times: number): number {
  return Math.min(RETRY_MIN * 2 ** Math.min(times - 1, 10), RETRY_MAX) * (0.75 + Math.random() / 2)
}

function becomesReady(client: Redis | Cluster, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (client.status === 'ready') return resolve()
    const late = setTimeout(() => done(reject), deadline)
    const ready = () => done(resolve)
    client.once('ready', ready)
    function done(settle: () => void): void {
      clearTimeout(late)
      client.off('ready', ready)
      settle()
    }
  })
}
