/**
 * `node bench/soak.ts --minutes 10 --sessions 200 --rate 50`: does the gateway's heap grow? Sessions on Redis write to one another while
 * their links are cut every minute; the heap is measured after a full collection, and its slope is told without the warm-up. First what a
 * session remembers of its messages is filled, which takes long at such a rate.
 */
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { install } from '../scripts/install.ts'
import { mainFile, startGateway, type TestGateway } from '../test/support/gateway.ts'
import { temporaryFolder } from '../test/support/processes.ts'
import { startProsody } from '../test/support/prosody.ts'
import { startProxy } from '../test/support/proxy.ts'
import { startRedis } from '../test/support/redis.ts'
import { footprint, PASSWORD } from './measurements.ts'

/** messages of each session before anything is measured: more than it remembers. Then their rate per second, which links bear. */
const FILL = 220
const FILL_RATE = 400
/** part of the time that is warm-up */
const WARM_UP = 0.3
/** ms between measurements, and between cuts of all links */
const LOOK = 15_000
const CUT = 60_000
/** log-ins at one time */
const PARALLEL = 16

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    sessions: { type: 'string', default: '200' },
    rate: { type: 'string', default: '50' },
  },
})
const [minutes, count, rate] = [values.minutes, values.sessions, values.rate].map(Number) as [number, number, number]
const folder = temporaryFolder('soak')
process.env.TMPDIR = folder
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
await install(['prosody', 'redis', 'openssl'])

const names = Array.from({ length: count }, (_, index) => `u${index}`)
const started: { stop(): Promise<unknown> }[] = []
const begin = async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
  const one = await starting
  started.unshift(one)
  return one
}
try {
  const users = Object.fromEntries(names.map((name) => [name, PASSWORD]))
  const server = await begin(startProsody({ users, mam: false }))
  const redis = await begin(startRedis())
  const proxy = await begin(startProxy({ to: server }))
  // what is kept for readers and for repeats is in Redis, and bounded there
  const env = { LOG_LEVEL: 'info', EVENT_LOG_MAX: '1000' }
  const gateway = await begin(startGateway({ server, redis, env, args: ['--inspect=127.0.0.1:0', mainFile] }))
  await logIn(gateway, `xmpp://127.0.0.1:${proxy.port}`)
  await write(gateway, { rate: FILL_RATE, signal: AbortSignal.timeout((FILL * count * 1000) / FILL_RATE) })
  const cutting = setInterval(proxy.cut, CUT)
  try {
    await soak(gateway)
  } finally {
    clearInterval(cutting)
  }
} finally {
  for (const one of started) await one.stop()
}

async function logIn({ login }: TestGateway, service: string): Promise<void> {
  const queue = [...names]
  const work = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift())
      await login({ jid: `${name}@localhost`, password: PASSWORD, service })
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
}

async function soak(gateway: TestGateway): Promise<void> {
  const inspector = /ws:\/\/\S+/.exec(gateway.logs.map(({ line }) => line).join('\n'))![0]
  const end = new AbortController()
  const writing = write(gateway, { rate, signal: end.signal })
  const heaps: { at: number; heap: number }[] = []
  const begun = performance.now()
  const [warm, over] = [minutes * 60_000 * WARM_UP, minutes * 60_000]
  for (let at = 0; at < over; at = performance.now() - begun) {
    await delay(LOOK)
    const { heap, resident } = await footprint(gateway.pid, inspector)
    heaps.push({ at: performance.now() - begun, heap })
    console.log(
      `${(at / 1000).toFixed(0).padStart(5)} s  heap ${(heap / 2 ** 20).toFixed(1)} MiB, RSS ${(resident / 2 ** 20).toFixed(1)} MiB`,
    )
  }
  end.abort()
  const { accepted, refused } = await writing
  console.log(`${count} sessions, ${accepted} messages accepted, ${refused} refused, ${(accepted / (over / 1000)).toFixed(0)} /s`)
  const steady = heaps.filter(({ at }) => at >= warm)
  const perHour = (slope(steady) * 3_600_000) / 2 ** 20
  console.log(`heap slope after warm-up: ${perHour.toFixed(2)} MiB per hour, of ${((steady[0]?.heap ?? 0) / 2 ** 20).toFixed(1)} MiB`)
}

/** Each message from the next session to the one after it, at an even pace. */
async function write(
  { api }: TestGateway,
  { rate: perSecond, signal }: { rate: number; signal: AbortSignal },
): Promise<{ accepted: number; refused: number }> {
  const told = { accepted: 0, refused: 0 }
  const pending = new Set<Promise<unknown>>()
  const begun = performance.now()
  for (let sent = 0; !signal.aborted; sent += 1) {
    const [from, to] = [names[sent % count], names[(sent + 1) % count]]
    const one = api('POST', '/messages', { query: { session: `${from}@localhost` }, body: { to: `${to}@localhost`, body: `${sent}` } })
      .then(
        ({ status }) => status,
        () => 0,
      )
      .then((status) => {
        told[status === 202 ? 'accepted' : 'refused'] += 1
      })
      .finally(() => pending.delete(one))
    pending.add(one)
    await delay(Math.max(0, begun + ((sent + 1) * 1000) / perSecond - performance.now()))
  }
  await Promise.all(pending)
  return told
}

/** of the straight line nearest to them, bytes per ms */
function slope(points: readonly { at: number; heap: number }[]): number {
  const mean = (of: (point: (typeof points)[0]) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [time, size] = [mean(({ at }) => at), mean(({ heap }) => heap)]
  const across = points.reduce((sum, { at, heap }) => sum + (at - time) * (heap - size), 0)
  return across / points.reduce((sum, { at }) => sum + (at - time) ** 2, 0)
}
