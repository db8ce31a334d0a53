/**
 * `npm run demo`: two real XMPP accounts talk through HTTP, and three in a room, on a private Prosody, each step printed.
 * Stays up until Ctrl-C and leaves nothing behind.
 */
import { rmSync } from 'node:fs'
import { styleText } from 'node:util'
import type { CloudEvent, EventStream } from '../test/support/event-stream.ts'
import { type HttpAnswer, startGateway, type TestGateway } from '../test/support/gateway.ts'
import { temporaryFolder } from '../test/support/processes.ts'
import { startProsody } from '../test/support/prosody.ts'
import { startRedis } from '../test/support/redis.ts'
import type { XmppServer } from '../test/support/xmpp-server.ts'
import { buildConsole } from './console.ts'
import { install } from './install.ts'

const passwords = { alice: 'alice-password', bob: 'bob-password', carol: 'carol-password' }
type Name = keyof typeof passwords
type Streams = Partial<Record<Name, EventStream>>
const room = 'garden@conference.localhost'
const inRoom = ({ data }: CloudEvent) => data.room?.jid === room
/** ms for an event that a step waits for */
const EVENT_DEADLINE = 15_000

/** Everything started, to be ended in reverse order. */
const started: { stop(): Promise<unknown> }[] = []
const ended = new AbortController()
// More than one may come: npm passes on what the terminal sent to all. Only the first counts, so that nothing cuts the clearing up short.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.abort())
process.stdout.on('error', () => ended.abort())

const folder = temporaryFolder('demo')
process.env.TMPDIR = folder
try {
  await untilEnded(demonstrate())
} catch (error) {
  if (!ended.signal.aborted) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
} finally {
  if (ended.signal.aborted) print('\nStopping …')
  for (const one of started.reverse()) await one.stop()
  rmSync(folder, { recursive: true, force: true })
  if (ended.signal.aborted) print('Nothing is left behind.')
}

async function demonstrate(): Promise<void> {
  heading('stanzagate: two real XMPP accounts talk through HTTP')
  await install(['prosody', 'redis', 'openssl'], print)
  await buildConsole()
  const server = await begin(() => startProsody({ users: passwords }))
  row('', '', 'XMPP server', `Prosody on 127.0.0.1:${server.port}, with alice, bob and carol at localhost`)
  const redis = await begin(() => startRedis())
  row('', '', 'Redis', redis.url)
  const gateway = await begin(() => startGateway({ server, redis, env: { LOG_LEVEL: 'info', INSTANCE_ID: 'demo' } }))
  row('', '', 'gateway', gateway.url)
  row('', '', 'console', `${gateway.url}/console, sign in with ${gateway.key}`)

  heading('Both log in')
  for (const name of ['alice', 'bob'] as const) await logIn(gateway, server, name)
  const streams: Streams = { alice: await listen(gateway, 'alice'), bob: await listen(gateway, 'bob') }

  heading('Each subscribes to the other’s presence')
  await subscribe(gateway, streams, 'alice', 'bob')
  await subscribe(gateway, streams, 'bob', 'alice')

  heading('Presence')
  await http(gateway, 'alice', 'PUT', '/presence', { show: 'away', status: 'at lunch' })
  await see(streams, 'bob', 'presence.available', ({ data }) => data.show === 'away')

  heading('A message each way')
  await http(gateway, 'alice', 'POST', '/messages', { to: 'bob@localhost', body: 'Hello Bob, how is HTTP?' })
  await see(streams, 'bob', 'message.received')
  await http(gateway, 'bob', 'POST', '/messages', { to: 'alice@localhost', body: '很好 👋 and you never left XMPP' })
  await see(streams, 'alice', 'message.received')

  heading('The roster, as the server has it now')
  const roster = await http(gateway, 'bob', 'GET', '/roster')
  for (const { jid, subscription } of roster.body.data) row('', '', '', `${jid}, subscription ${subscription}`)

  heading('A room, and a third who comes in')
  await logIn(gateway, server, 'carol')
  streams.carol = await listen(gateway, 'carol')
  await join(gateway, 'alice')
  await join(gateway, 'bob')
  await join(gateway, 'carol')
  await see(streams, 'alice', 'room.occupant-joined', ({ data }) => data.nick === 'carol')
  await http(gateway, 'carol', 'POST', '/messages', { to: room, body: 'Hello both, who waters the roses?' })
  const { data } = await see(streams, 'bob', 'message.received', inRoom)
  await see(streams, 'alice', 'message.received', inRoom)
  const reaction = { id: data.stanzaIds.find(({ by }: { by: string }) => by === room).id, reactions: ['🌹'] }
  await http(gateway, 'bob', 'POST', '/messages', { to: room, reactions: reaction })
  await see(streams, 'carol', 'message.reacted', inRoom)

  invite(gateway, server)
}

async function logIn(gateway: TestGateway, { service }: XmppServer, name: Name): Promise<void> {
  const { body } = await http(gateway, name, 'POST', '/sessions', { jid: `${name}@localhost`, password: passwords[name], service })
  row('', '', '', `online as ${body.connections[0].jid}`)
}

async function join(gateway: TestGateway, name: Name): Promise<void> {
  await http(gateway, name, 'PUT', `/rooms/${room}`, { nick: name })
}

async function subscribe(gateway: TestGateway, streams: Streams, from: Name, to: Name): Promise<void> {
  await http(gateway, from, 'POST', '/presence', { to: `${to}@localhost`, type: 'subscribe' })
  await see(streams, to, 'subscription.requested')
  await http(gateway, to, 'POST', '/presence', { to: `${from}@localhost`, type: 'subscribed' })
  await see(streams, from, 'subscription.approved')
  await see(streams, from, 'presence.available', ({ data }) => String(data.from).startsWith(`${to}@`))
}

/** A request as one of them; printed, and an error where it is refused. */
async function http(gateway: TestGateway, name: Name, method: string, path: string, body?: object): Promise<HttpAnswer> {
  const query = path === '/sessions' ? {} : { session: `${name}@localhost` }
  const answer = await gateway.api(method, path, { query, ...(body === undefined ? {} : { body }) })
  const shown = body === undefined ? '' : JSON.stringify(body, (key, value) => (key === 'password' ? '…' : value))
  row(name, '→', `${method} ${path}`, `${shown} ${styleText(answer.status < 400 ? 'green' : 'red', String(answer.status))}`.trim())
  if (answer.status >= 400) throw new Error(answer.text)
  return answer
}

async function listen(gateway: TestGateway, name: Name): Promise<EventStream> {
  const stream = gateway.events({ session: `${name}@localhost` })
  started.push({ stop: () => stream.close() })
  await stream.opened
  row(name, '→', 'GET /events', 'WebSocket open')
  return stream
}

/** Waits for an event on somebody's WebSocket and prints it. */
async function see(streams: Streams, name: Name, type: string, fits: (event: CloudEvent) => boolean = () => true): Promise<CloudEvent> {
  const event = await streams[name]!.next((one) => one.type === type && fits(one), EVENT_DEADLINE)
  const { from, room, nick, show, status, body, reactions } = event.data
  const said = [show, status, body, reactions?.reactions.join(' ')].filter((value) => value !== undefined)
  row(name, '⇐', type, `from ${from ?? `${room}/${nick}`} ${said.map((value) => JSON.stringify(value)).join(' ')}`.trim())
  return event
}

function invite({ url, key }: TestGateway, { port, caFile }: XmppServer): void {
  heading('Now you, in another terminal; it stays up until Ctrl-C')
  print(`
  The console     ${url}/console
  its API key     ${key}

  URL=${url} AUTH='Authorization: Bearer ${key}' JSON='Content-Type: application/json'
  curl -H "$AUTH" "$URL/sessions"
  curl -H "$AUTH" "$URL/roster?session=bob@localhost"
  curl -H "$AUTH" -H "$JSON" "$URL/messages?session=alice@localhost" -d '{"to": "bob@localhost", "body": "Hello from curl"}'
  curl -H "$AUTH" "$URL/rooms/${room}/occupants?session=carol@localhost"
  curl -H "$AUTH" "$URL/events?session=bob@localhost&after=0&types=message.*"
  curl -H "$AUTH" -H 'Accept: text/event-stream' -N "$URL/events?session=bob@localhost"

  The whole API   ${url}/docs  ·  ${url}/openapi.yaml
  An XMPP client  alice@localhost, password ${passwords.alice}, at 127.0.0.1:${port} (STARTTLS, authority ${caFile})
`)
}

function heading(text: string): void {
  print(`\n${styleText('bold', text)}`)
}

function row(name: string, arrow: string, what: string, result: string): void {
  print(`  ${styleText('cyan', name.padEnd(6))}${arrow.padEnd(2)} ${what.padEnd(24)} ${result}`)
}

/** styleText leaves colours out where stdout is no terminal. */
function print(line: string): void {
  if (process.stdout.writable) process.stdout.write(`${line}\n`)
}

/** Starts something that is ended with the demo, also when the end comes while it starts; after the end nothing starts any more. */
async function begin<T extends { stop(): Promise<unknown> }>(start: () => Promise<T>): Promise<T> {
  ended.signal.throwIfAborted()
  const starting = start()
  started.push({
    stop: () =>
      starting.then(
        (one) => one.stop(),
        () => undefined,
      ),
  })
  return starting
}

/** Resolves at the first signal, however far the work is; rejects when the work fails before. */
async function untilEnded(work: Promise<void>): Promise<void> {
  const signalled = new Promise<void>((resolve) => ended.signal.addEventListener('abort', () => resolve()))
  // a listener alone keeps no process alive
  const alive = setInterval(() => {}, 2 ** 30)
  try {
    await Promise.race([signalled, work.then(() => signalled)])
  } finally {
    clearInterval(alive)
    work.catch(() => {})
  }
}
