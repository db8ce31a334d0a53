import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Translator } from '../../../src/codec/translate.ts'
import { Problem } from '../../../src/errors/problem.ts'
import { createTurns } from '../../../src/fair/turns.ts'
import { createOwnedSessions } from '../../../src/gateway/cluster/owned-sessions.ts'
import type { Feature } from '../../../src/gateway/contract/feature.ts'
import { createGateway } from '../../../src/gateway/gateway.ts'
import { createLargeAnswers } from '../../../src/gateway/inbound/large-answers.ts'
import { createQuarantine } from '../../../src/gateway/inbound/quarantine.ts'
import type { Metrics } from '../../../src/gateway/ports/metrics.ts'
import { noTracing } from '../../../src/gateway/ports/tracing.ts'
import { createSeal } from '../../../src/gateway/seal.ts'
import { createCommands } from '../../../src/gateway/session/commands.ts'
import { createLive } from '../../../src/gateway/session/live-session.ts'
import { createShares } from '../../../src/gateway/session/memory-share.ts'
import { createMemoryStore } from '../../../src/store/memory/store.ts'
import { createClock, limits, sessionRecord, sessionStatus } from '../../store/sample.ts'
import { quiet } from '../../support/quiet-log.ts'
import { createScriptedConnector } from '../../support/scripted-connector.ts'

const uncounted = { count() {}, set() {}, observe() {} }
const vocabulary = {} as Translator

async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 10_000; tries += 1) {
    const found = await look()
    if (found) return found
    await turn()
  }
  throw new Error('It did not happen.')
}

/** A gateway whose only session has ended, since its password is not taken any more. */
async function endedSession(t: TestContext) {
  const clock = createClock()
  const store = createMemoryStore({ limits, clock })
  const connector = createScriptedConnector()
  const seal = createSeal([randomBytes(32)])
  /** how many sessions are in which state, as they were last counted */
  const counts = new Map<string, number>()
  const metrics: Metrics = {
    ...uncounted,
    set: (name, value, labels) => {
      if (name === 'sessions' && labels?.state) counts.set(labels.state, value)
    },
  }
  const gateway = createGateway({
    store,
    connector,
    seal,
    clock,
    vocabulary,
    features: [],
    instance: 'one',
    log: quiet,
    metrics,
    tracing: noTracing,
  })
  await gateway.start()
  t.after(async () => {
    await gateway.stop()
    await store.close()
  })
  const open = () =>
    gateway.sessions.open(
      { tenant: 'main', jid: 'romeo@montague.lit', password: 'secret', connections: 1 },
      { wait: 5_000, background: false, signal: new AbortController().signal },
    )
  const opening = open()
  const first = await until(() => connector.connections[0])
  await first.bind()
  const { handle } = await opening
  const error = new Problem('xmpp-authentication-failed', 'no')
  first.events.state('auth-failed', { reason: 'not-authorized', error })
  // one that has only just ended may be on its way out
  clock.advance(1_000)
  const count = () => {
    gateway.measure()
    return [...counts].filter(([, sessions]) => sessions > 0)
  }
  return { ...gateway, connector, open, handle, count }
}

test('a session that ended and is opened by two at once has one connection, and none when it is closed', async (t) => {
  const { connector, open, handle, sessions, count } = await endedSession(t)
  const both = [open(), open()]
  await (await until(() => connector.connections[1])).bind()
  assert.deepEqual(
    (await Promise.all(both)).map(({ outcome }) => outcome),
    ['existing', 'existing'],
  )
  assert.deepEqual([connector.connections.map(({ closed }) => closed), count()], [[true, false], [['online', 1]]])
  await sessions.close(handle, {})
  assert.ok(connector.connections.every(({ closed }) => closed))
})

test('a session that is opened again while it is closed stays closed', async (t) => {
  const { connector, open, handle, sessions } = await endedSession(t)
  const opening = open()
  const closing = sessions.close(handle, {})
  await closing
  await opening.catch(() => {})
  assert.ok(connector.connections.every(({ closed }) => closed))
})

test('a write of an owner before, refused late, does not take down the session that the same instance has again', async (t) => {
  const clock = createClock()
  const inner = createMemoryStore({ limits, clock })
  t.after(() => inner.close())
  const slow = Promise.withResolvers<void>()
  let reads = 0
  const records: typeof inner.records = {
    async get(...asked) {
      reads += 1
      // the store answers the first look late
      if (reads === 1) await slow.promise
      return await inner.records.get(...asked)
    },
  }
  const connector = createScriptedConnector()
  const seal = createSeal([randomBytes(32)])
  const listening: Feature = {
    name: 'listening',
    async message({ stanza }, session) {
      await session.message('m')
      return { events: [{ type: 'message.received', data: stanza.attributes.id }] }
    },
  }
  let doubts = 0
  const owned = createOwnedSessions({
    context: {
      store: { ...inner, records },
      connector,
      clock,
      seal,
      vocabulary,
      accounts: { features: [listening], commands: createCommands([]), answers: new Map() },
      components: { features: [], commands: createCommands([]), answers: new Map() },
      instance: 'one',
      log: quiet,
      metrics: uncounted,
      tracing: noTracing,
      large: createLargeAnswers({ metrics: uncounted }),
      quarantine: createQuarantine({ store: inner, clock, kinds: new Map() }),
      kinds: new Map(),
      share: createShares({ total: Number.POSITIVE_INFINITY, metrics: uncounted }),
      turns: createTurns(),
    },
    makeLive: createLive,
    heartbeat: {
      self: 'me',
      holdsLease: () => true,
      members: new Map(),
      membersNow: async () => new Map(),
      start: async () => {},
      beat: async () => {},
      stop: async () => {},
    },
    offer: async () => false,
    elsewhere: async () => undefined,
    onDoubt: () => {
      doubts += 1
    },
  })
  const wanted = sessionRecord()
  const record = { ...wanted, credentials: seal.seal('secret', { tenant: wanted.tenant, session: wanted.id, kind: 'password' }) }
  await owned.make(record, sessionStatus)
  await connector.connection(0).bind()
  connector.connection(0).receive('<message from="juliet@capulet.lit/balcony" id="late"/>')
  await until(() => reads === 1)
  owned.drop(record.id)
  const up = owned.takeUp(record.id, 'me')
  await (await until(() => connector.connections[1])).bind()
  await up
  slow.resolve()
  connector.connection(1).receive('<message from="juliet@capulet.lit/balcony" id="next"/>')
  const told = async () => (await inner.log.read(record.id, undefined, 100)).events.filter(({ type }) => type === 'message.received')
  const [only, ...more] = await until(async () => ((await told()).length > 0 ? await told() : undefined))
  assert.deepEqual([only?.data, more], ['next', []])
  assert.ok(owned.get(record.id))
  assert.deepEqual([connector.connections.map(({ closed }) => closed), doubts], [[true, false], 0])
})
