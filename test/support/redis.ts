/** A private redis-server, a cluster of three, or a Sentinel with its servers, on free loopback ports. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findProgram, freePorts, type Server, startServer, temporaryFolder } from './processes.ts'
import type { WallClock } from './wall-clock.ts'

const run = promisify(execFile)

/** ms that a cluster may take to agree on its slots */
const CLUSTER_DEADLINE = 30_000
/** ms that replicas may take to be in step, and Sentinel to know them: it asks each 10 s */
const REPLICAS_DEADLINE = 30_000

export interface RedisOptions {
  /** every write on disk before it is answered, so that a killed server comes back with all of them */
  appendonly?: boolean
  extraArgs?: readonly string[]
  /** listens with TLS too, on a port of its own */
  tls?: RedisTls
  /** the time of day that it goes by */
  clock?: WallClock
}

/** Files in PEM. */
export interface RedisTls {
  caFile: string
  key: string
  certificate: string
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** 0 without TLS */
  readonly tlsPort: number
  readonly pid: number
  signal(name: NodeJS.Signals): void
  /** kills it as a crash would, or ends it in order */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** starts it again on the same port and folder, once with more arguments where given */
  restart(moreArgs?: readonly string[]): Promise<void>
  /** redis-cli against it; answers what it printed */
  cli(...args: string[]): Promise<string>
  /** Its disk is full, or not any more: no file of it can grow. */
  fillDisk(isFull: boolean): Promise<void>
  stop(): Promise<void>
}

/** Starts one standalone server. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const [port] = await freePorts(1)
  return startNode(port!, options)
}

function tlsArgs({ caFile, key, certificate }: RedisTls, port: number): string[] {
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', caFile]
  return ['--tls-port', String(port), ...files, '--tls-auth-clients', 'no', '--tls-replication', 'yes', '--tls-cluster', 'yes']
}

export interface RedisCluster {
  /** `redis+cluster://…`, without TLS */
  readonly url: string
  readonly nodes: readonly RedisServer[]
  stop(): Promise<void>
}

/** Starts three masters that share the slots. With TLS they are known as localhost. */
export async function startRedisCluster(options: RedisOptions = {}): Promise<RedisCluster> {
  const ports = await freePorts(6)
  const nodes: RedisServer[] = []
  async function stop(): Promise<void> {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    for (const port of ports.slice(0, 3)) {
      const bus = String(ports[3 + nodes.length])
      const cluster = ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '2000']
      // one master away takes only its own slots along
      const named = options.tls ? ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'] : []
      const extraArgs = [...cluster, '--cluster-require-full-coverage', 'no', ...named, ...(options.extraArgs ?? [])]
      nodes.push(await startNode(port, { ...options, extraArgs }))
    }
    const addresses = nodes.map((node) => `127.0.0.1:${node.port}`)
    await nodes[0]!.cli('--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes')
    const deadline = Date.now() + CLUSTER_DEADLINE
    for (const node of nodes) {
      while (!(await node.cli('cluster', 'info')).includes('cluster_state:ok')) {
        if (Date.now() > deadline) throw new Error('the cluster does not form')
        await delay(50)
      }
    }
    return { url: `redis+cluster://${addresses.join(',')}`, nodes, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startNode(port: number, { appendonly = false, extraArgs = [], tls, clock }: RedisOptions): Promise<RedisServer> {
  const [tlsPort = 0] = tls ? await freePorts(1) : []
  const folder = temporaryFolder('redis')
  const persistence = appendonly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--daemonize',
    'no',
    ...persistence,
    ...(tls ? tlsArgs(tls, tlsPort) : []),
    ...extraArgs,
  ]
  // a limit on its files is told as an error of a write, as a full disk is, and does not end it
  const command = findProgram('sh')
  const program = ['-c', 'trap "" XFSZ; exec "$0" "$@"', findProgram('redis-server')]
  const env = { ...process.env, ...clock?.env }
  const start = (moreArgs: readonly string[] = []) =>
    startServer({ command, args: [...program, ...args, ...moreArgs], folder, ports: [port], env })
  let server: Server = await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    tlsPort,
    get pid() {
      return server.pid
    },
    signal: (name) => server.signal(name),
    kill: (signal = 'SIGKILL') => server.halt(signal),
    restart: async (moreArgs) => {
      server = await start(moreArgs)
    },
    cli: (...args) => redisCli(port, args),
    async fillDisk(isFull) {
      await run(findProgram('prlimit', 'util-linux'), ['--pid', String(server.pid), `--fsize=${isFull ? 1 : 'unlimited'}:unlimited`])
    },
    stop: () => server.stop(),
  }
}

/** Starts one Sentinel over a master, quick to fail over; with TLS it knows the master, and is known, as localhost. */
export async function startSentinel({
  name,
  master,
  tls,
  password,
}: {
  name: string
  master: RedisServer
  tls?: RedisTls
  /** of the Sentinel itself */
  password?: string
}): Promise<Pick<RedisServer, 'port' | 'tlsPort' | 'cli' | 'stop'>> {
  const [port, freePort] = (await freePorts(2)) as [number, number]
  const tlsPort = tls ? freePort : 0
  const folder = temporaryFolder('sentinel')
  const file = join(folder, 'sentinel.conf')
  const watched = [
    ...(tls ? ['sentinel resolve-hostnames yes', 'sentinel announce-hostnames yes'] : []),
    `sentinel monitor ${name} ${tls ? `localhost ${master.tlsPort}` : `127.0.0.1 ${master.port}`} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 3000`,
  ]
  const given = [...(password === undefined ? [] : [`requirepass ${password}`])]
  await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...given, ...watched, ''].join('\n'))
  const args = [file, '--sentinel', ...(tls ? tlsArgs(tls, tlsPort) : [])]
  const server = await startServer({ command: findProgram('redis-server'), args, folder, ports: [port] })
  return { port, tlsPort, cli: (...args) => redisCli(port, args), stop: server.stop }
}

export interface RedisSentinel {
  /** `redis+sentinel://…` */
  readonly url: string
  readonly master: RedisServer
  readonly replicas: readonly RedisServer[]
  /** the port of the master as Sentinel has it */
  masterPort(): Promise<number>
  stop(): Promise<void>
}

/** Starts a master, two replicas that are in step with it, and a Sentinel over them. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const started: { stop(): Promise<unknown> }[] = []
  const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
    started.unshift(one)
    return one
  }
  async function stop(): Promise<void> {
    await Promise.all(started.map((one) => one.stop()))
  }
  try {
    const master = keep(await startRedis())
    const extraArgs = ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0']
    const replicas = [keep(await startRedis({ extraArgs })), keep(await startRedis({ extraArgs }))]
    const deadline = Date.now() + REPLICAS_DEADLINE
    const wait = async (isSo: () => Promise<boolean>) => {
      while (!(await isSo())) {
        if (Date.now() > deadline) throw new Error('the replicas do not come into step')
        await delay(50)
      }
    }
    await wait(async () => (await master.cli('wait', '2', '100')).trim() === '2')
    const { port, cli } = keep(await startSentinel({ name: 'main', master }))
    await wait(async () => /slaves=2\b/.test(await cli('info', 'sentinel')))
    const masterPort = async () => Number((await cli('sentinel', 'get-master-addr-by-name', 'main')).trim().split('\n')[1])
    return { url: `redis+sentinel://127.0.0.1:${port}/main`, master, replicas, masterPort, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function redisCli(port: number, args: readonly string[]): Promise<string> {
  const { stdout } = await run(findProgram('redis-cli', 'redis-tools'), ['-h', '127.0.0.1', '-p', String(port), ...args], {
    maxBuffer: 2 ** 28,
  })
  return stdout
}
