/**
 * `node bench/idle.ts --sessions N`: what many idle sessions over three instances cost, and how long it takes to spread those of one that
 * dies. On private servers, on this machine. The log-ins take most of the time; a shared machine makes all of it slower.
 */
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { install } from '../scripts/install.ts'
import { type Fleet, startFleet } from '../test/support/fleet.ts'
import type { TestGateway } from '../test/support/gateway.ts'
import { temporaryFolder } from '../test/support/processes.ts'
import { startProsody } from '../test/support/prosody.ts'
import { cpuTime, residentMemory } from './measure.ts'
import { PASSWORD } from './measurements.ts'

/** log-ins at one time */
const PARALLEL = 24
/** ms of idleness that are measured */
const IDLE = 20_000
/** ms between looks at the counts */
const LOOK = 250
/** ms that all of them may take to be online */
const DEADLINE = 600_000

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '1000' } } })
const count = Number(values.sessions)
const folder = temporaryFolder('idle')
process.env.TMPDIR = folder
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
await install(['prosody', 'redis', 'openssl'])

const names = Array.from({ length: count }, (_, index) => `u${index}`)
const server = await startProsody({ users: Object.fromEntries(names.map((name) => [name, PASSWORD])), mam: false })
let fleet: Fleet | undefined
try {
  fleet = await startFleet(3, { server, env: { LOG_LEVEL: 'info' } })
  await measure(fleet)
} finally {
  await fleet?.stop()
  await server.stop()
}

async function measure({ instances, redis }: Fleet): Promise<void> {
  const memory = async () => Number(/used_memory:(\d+)/.exec(await redis.cli('info', 'memory'))?.[1])
  const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.cli('info', 'stats'))?.[1])
  const resident = instances.map(({ pid }) => residentMemory(pid))
  const empty = await memory()

  const begun = performance.now()
  await logIn(instances)
  tell('log-ins', `${(count / ((performance.now() - begun) / 1000)).toFixed(0)} /s`)
  await online(instances)
  tell('shares', (await counts(instances)).join(', '))
  const each = instances.map(({ pid }, index) => (residentMemory(pid) - (resident[index] ?? 0)) / (count / instances.length) / 1024)
  tell('RSS per session', each.map((kib) => `${kib.toFixed(0)} KiB`).join(', '))
  tell('Redis memory per session', `${(((await memory()) - empty) / count / 1024).toFixed(1)} KiB`)

  const pids = [...instances.map(({ pid }) => pid), redis.pid]
  const [before, told] = [pids.map(cpuTime), await commands()]
  await delay(IDLE)
  const used = pids.map((pid, index) => (cpuTime(pid) - (before[index] ?? 0)) / IDLE / 10)
  tell('idle CPU of a core, each instance and Redis', used.map((share) => `${share.toFixed(1)} %`).join(', '))
  tell('Redis commands per session and minute', `${((((await commands()) - told) * 60_000) / IDLE / count).toFixed(2)}`)

  const [killed, ...left] = instances as [TestGateway, ...TestGateway[]]
  await killed.kill()
  const dead = performance.now()
  const first = (await counts(left)).reduce((sum, one) => sum + one, 0)
  await until(async () => (await counts(left)).reduce((sum, one) => sum + one, 0) > first)
  tell('first session of the dead one online elsewhere', `${((performance.now() - dead) / 1000).toFixed(1)} s after its death`)
  await online(left)
  tell('all of them', `${((performance.now() - dead) / 1000).toFixed(1)} s after; shares ${(await counts(left)).join(', ')}`)
}

async function logIn(instances: readonly TestGateway[]): Promise<void> {
  const queue = [...names.entries()]
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, name] = next
      await instances[index % instances.length]!.login({ jid: `${name}@localhost`, password: PASSWORD })
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
}

async function counts(instances: readonly TestGateway[]): Promise<number[]> {
  const texts = await Promise.all(instances.map(async ({ api }) => (await api('GET', '/metrics')).text))
  return texts.map((text) => Number(/^stanzagate_sessions\{state="online"\} (\d+)$/m.exec(text)?.[1]))
}

async function online(instances: readonly TestGateway[]): Promise<void> {
  await until(async () => (await counts(instances)).reduce((sum, one) => sum + one, 0) === count)
}

async function until(is: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE
  while (!(await is())) {
    if (performance.now() > deadline) throw new Error('It is not so in time.')
    await delay(LOOK)
  }
}

function tell(what: string, figure: string): void {
  console.log(`${what}: ${figure}`)
}
