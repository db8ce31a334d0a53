/**
 * `npm run bench`: what the gateway costs, beside yardsticks measured in the same run, on private servers. Some minutes.
 * Prosody's mod_rest is compared where PROSODY_EXTRA_MODULES names a folder that holds mod_rest/.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from '../scripts/install.ts'
import { startEjabberd } from '../test/support/ejabberd.ts'
import { mainFile, startGateway, type TestGateway } from '../test/support/gateway.ts'
import { temporaryFolder } from '../test/support/processes.ts'
import { startProsody } from '../test/support/prosody.ts'
import { type RedisServer, startRedis } from '../test/support/redis.ts'
import type { XmppServer } from '../test/support/xmpp-server.ts'
import type { Commands, Measured } from './measure.ts'
import * as measured from './measurements.ts'
import { PASSWORD, type Place, startPeer } from './measurements.ts'
import { measureThousand } from './thousand.ts'
import { barePosting, deliveries } from './webhooks.ts'

/** seconds of load per figure */
const SECONDS = 4
/** messages of the runs that are counted, not timed */
const MESSAGES = 10_000
const IDLE_SESSIONS = 500
const READERS = 100
/** what servers use by default */
const ITERATIONS = 10_000

const started: { stop(): Promise<unknown> }[] = []
const folder = temporaryFolder('bench')
process.env.TMPDIR = folder
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const users = Object.fromEntries(Array.from({ length: IDLE_SESSIONS + 60 }, (_, index) => [`u${index}`, PASSWORD]))
const table: string[][] = [['what', 'rate /s', 'CPU µs per operation', 'ratio', 'target']]

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
  const fastify = await measured.bareHttp(SECONDS)
  row('Fastify alone: POST answered 202', fastify)
  const bare = await measured.bareSending(server, peer, 'u2', MESSAGES)
  row('@xmpp/client alone → peer', bare)
  const redis = await begin(startRedis({ appendonly: false }))
  for (const store of ['memory', 'redis'] as const) await measureGateway({ server, peer, store, redis, bare, fastify })
  measureTranslation()
  if (hasRest) await measureRest(server, peer)
  await measureEjabberd()
  await measureThousand((cells) => {
    table.push(cells)
    console.error(cells.join('  ·  '))
  })
} finally {
  for (const one of started.reverse()) await one.stop()
}
print()

async function measureGateway({
  server,
  peer,
  store,
  redis,
  bare,
  fastify,
}: {
  server: XmppServer
  peer: Awaited<ReturnType<typeof startPeer>>
  store: 'memory' | 'redis'
  redis: RedisServer
  bare: Measured
  fastify: Measured
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

  await measured.logIns(place, ['u3', 'u4'], 1)
  const logIns = await measured.logIns(
    place,
    Array.from({ length: 40 }, (_, index) => `u${index + 10}`),
    1,
  )
  row(`log-in ${on}, p50 ${logIns.p50.toFixed(1)} ms`, logIns, `${(logIns.cpu.gateway! / 1000).toFixed(1)} ms CPU`, '≤ 10 ms')

  const sending = await measured.sending(place, peer, 'u3@localhost', SECONDS)
  row(`POST /messages → peer ${on}`, sending, `${ratio(sending.perSecond, bare.perSecond)} of @xmpp/client alone`, '≥ 0.7')
  const yardstick = fastify.cpu.fastify! + bare.cpu.client!
  row('   its CPU', sending, `${ratio(sending.cpu.gateway!, yardstick)} of Fastify + @xmpp/client`, '≤ 1.6')

  const { jid } = (await gateway.api('GET', '/sessions')).body.data.find((session: { jid: string }) => session.jid === 'u4@localhost')
    .connections[0]
  row(`peer → WebSocket ${on}`, await measured.receiving(place, peer, jid, MESSAGES))
  const fan = await measured.fanOut(place, peer, jid, READERS, 500)
  const event = gateway.events({ session: 'u4@localhost', query: { after: '0', types: 'message.received' } })
  const received = await event.next('message.received')
  const bareFan = await measured.bareFanOut(received, READERS, 500)
  await event.close()
  row(
    `fan-out to ${READERS} WebSockets ${on}`,
    fan,
    `${ratio(fan.perSecond, bareFan.perSecond)} of ws alone (${Math.round(bareFan.perSecond)} /s)`,
    '≥ 0.7',
  )
  const posting = await barePosting(received, MESSAGES)
  const delivered = await deliveries(place, 'u4@localhost', MESSAGES)
  row(`event → webhook ${on}`, delivered, `${ratio(delivered.cpu.gateway!, posting.cpu.undici!)} of undici alone, in CPU`)
  row(`GET /roster ${on}`, await measured.rosterReads(place, 'u3@localhost', SECONDS))

  if (store === 'redis') await measureElsewhere(server, gateway, redis)

  const before = await measured.footprint(gateway.pid, inspector)
  await measured.logIns(place, range(60, 60 + IDLE_SESSIONS), 16)
  const after = await measured.footprint(gateway.pid, inspector)
  const each = (bytes: number) => `${(bytes / IDLE_SESSIONS / 1024).toFixed(0)} KiB`
  table.push([
    `idle session ${on}`,
    '',
    '',
    `RSS ${each(after.resident - before.resident)}, heap ${each(after.heap - before.heap)}`,
    '≤ 75 KB, ≤ 30 KB',
  ])
  await gateway.stop()
}

/** What it costs that a session is owned by another instance than the one that was asked. */
async function measureElsewhere(server: XmppServer, gateway: TestGateway, redis: { url: string }): Promise<void> {
  const beside = await startGateway({ server, redis, keys: gateway.keys, env: { ...gateway.env, INSTANCE_ID: 'beside' } })
  try {
    const times = await measured.elsewhere([gateway, beside], 'u3@localhost', SECONDS)
    for (const [what, { owner, other }] of [
      ['GET /roster', times.roster],
      ['POST /iq to the own server', times.iq],
    ] as const) {
      const show = ({ p50, p99 }: measured.Latency) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`
      const line = [what, '', '', `by the owner ${show(owner)}; by another instance ${show(other)}`, '≤ 3 ms more']
      table.push(line)
      console.error(line.join('  ·  '))
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
    table.push([what, String(Math.round(1e6 / ours)), ours.toFixed(1), compared, target])
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
  row('Prosody mod_rest → peer', await measured.deliveredLoad(request, peer, { server: server.pid }))
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
  row('ejabberd send_message → peer', await measured.deliveredLoad(request, peer, { server: server.pid }))
  const gateway = await begin(startGateway({ server, env: { LOG_LEVEL: 'info' } }))
  const place = { server, gateway, processes: { gateway: gateway.pid, server: server.pid } }
  await measured.logIns(place, ['u3'], 1)
  row('POST /messages → peer on ejabberd', await measured.sending(place, peer, 'u3@localhost', SECONDS))
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

function row(what: string, { perSecond, cpu, redis }: Measured, compared = '', target = ''): void {
  const costs = Object.entries(cpu).map(([name, cost]) => `${name} ${cost.toFixed(cost < 100 ? 1 : 0)}`)
  if (redis) costs.push(`${redis.commands.toFixed(1)} Redis commands, ${redis.scripts.toFixed(2)} scripts`)
  const line = [what, String(Math.round(perSecond)), costs.join(', '), compared, target]
  table.push(line)
  console.error(line.join('  ·  '))
}

/** `u<from>` to `u<to - 1>` */
function range(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `u${from + index}`)
}

function ratio(one: number, other: number): string {
  return (one / other).toFixed(2)
}

/** As Markdown, so that it can go into the README as it is. */
function print(): void {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)))
  const format = (line: readonly string[]) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const [head = [], ...body] = table
  console.log(
    `\n${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores for everything; Node ${process.version}; TLS on; one run\n`,
  )
  console.log([format(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(format)].join('\n'))
}
