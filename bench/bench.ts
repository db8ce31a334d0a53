/**
 * `npm run bench`: what the gateway costs, beside yardsticks measured in the same run, on private servers. Some minutes.
 *
 *   npm run bench -- [part …] [--store memory|redis] [--seconds N] [--json FILE] [--compare FILE]
 *
 * `part`: only these, of those that PARTS names; the yardsticks of a part are measured with it. `--json` writes the figures to a file;
 * `--compare` prints each row's ratio to the row of the same name in such a file.
 * Prosody's mod_rest is compared where PROSODY_EXTRA_MODULES names a folder that holds mod_rest/.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { install } from '../scripts/install.ts'
import { startEjabberd } from '../test/support/ejabberd.ts'
import { mainFile, startGateway, type TestGateway } from '../test/support/gateway.ts'
import { temporaryFolder } from '../test/support/processes.ts'
import { startProsody } from '../test/support/prosody.ts'
import { type RedisServer, startRedis } from '../test/support/redis.ts'
import type { XmppServer } from '../test/support/xmpp-server.ts'
import { startChild } from './child.ts'
import type { Commands, Measured } from './measure.ts'
import * as measured from './measurements.ts'
import { PASSWORD, type Place, startPeer } from './measurements.ts'
import { crowd } from './rooms.ts'
import { createTable, ratio } from './table.ts'
import { measureThousand } from './thousand.ts'
import { barePosting, deliveries } from './webhooks.ts'

/** What can be measured by itself. */
const PARTS = [
  'log-in',
  'post',
  'traces',
  'receive',
  'fan-out',
  'webhook',
  'roster',
  'elsewhere',
  'room',
  'idle',
  'translation',
  'peers',
  'thousand',
] as const
/** messages of the runs that are counted, not timed */
const MESSAGES = 10_000
const IDLE_SESSIONS = 1_000
/** who writes and who reads, by store: what one gateway leaves at the server is not what the next one costs */
const ACCOUNTS = { memory: ['u3', 'u4'], redis: ['u5', 'u6'] } as const
/** messages to each of them, where one reader has the events of all */
const TO_EACH = 10
/** in one room: sessions, all occupants, and what is said in it */
const IN_ROOM = { sessions: 20, occupants: 500, messages: 200 }
/** WebSockets that read one session, and messages to it */
const FANS = [
  [100, 500],
  [1_000, 100],
] as const
/** what servers use by default */
const ITERATIONS = 10_000

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    compare: { type: 'string' },
    store: { type: 'string' },
    // of load per figure
    seconds: { type: 'string', default: '4' },
  },
})
const SECONDS = Number(options.seconds)
const unknown = positionals.find((part) => !PARTS.some((known) => known === part))
if (unknown !== undefined) throw new RangeError(`There is no part ${unknown}; there are ${PARTS.join(', ')}.`)
const wants = (...parts: (typeof PARTS)[number][]) => positionals.length === 0 || parts.some((part) => positionals.includes(part))
const stores = (['memory', 'redis'] as const).filter((store) => (options.store ?? store) === store)

const started: { stop(): Promise<unknown> }[] = []
const folder = temporaryFolder('bench')
process.env.TMPDIR = folder
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const users = Object.fromEntries(Array.from({ length: IDLE_SESSIONS + 60 }, (_, index) => [`u${index}`, PASSWORD]))
const table = createTable()

await install(['prosody', 'redis', 'ejabberd', 'openssl', 'wrk'])
try {
  const extra = process.env.PROSODY_EXTRA_MODULES
  const hasRest = extra !== undefined && existsSync(join(extra, 'mod_rest'))
  const server = await begin(
    startProsody({
      users,
      mam: false,
      iterations: ITERATIONS,
      ...(hasRest ? { modules: ['rest'], config: `plugin_paths = { "${extra}" }` } : {}),
    }),
  )
  const peer = await begin(startPeer(server, 'u1'))
  const yardsticks = wants('post', 'traces', 'peers') ? await measureYardsticks(server, peer) : undefined
  const redis = await begin(startRedis({ appendonly: false }))
  for (const store of stores) await measureGateway({ server, peer, store, redis, yardsticks })
  if (yardsticks && wants('traces')) await measureTraces(server, peer, yardsticks)
  if (wants('translation')) measureTranslation()
  if (wants('peers')) {
    if (hasRest) await measureRest(server, peer)
    await measureEjabberd()
  }
  if (wants('thousand'))
    await measureThousand(([what = '', rate, costs = '', note = '', target = '']) => {
      table.add({ what, ...(rate && { perSecond: Number(rate) }), costs, note, target })
    })
} finally {
  for (const one of started.reverse()) await one.stop()
}
table.end(options)

interface Yardsticks {
  fastify: Measured
  client: Measured
}

async function measureYardsticks(server: XmppServer, peer: Awaited<ReturnType<typeof startPeer>>): Promise<Yardsticks> {
  const fastify = await measured.bareHttp(SECONDS)
  table.measured('Fastify alone: POST answered 202', fastify)
  const client = await measured.bareSending(server, peer, 'u2', MESSAGES)
  table.measured('@xmpp/client alone → peer', client)
  return { fastify, client }
}

async function measureGateway({
  server,
  peer,
  store,
  redis,
  yardsticks,
}: {
  server: XmppServer
  peer: Awaited<ReturnType<typeof startPeer>>
  store: 'memory' | 'redis'
  redis: RedisServer
  yardsticks: Yardsticks | undefined
}): Promise<void> {
  const gateway = await begin(
    startGateway({
      server,
      env: { LOG_LEVEL: 'info', INSTANCE_ID: 'bench', WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' },
      args: ['--inspect=127.0.0.1:0', mainFile],
      ...(store === 'redis' ? { redis } : {}),
    }),
  )
  const inspector = /ws:\/\/\S+/.exec(gateway.logs.map(({ line }) => line).join('\n'))![0]
  const processes = { gateway: gateway.pid, server: server.pid, ...(store === 'redis' ? { redis: redis.pid } : {}) }
  const place: Place = { server, gateway, processes, ...(store === 'redis' ? { commands: () => carriedOut(redis) } : {}) }
  const on = `(${store})`

  const [writer, reader] = ACCOUNTS[store].map((user) => `${user}@localhost`) as [string, string]
  await measured.logIns(place, ACCOUNTS[store], 1)
  if (wants('log-in')) {
    const users = range(10, 50)
    const logIns = await measured.logIns(place, users, 1)
    table.measured(`log-in ${on}`, logIns, `${(logIns.cpu.gateway! / 1000).toFixed(1)} ms CPU, p50 ${logIns.p50.toFixed(1)} ms`, '≤ 8 ms')
  }
  if (yardsticks && wants('post')) await measurePosting(place, peer, on, yardsticks, writer)
  if (wants('receive', 'fan-out', 'webhook')) await measureArrivals(place, peer, on, reader)
  if (wants('roster')) table.measured(`GET /roster ${on}`, await measured.rosterReads(place, writer, SECONDS))
  if (store === 'redis' && wants('elsewhere')) await measureElsewhere(server, gateway, redis, writer)
  if (wants('room')) await measureRoom(place, inspector, on, store === 'redis' ? redis : undefined)
  if (wants('idle')) {
    const before = await measured.footprint(gateway.pid, inspector)
    await measured.logIns(place, range(60, 60 + IDLE_SESSIONS), 16)
    const after = await measured.footprint(gateway.pid, inspector)
    const each = (bytes: number) => `${(bytes / IDLE_SESSIONS / 1024).toFixed(0)} KiB`
    const note = `RSS ${each(after.resident - before.resident)}, heap ${each(after.heap - before.heap)}`
    table.add({ what: `idle session ${on}`, note, target: '≤ 80 KiB, ≤ 30 KiB' })
    const listed = await gateway.api('GET', '/sessions', { query: { limit: 1000 } })
    const all: string[] = listed.body.data.map(({ connections }: { connections: [{ jid: string }] }) => connections[0].jid)
    table.measured(`events of ${all.length} sessions → one reader ${on}`, await measured.oneReader(place, peer, all, TO_EACH))
  }
  await gateway.stop()
}

async function measureRoom(place: Place, inspector: string, on: string, redis: RedisServer | undefined): Promise<void> {
  const { sessions, occupants, messages } = IN_ROOM
  const memory = redis && (async () => Number(/used_memory:(\d+)/.exec(await redis.cli('info', 'memory'))?.[1]))
  const { occupant, message } = await crowd(place, {
    ...{ inspector, sessions: range(10, 10 + sessions), others: range(60, 60 + occupants - sessions), messages },
    ...(memory && { memory }),
  })
  const bytes = (count: number) => `${count.toFixed(0)} B`
  const inRedis = occupant.redis === undefined ? '' : `, Redis ${bytes(occupant.redis)}`
  const note = `RSS ${bytes(occupant.resident)}, heap ${bytes(occupant.heap)}${inRedis}`
  table.add({ what: `occupant of a room of ${occupants}, per session ${on}`, note })
  table.measured(`   a message there, to each of ${sessions} sessions ${on}`, message)
}

async function measurePosting(
  place: Place,
  peer: Awaited<ReturnType<typeof startPeer>>,
  on: string,
  { fastify, client }: Yardsticks,
  from: string,
): Promise<void> {
  const yardstick = fastify.cpu.fastify! + client.cpu.client!
  const isRedis = 'redis' in place.processes
  const targets = isRedis ? { cpu: '≤ 2.4, Redis ≤ 1.2', rate: '' } : { cpu: '≤ 1.6', rate: '≥ 0.6' }
  const note = ({ cpu }: Measured) => {
    const redis = cpu.redis === undefined ? '' : `, Redis ${ratio(cpu.redis, yardstick)}`
    return `CPU ${ratio(cpu.gateway!, yardstick)} of Fastify + @xmpp/client${redis}`
  }
  const sending = await measured.sending(place, peer, from, SECONDS)
  table.measured(`POST /messages → peer ${on}`, sending, note(sending), targets.cpu)
  table.add({
    what: `   its rate ${on}`,
    note: `${ratio(sending.perSecond, client.perSecond)} of @xmpp/client alone`,
    target: targets.rate,
  })
  const single = await measured.sending(place, peer, from, SECONDS, 1)
  table.measured(`   one after the other ${on}`, single, note(single), isRedis ? '≤ 12 commands, 1.1 scripts' : '')
}

/** The same with a span for every step of every message, and a collector that takes them. */
async function measureTraces(server: XmppServer, peer: Awaited<ReturnType<typeof startPeer>>, yardsticks: Yardsticks): Promise<void> {
  const collector = startChild('consumer', {})
  started.push(collector)
  const endpoint = `http://127.0.0.1:${await collector.hear('ready')}`
  for (const [user, env, on] of [
    ['u7', {}, '(memory, no spans)'],
    ['u8', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, '(memory, spans of all)'],
    [
      'u9',
      { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
      '(memory, spans of 1 %)',
    ],
  ] as const) {
    const gateway = await startGateway({ server, env: { LOG_LEVEL: 'info', ...env } })
    const place: Place = { server, gateway, processes: { gateway: gateway.pid, server: server.pid } }
    await measured.logIns(place, [user], 1)
    await measurePosting(place, peer, on, yardsticks, `${user}@localhost`)
    await gateway.stop()
  }
}

async function measureArrivals(place: Place, peer: Awaited<ReturnType<typeof startPeer>>, on: string, of: string): Promise<void> {
  const { gateway } = place
  const { jid } = (await gateway.api('GET', '/sessions')).body.data.find((session: { jid: string }) => session.jid === of).connections[0]
  table.measured(`peer → WebSocket ${on}`, await measured.receiving(place, peer, jid, MESSAGES), '', '≤ 5 commands')
  if (!wants('fan-out', 'webhook')) return
  const event = gateway.events({ session: of, query: { after: '0', types: 'message.received' } })
  const received = await event.next('message.received')
  await event.close()
  for (const [readers, messages] of wants('fan-out') ? FANS : []) {
    const fan = await measured.fanOut(place, peer, jid, readers, messages)
    const bareFan = await measured.bareFanOut(received, readers, messages)
    const note = `${ratio(fan.perSecond, bareFan.perSecond)} of ws alone (${Math.round(bareFan.perSecond)} /s)`
    table.measured(`fan-out to ${readers} WebSockets ${on}`, fan, note, '≥ 0.7')
  }
  if (!wants('webhook')) return
  const posting = await barePosting(received, MESSAGES)
  const delivered = await deliveries(place, of, MESSAGES)
  table.measured(`event → webhook ${on}`, delivered, `${ratio(delivered.cpu.gateway!, posting.cpu.undici!)} of undici alone, in CPU`)
}

/** What it costs that a session is owned by another instance than the one that was asked. */
async function measureElsewhere(server: XmppServer, gateway: TestGateway, redis: { url: string }, of: string): Promise<void> {
  const beside = await startGateway({ server, redis, keys: gateway.keys, env: { ...gateway.env, INSTANCE_ID: 'beside' } })
  try {
    const times = await measured.elsewhere([gateway, beside], of, SECONDS)
    for (const [what, { owner, other }] of [
      ['GET /roster', times.roster],
      ['POST /iq to the own server', times.iq],
    ] as const) {
      const show = ({ p50, p99 }: measured.Latency) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`
      table.add({
        what: `${what}, whose session is where`,
        note: `by the owner ${show(owner)}; by another instance ${show(other)}`,
        target: '≤ 3 ms more',
      })
    }
  } finally {
    await beside.stop()
    await measured.gathered(gateway)
  }
}

/** A chat message with the usual extensions, in a process of its own. */
function measureTranslation(): void {
  const { stdout } = spawnSync(process.execPath, [fileURLToPath(new URL('translation.ts', import.meta.url))], { encoding: 'utf8' })
  const cost = JSON.parse(stdout) as Record<'read' | 'ltxParse' | 'write' | 'ltxWrite' | 'unknown10' | 'unknown100', number>
  const line = (what: string, ours: number, compared: string, target: string) =>
    table.add({ what, perSecond: 1e6 / ours, cpu: { translator: ours }, note: compared, target })
  line('chat message XML → JSON', cost.read, `${ratio(cost.read, cost.ltxParse)} of ltx parse`, '≤ 2.0')
  line('chat message JSON → XML', cost.write, `${ratio(cost.write, cost.ltxWrite)} of ltx serialise`, '≤ 2.0')
  line('unknown child, of 100', cost.unknown100, `${ratio(cost.unknown100, cost.unknown10)} of one of 10`, 'about 1')
}

/** Prosody's own HTTP interface, with Basic auth as it does by default. */
async function measureRest(server: XmppServer, peer: Awaited<ReturnType<typeof startPeer>>): Promise<void> {
  const request = {
    url: `http://127.0.0.1:${server.httpPort}/rest`,
    headers: {
      authorization: `Basic ${Buffer.from(`u5:${PASSWORD}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ kind: 'message', type: 'chat', to: peer.jid, body: measured.BODY }),
    connections: 16,
    seconds: SECONDS,
  }
  table.measured('Prosody mod_rest → peer', await measured.deliveredLoad(request, peer, { server: server.pid }))
}

async function measureEjabberd(): Promise<void> {
  const server = await begin(startEjabberd({ users: { u1: PASSWORD, u3: PASSWORD }, mam: false }))
  const peer = await begin(startPeer(server, 'u1'))
  const request = {
    url: `http://127.0.0.1:${server.httpPort}/api/send_message`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'chat', from: 'u3@localhost', to: peer.jid, subject: '', body: measured.BODY }),
    connections: 16,
    seconds: SECONDS,
  }
  table.measured('ejabberd send_message → peer', await measured.deliveredLoad(request, peer, { server: server.pid }))
  const gateway = await begin(startGateway({ server, env: { LOG_LEVEL: 'info' } }))
  const place = { server, gateway, processes: { gateway: gateway.pid, server: server.pid } }
  await measured.logIns(place, ['u3'], 1)
  table.measured('POST /messages → peer on ejabberd', await measured.sending(place, peer, 'u3@localhost', SECONDS))
}

async function begin<T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> {
  const one = await starting
  started.push(one)
  return one
}

/** Of the connections of the gateway; what asks for it counts too, once. */
async function carriedOut(redis: RedisServer): Promise<Commands> {
  const stats = `${await redis.cli('info', 'stats')}${await redis.cli('info', 'commandstats')}`
  const number = (pattern: RegExp) => Number(pattern.exec(stats)?.[1] ?? 0)
  return { commands: number(/total_commands_processed:(\d+)/), scripts: number(/cmdstat_evalsha:calls=(\d+)/) }
}

/** `u<from>` to `u<to - 1>` */
function range(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `u${from + index}`)
}
