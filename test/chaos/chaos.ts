/**
 * `npm run chaos -- [--minutes 1] [--seed 1 | --seeds 1,2,3] [--gateways 3] [--server prosody|ejabberd|both] [--logs FOLDER]`: gateways
 * on one Redis, reached by callers who post and read at any of them, webhooks and rooms, and XMPP servers with clients that write and read,
 * while links, servers, gateways and Redis break as the seed has it. Then everything is whole again, and what everybody saw is judged (checker.ts,
 * witness.ts). Prints a row of the table of docs/measurements.md for each seed. Exit code 1 when anything was lost, failed, out of order, under two
 * ids or owned twice, when a caller got an answer that no fault explains, or when nothing was fenced.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { install } from '../../scripts/install.ts'
import { startEjabberd } from '../support/ejabberd.ts'
import { temporaryFolder } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { startRedis } from '../support/redis.ts'
import type { Producer } from './caller.ts'
import type { Verdict } from './checker.ts'
import { createNemesis } from './nemesis.ts'
import { createRandom, type Random } from './random.ts'
import { complaints, figures, head, type Run, row } from './report.ts'
import { gatewayFile, type Reachable, type Revenant, startRevenant } from './revenant.ts'
import { openRoom } from './room.ts'
import { openStage, type Stage } from './stage.ts'
import { createWitness, overlaps, ownedTwice, readWrites, type Stream, staleWrites } from './witness.ts'

const PASSWORD = 'double-double-toil-and-trouble'
const account = 'macbeth'
const peers = ['banquo', 'hecate']
/** is in a room with the account */
const listener = 'macduff'
/** ms between the batches of one writer, and messages in one */
const PACE = [50, 400] as const
const BATCH = [1, 5] as const
/** ms in which all must have settled once everything is whole: a lease has to end, a back-off to be over */
const SETTLE_WITHIN = 120_000
/** the link breaks more often than links do: nobody waits for a back-off of minutes, or long for a sign of life */
const BOUNDS = JSON.stringify({ backoffMax: 2_000, idle: 3_000, silence: 3_000, attempt: 8_000 })

/** of one run */
const COMPLAINTS_SHOWN = 50

const starts = { prosody: startProsody, ejabberd: startEjabberd }
const choices: Record<string, (keyof typeof starts)[]> = { prosody: ['prosody'], ejabberd: ['ejabberd'], both: ['prosody', 'ejabberd'] }

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    gateways: { type: 'string', default: '3' },
    server: { type: 'string', default: 'both' },
    logs: { type: 'string' },
  },
})
const seeds = (values.seeds ?? values.seed).split(',').map(Number)
const [minutes, count] = [values.minutes, values.gateways].map(Number) as [number, number]
const kinds = choices[values.server]
if (!(minutes > 0) || !seeds.every(Number.isInteger) || !(count >= 1) || !kinds) {
  console.error('npm run chaos -- [--minutes M] [--seed N | --seeds N,N] [--gateways 3] [--server prosody|ejabberd|both] [--logs FOLDER]')
  process.exit(2)
}

// whatever is killed on the way leaves its folder here
const folder = temporaryFolder('chaos')
process.env.TMPDIR = folder
process.env.NODE_COMPILE_CACHE = join(folder, 'compiled')
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

const began = performance.now()
const say = (line: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`)

await install(['prosody', 'prosody-sqlite', 'redis', 'ejabberd', 'ejabberd-sqlite', 'slixmpp', 'openssl'])
const runs: Run[] = []
for (const seed of seeds) {
  const one = await run(kinds, seed)
  tell(one)
  runs.push(one)
}
console.log([head, ...runs.map(row)].join('\n'))
process.exitCode = runs.every((one) => complaints(one).length === 0) ? 0 : 1

async function run(servers: readonly (keyof typeof starts)[], seed: number): Promise<Run> {
  const started: { stop(): Promise<unknown> }[] = []
  const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
    started.unshift(one)
    return one
  }
  try {
    const users = Object.fromEntries([account, listener, ...peers].map((name) => [name, PASSWORD]))
    const places = await Promise.all(
      servers.map(async (kind) => {
        const server = keep(await starts[kind]({ domain: `${kind}.example`, users, sqlArchive: true }))
        return { server, links: await Promise.all(Array.from({ length: count }, async () => keep(await startProxy({ to: server })))) }
      }),
    )
    const [{ server }] = places as [(typeof places)[0]]
    // what Redis has acknowledged is on its disk
    const redis = keep(await startRedis({ appendonly: true }))
    const writes = join(folder, `writes-${seed}`)
    const gateways: { gateway: Revenant; wire: TcpProxy }[] = []
    while (gateways.length < count) {
      const { keys, env } = gateways[0]?.gateway.now ?? {}
      const index = gateways.length
      const ways = Object.fromEntries(places.map(({ server, links }) => [server.service, `xmpp://127.0.0.1:${links[index]?.port}`]))
      const wire = keep(await startProxy({ to: redis }))
      const url = `redis://127.0.0.1:${wire.port}`
      const more = {
        BOUNDS,
        WRITES: writes,
        WEBHOOK_PRIVATE_HOSTS: '127.0.0.1',
        ...env,
        INSTANCE_ID: `i${index}`,
        REDIS_URL: url,
        WAYS: JSON.stringify(ways),
      }
      const options = { server, redis: { url }, args: [gatewayFile], env: more, ...(keys ? { keys } : {}) }
      gateways.push({ wire, gateway: keep(await startRevenant(options)) })
    }
    const revenants = gateways.map(({ gateway }) => gateway)

    keep({ stop: async () => void (values.logs !== undefined && writeLogs(join(values.logs, `seed-${seed}`), revenants)) })

    const gateway = anyOf(revenants, createRandom(seed + 2))
    const stages = await Promise.all(
      places.map(async ({ server }) =>
        keep(await openStage({ server, gateway, service: server.service, account, peers, password: PASSWORD, hooked: true })),
      ),
    )
    const sessions = stages.map(({ session }) => session)
    const rooms = await Promise.all(
      places.map(async ({ server }, index) =>
        keep(await openRoom({ server, gateway, talker: sessions[index]!, listener, password: PASSWORD })),
      ),
    )
    const nemesis = createNemesis({ random: createRandom(seed), minutes, places, gateways, redis, sessions, log: say })
    const witness = createWitness(revenants)

    say(`${servers.join(' and ')}, ${count} gateways, seed ${seed}, ${minutes} min`)
    const end = AbortSignal.timeout(minutes * 60_000)
    const random = createRandom(seed + 1)
    const hooks = stages.map(({ hook }, index) => hook?.rage(createRandom(seed + 3 + index), end))
    const all = [...stages.flatMap((stage) => writers(stage, random, end)), ...rooms.map(({ producer }) => poster(producer, random, end))]
    await Promise.all([nemesis.rage(end), witness.watch(end), ...hooks, ...all])
    say('everything is whole again')
    const left = (await Promise.all([...stages, ...rooms].map((one) => one.settled(SETTLE_WITHIN)))).flat()
    say(left.length === 0 ? 'settled' : `not settled: ${left.slice(0, 20).join(', ')}`)
    const ofRooms = await Promise.all(rooms.map((room) => room.judge()))
    const verdicts = [...(await Promise.all(stages.map((stage) => stage.judge({ archive: true })))), ...ofRooms]
    say(`faults: ${[...nemesis.done].map(([fault, times]) => `${fault} ${times}`).join(', ')}`)
    const { outlived } = nemesis
    const { fenced, given, looks } = witness
    const total = (of: readonly Verdict[], what: 'accepted' | 'duplicates' | 'hooked' | 'hookedAgain') =>
      of.reduce((sum, one) => sum + one[what], 0)
    say(`events sent to webhooks: ${total(verdicts, 'hooked')}, of them again: ${total(verdicts, 'hookedAgain')}`)
    say(`said in rooms: ${total(ofRooms, 'accepted')}, heard again: ${total(ofRooms, 'duplicates')}`)
    say(`owners that outlived their lease: ${outlived}, sessions that were found taken: ${given}`)
    const wasFrozen = (index: number, at: number) => revenants[index]?.wasFrozen(at) === true
    const splits = [
      ...places.flatMap(({ links }) => overlaps(streamsOf(links), wasFrozen)),
      ...ownedTwice(looks, stages.length + rooms.length),
    ]
    const stale = staleWrites(readWrites(existsSync(writes) ? readFileSync(writes, 'utf8') : ''))
    return { seed, minutes, gateways: count, verdicts, splits, stale, outlived, fenced }
  } finally {
    for (const one of started) await one.stop()
  }
}

/** in the order in which they were made */
function streamsOf(links: readonly TcpProxy[]): Stream[] {
  const streams = links.flatMap(({ history }, gateway) => history.map((link) => ({ ...link, gateway })))
  return streams.toSorted((a, b) => a.opened - b.opened)
}

/** As behind a load balancer that knows nothing. */
function anyOf(gateways: readonly Revenant[], random: Random): Reachable {
  return {
    api: (...request) => random.pick(gateways).api(...request),
    events: (...request) => random.pick(gateways).events(...request),
  }
}

/** Callers and clients, each at its own pace. */
function writers({ producers, peers: clients, jid }: Stage, random: Random, end: AbortSignal): Promise<void>[] {
  const clientsOwn = clients.map((client) => keepOn((count) => client.write(jid, count), random, end))
  return [...producers.map((producer) => poster(producer, random, end)), ...clientsOwn]
}

function poster({ post }: Producer, random: Random, end: AbortSignal): Promise<void> {
  return keepOn(post, random, end)
}

async function keepOn(write: (count: number) => Promise<void>, random: Random, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    await write(random.between(...BATCH))
    await delay(random.between(...PACE))
  }
}

/** What each gateway logged, in the order of its lives. */
function writeLogs(to: string, gateways: readonly Revenant[]): void {
  mkdirSync(to, { recursive: true })
  for (const [index, { lives }] of gateways.entries()) {
    const lines = lives.flatMap((life) => life.logs.map(({ line }) => `${line}\n`))
    writeFileSync(join(to, `gateway-${index}.log`), lines.join(''))
  }
}

function tell(one: Run): void {
  for (const complaint of complaints(one).slice(0, COMPLAINTS_SHOWN)) console.log(complaint)
  for (const [name, value] of Object.entries(figures(one))) console.log(`${name.padEnd(20)}${value}`)
}
