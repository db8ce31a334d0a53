/**
 * `npm run chaos -- --minutes M --seed N [--server prosody|ejabberd]`: one gateway on Redis, reached by callers who post and read, and an
 * XMPP server with clients that write and read, while the link, the server and the gateway break as the seed has it. Then everything
 * is whole again, and what everybody saw is judged (checker.ts). Exit code 1 when anything was lost, out of order, or under two ids.
 */
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startEjabberd } from '../support/ejabberd.ts'
import { install } from '../support/install.ts'
import { temporaryFolder } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy } from '../support/proxy.ts'
import { startRedis } from '../support/redis.ts'
import type { Verdict } from './checker.ts'
import { createNemesis } from './nemesis.ts'
import { createRandom, type Random } from './random.ts'
import { gatewayFile, startRevenant } from './revenant.ts'
import { openStage, type Stage } from './stage.ts'

const PASSWORD = 'double-double-toil-and-trouble'
const account = 'macbeth'
const peers = ['banquo', 'hecate']
/** ms between the batches of one writer, and messages in one */
const PACE = [50, 400] as const
const BATCH = [1, 5] as const
/** ms in which all must have settled once everything is whole: a lease has to end, a back-off to be over */
const SETTLE_WITHIN = 120_000
/** the link breaks more often than links do: nobody waits for a back-off of minutes, or long for a sign of life */
const BOUNDS = JSON.stringify({ backoffMax: 2_000, idle: 3_000, silence: 3_000, attempt: 8_000 })

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    server: { type: 'string', default: 'prosody' },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
const startServer = { prosody: startProsody, ejabberd: startEjabberd }[values.server]
if (!(minutes > 0) || !Number.isInteger(seed) || !startServer) {
  console.error('npm run chaos -- --minutes M --seed N [--server prosody|ejabberd]')
  process.exit(2)
}

// whatever is killed on the way leaves its folder here
const folder = temporaryFolder('chaos')
process.env.TMPDIR = folder
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

const began = performance.now()
const say = (line: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`)

await install(['prosody', 'redis', 'ejabberd', 'slixmpp', 'openssl'])
const verdict = await run(startServer)
report(verdict)
process.exitCode = verdict.violations.length > 0 ? 1 : 0

async function run(start: typeof startProsody): Promise<Verdict> {
  const started: { stop(): Promise<unknown> }[] = []
  const keep = <T extends { stop(): Promise<unknown> }>(one: T): T => {
    started.unshift(one)
    return one
  }
  try {
    const server = keep(await start({ users: Object.fromEntries([account, ...peers].map((name) => [name, PASSWORD])) }))
    const redis = keep(await startRedis())
    const proxy = keep(await startProxy({ to: server }))
    const gateway = keep(await startRevenant({ server, redis, args: [gatewayFile], env: { BOUNDS } }))
    const service = `xmpp://127.0.0.1:${proxy.port}`
    const stage = keep(await openStage({ server, gateway, service, account, peers, password: PASSWORD }))
    const random = createRandom(seed)
    const nemesis = createNemesis({ random, proxy, server, gateway, log: say })

    say(`${server.kind}, seed ${seed}, ${minutes} min`)
    const end = AbortSignal.timeout(minutes * 60_000)
    await Promise.all([nemesis.rage(end), ...writers(stage, createRandom(seed + 1), end)])
    say('everything is whole again')
    const left = await stage.settled(SETTLE_WITHIN)
    say(left.length === 0 ? 'settled' : `not settled: ${left.slice(0, 20).join(', ')}`)
    const judged = await stage.judge({ archive: true })
    say(`faults: ${[...nemesis.done].map(([fault, times]) => `${fault} ${times}`).join(', ')}`)
    return judged
  } finally {
    for (const one of started) await one.stop()
  }
}

/** Callers and clients, each at its own pace. */
function writers({ producers, peers: clients, jid }: Stage, random: Random, end: AbortSignal): Promise<void>[] {
  async function keepOn(write: (count: number) => Promise<void>): Promise<void> {
    while (!end.aborted) {
      await write(random.between(...BATCH))
      await delay(random.between(...PACE))
    }
  }
  return [...producers.map((producer) => keepOn(producer.post)), ...clients.map((client) => keepOn((count) => client.write(jid, count)))]
}

function report({ accepted, delivered, duplicates, failed, longestGap, violations }: Verdict): void {
  for (const violation of violations.slice(0, 50)) console.log(violation)
  const count = (what: RegExp) => violations.filter((violation) => what.test(violation)).length
  console.log(`accepted          ${accepted}`)
  console.log(`delivered         ${delivered}`)
  console.log(`told as failed    ${failed}`)
  console.log(`duplicates        ${duplicates} (same id)`)
  console.log(`lost              ${count(/^I1, accepted|^I3/)}`)
  console.log(`out of order      ${count(/^I4/)}`)
  console.log(`other violations  ${violations.length - count(/^I1, accepted|^I3|^I4/)}`)
  console.log(`longest gap       ${(longestGap / 1000).toFixed(1)} s`)
}
