/** Several gateways on one Redis, as they stand behind a load balancer. */
import { type GatewayOptions, startGateway, type TestGateway } from './gateway.ts'
import { type RedisServer, startRedis } from './redis.ts'

type AnyRedis = Pick<RedisServer, 'url' | 'stop'>

export interface Fleet<Redis extends AnyRedis = RedisServer> {
  /** in the order of their start, those that have ended too */
  readonly instances: readonly TestGateway[]
  readonly redis: Redis
  /** Another one, whose INSTANCE_ID is its number, from `i0`, with more environment where given. */
  join(env?: Readonly<Record<string, string>>): Promise<TestGateway>
  /** where a session is now, by `instance` of what this one says of it */
  instanceOf(session: string, asked: TestGateway): Promise<{ instance: string; state: string }>
  stop(): Promise<void>
}

/** `redis`: another than a plain server of its own; it ends with the fleet. */
export async function startFleet<Redis extends AnyRedis = RedisServer>(
  count: number,
  { redis: given, ...options }: Omit<GatewayOptions, 'redis' | 'keys'> & { redis?: Redis },
): Promise<Fleet<Redis>> {
  const redis = given ?? ((await startRedis()) as AnyRedis as Redis)
  const instances: TestGateway[] = []

  async function join(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
    const [first] = instances
    const shared = first === undefined ? options : { ...options, keys: first.keys, env: { ...first.env, ...options.env } }
    const own = { INSTANCE_ID: `i${instances.length}`, REDIS_URL: redis.url, ...env }
    const joined = await startGateway({ ...shared, redis, env: { ...shared.env, ...own } })
    instances.push(joined)
    return joined
  }
  async function stop(): Promise<void> {
    for (const { pid } of instances) signal(pid, 'SIGCONT')
    await Promise.all(instances.map((one) => one.kill()))
    await redis.stop()
  }

  try {
    for (let index = 0; index < count; index += 1) await join()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    instances,
    redis,
    join,
    instanceOf: async (session, asked) => (await asked.api('GET', `/sessions/${session}`)).body,
    stop,
  }
}

/** One that has ended already is left in peace. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
