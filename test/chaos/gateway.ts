/**
 * The gateway as a process, with what a test may want otherwise:
 * - FAILPOINT, `before <step>` or `after <step>`: it kills itself (SIGKILL, so nothing is finished or told) when it comes there; from the
 *   start with FAILPOINT_ARMED=yes, else from SIGUSR2 on;
 * - RESUME=never: the first stream of the process is a new one, as on a server that has forgotten the old;
 * - BOUNDS: JSON, bounds of the XMPP connections, for links that break more often than links do;
 * - WAYS: JSON, where it finds a service of a session instead;
 * - POISON: it kills itself at each message that says this; POISON_STATE: … where it takes up a session that knows presence of this account;
 * - WRITES: a file, to which it adds what it wrote to which log under which fence.
 */
import { openSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config/config.ts'
import { features } from '../../src/features/index.ts'
import type { Feature } from '../../src/gateway/contract/feature.ts'
import { presences } from '../../src/gateway/contract/roster-and-presence.ts'
import type { Change } from '../../src/gateway/ports/change.ts'
import type { Connection, ConnectionEvents, Connector } from '../../src/gateway/ports/connection.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { createLog } from '../../src/log.ts'
import { createMemoryStore } from '../../src/store/memory/store.ts'
import { createRedisStore } from '../../src/store/redis/store.ts'
import { elements, text } from '../../src/xml/element.ts'
import { createConnector } from '../../src/xmpp/connector.ts'

const { FAILPOINT = '', FAILPOINT_ARMED, RESUME, BOUNDS = '{}', WAYS = '{}', WRITES, POISON, POISON_STATE } = process.env
const ways = JSON.parse(WAYS) as Record<string, string>
const config = readConfig({ env: process.env, folder: process.cwd() })
/** a line of its own among those of the log */
const tell = (event: string) => process.stdout.write(`${JSON.stringify({ event })}\n`)
const log = createLog({ level: config.logLevel, instance: config.instance })
const clock = { now: Date.now, monotonic: () => performance.now() }
let armed = FAILPOINT_ARMED === 'yes'

process.on('SIGUSR2', () => {
  armed = true
  tell('armed')
})

function reach(point: string): void {
  if (armed && point === FAILPOINT) process.kill(process.pid, 'SIGKILL')
}

function around<T>(steps: readonly string[], run: () => T): T {
  for (const step of steps) reach(`before ${step}`)
  const done = run()
  if (done instanceof Promise) return done.finally(() => steps.map((step) => reach(`after ${step}`))) as T
  for (const step of steps) reach(`after ${step}`)
  return done
}

/** What a change is about, by the things that it stores. */
function kinds({ events = [], state = [], records = [], settled = [] }: Change): string[] {
  const types = new Set(events.map(({ type }) => type))
  const restored = events.some(({ data }) => (data as { source?: unknown } | null)?.source === 'archive')
  return [
    types.has('message.received') && !restored && 'commit received',
    restored && 'commit restored',
    records.some(({ wire, status }) => wire !== undefined && status === 'sent') && 'commit sent',
    types.has('message.sent') && 'commit told of sent',
    types.has('message.acked') && settled.length > 0 && 'commit acked',
    // what is known of the server may be told with it
    records.some(({ wire, status }) => wire === undefined && status === 'sent') && 'commit unwritten',
    state.some(({ kind, value }) => kind === 'held' && value !== null) && 'commit held',
    state.some(({ kind, value }) => kind === 'held' && value === null) && 'commit released',
    types.has('session.caught-up') && 'commit caught-up',
  ].filter((name) => name !== false)
}

const writes = WRITES ? openSync(WRITES, 'a') : undefined

function noted(store: Store): Store {
  if (writes === undefined) return store
  return {
    ...store,
    async commit(id, fence, change) {
      const cursors = await store.commit(id, fence, change)
      // a copy of what was told has the place of another write
      const isNew = change.events?.every(({ copy }) => !copy)
      if (isNew && cursors.length > 0) writeSync(writes, `${fence} ${cursors.at(-1)}\n`)
      return cursors
    },
  }
}

function trappedStore(store: Store): Store {
  return {
    ...store,
    commit: (id, fence, change) => around(kinds(change), () => store.commit(id, fence, change)),
    outbox: { ...store.outbox, accept: (id, acceptance) => around(['accept'], () => store.outbox.accept(id, acceptance)) },
  }
}

const stepOf = (xml: string) => (xml.startsWith('<message') ? ['send'] : xml.includes('urn:xmpp:mam:2') ? ['query'] : [])

/** The same object, of which some things are done in another way; it may have members that only its own methods see. */
function over<Of extends object>(of: Of, own: Partial<Of>): Of {
  return new Proxy(of, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function trappedConnector(connector: Connector): Connector {
  let first = true
  return {
    ...connector,
    open(spec, events) {
      const resume = first && RESUME === 'never' ? null : spec.resume
      let forgotten = spec.resume !== resume
      const heard = over<ConnectionEvents>(events, {
        state: (state, detail) =>
          around(detail.resumed ? ['resumed'] : state === 'online' ? ['online'] : [], () => events.state(state, detail)),
        bound: (jid, features, stream) => {
          tell('bound')
          // as of a server that does not know the stream any more
          if (forgotten) events.lost(null)
          forgotten = false
          return around(['bound'], () => events.bound(jid, features, stream))
        },
        acked: (position) => around(['told of acks'], () => events.acked(position)),
      })
      const service = ways[spec.service ?? ''] ?? spec.service
      const connection = connector.open({ ...spec, service, resume }, heard)
      first = false
      return over<Connection>(connection, {
        send: (xml, ask) => around(stepOf(xml), () => connection.send(xml, ask)),
        stored: (position) => around(['stored'], () => connection.stored(position)),
      })
    },
  }
}

const poison: Feature = {
  name: 'poison',
  async message({ stanza }) {
    if (POISON && elements(stanza).some((one) => one.name === 'body' && text(one) === POISON)) process.kill(process.pid, 'SIGKILL')
    return undefined
  },
  taken({ state }) {
    if (POISON_STATE && state.ofAccount(presences, POISON_STATE).length > 0) process.kill(process.pid, 'SIGKILL')
  },
}

const { redis, limits, stanzaLimit, xmpp } = config
const store = redis ? await createRedisStore({ ...redis, limits, clock, log }) : createMemoryStore({ limits, clock })
const connector = createConnector({ ...xmpp, stanzaLimit, clock, log, bounds: JSON.parse(BOUNDS) })
const app = await buildApp(config, {
  features: [poison, ...features],
  store: trappedStore(noted(store)),
  connector: trappedConnector(connector),
  clock,
  log,
})
const { port } = await app.start()
log.info({ event: 'listening' }, `Listening on http://127.0.0.1:${port}`)
process.on('SIGTERM', () => void app.stop().finally(() => process.exit()))
// with NODE_COMPILE_CACHE the next process starts in half the time, however this one ends
flushCompileCache()
