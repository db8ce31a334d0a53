import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import type { Translator } from '../../src/codec/translate.ts'
import { Problem } from '../../src/errors/problem.ts'
import type { Feature } from '../../src/gateway/contract/feature.ts'
import { defineCommand, type SessionHandle } from '../../src/gateway/contract/session.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { recordJson } from '../../src/gateway/outbox/message-record.ts'
import { accepted } from '../../src/gateway/outbox/recent-records.ts'
import type { Clock } from '../../src/gateway/ports/clock.ts'
import type { StoredEvent } from '../../src/gateway/ports/event.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { noTracing } from '../../src/gateway/ports/tracing.ts'
import { createSeal } from '../../src/gateway/seal.ts'
import { sendStanza } from '../../src/gateway/session/commands.ts'
import { createMemoryStore } from '../../src/store/memory/store.ts'
import { CLIENT, element } from '../../src/xml/element.ts'
import { serialize } from '../../src/xml/serialize.ts'
import { quiet } from '../support/quiet-log.ts'
import { chat, createScriptedConnector } from '../support/scripted-connector.ts'

const clock: Clock = { now: Date.now, monotonic: () => performance.now() }
const limits = {
  eventLogMax: 1_000,
  eventLogBytes: 2 ** 26,
  eventLogAge: 3_600_000,
  volatileMax: 100,
  volatileBytes: 2 ** 22,
  outboxMax: 100,
  outboxBytes: 2 ** 26,
  keptMax: 10_000,
  keptBytes: 2 ** 26,
  dedupAge: 3_600_000,
  recordAge: 3_600_000,
  idempotencyAge: 3_600_000,
}
const uncounted = { count() {}, set() {}, observe() {} }
const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected

/** tells every message that comes in */
const listening: Feature = {
  name: 'listening',
  message: ({ stanza }) => ({ events: [{ type: 'message.received', subject: stanza.attributes.from ?? '', data: stanza.attributes.id }] }),
}

async function start(
  t: TestContext,
  features: Feature[] = [listening],
  { store = createMemoryStore({ limits, clock }), clock: time = clock }: { store?: Store; clock?: Clock } = {},
) {
  const connector = createScriptedConnector()
  const gateway = createGateway({
    store,
    connector,
    seal: createSeal([randomBytes(32)]),
    clock: time,
    vocabulary: {} as Translator,
    features,
    instance: 'one',
    log: quiet,
    metrics: uncounted,
    tracing: noTracing,
  })
  await gateway.start()
  t.after(async () => {
    await gateway.stop()
    await store.close()
  })
  const open = (more: object = {}, wait = 5_000) =>
    gateway.sessions.open(
      { tenant: 'main', jid: 'romeo@montague.lit', password: 'secret', connections: 1, ...more },
      { wait, background: false, signal: new AbortController().signal },
    )
  return { store, connector, ...gateway, open }
}

async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (const end = performance.now() + 5_000; performance.now() < end; ) {
    const found = await look()
    if (found) return found
    await turn()
  }
  throw new Error('It did not happen.')
}

async function online(t: TestContext, features?: Feature[], more: object = {}) {
  const world = await start(t, features)
  const opening = world.open(more)
  const connection = await until(() => world.connector.connections[0])
  await connection.bind()
  const { handle, token } = await opening
  return { ...world, connection, handle, token }
}

const events = async (store: Store, handle: SessionHandle): Promise<StoredEvent[]> =>
  (await store.log.read(handle.record.id, undefined, 1_000)).events
const types = async (store: Store, handle: SessionHandle) => (await events(store, handle)).map(({ type }) => type)

function post(handle: SessionHandle, id: string, { to = 'juliet@capulet.lit', type = 'chat', expiresAt = null as number | null } = {}) {
  const entry = { id, xml: serialize(chat(to, id)), to, kind: 'message' as const, type, acceptedAt: Date.now(), expiresAt }
  const record = accepted(entry)
  return handle.accept({ entries: [{ entry, record }], events: [{ type: 'message.accepted', subject: id, data: recordJson(record) }] })
}
const status = async (handle: SessionHandle, id: string) => (await handle.message(id))?.status

test('a session is open when it is online, and a first definite failure leaves nothing behind', async (t) => {
  const { open, connector, sessions } = await start(t)
  const refused = open()
  const first = await until(() => connector.connections[0])
  first.events.state('auth-failed', { reason: 'not-authorized', error: new Problem('xmpp-authentication-failed', 'no') })
  await assert.rejects(refused, code('xmpp-authentication-failed'))
  await assert.rejects(sessions.resolve('main', 'romeo@montague.lit'), code('session-not-found'))
  const opening = open()
  await (await until(() => connector.connections[1])).bind()
  const { outcome, handle } = await opening
  assert.equal(outcome, 'created')
  assert.equal((await handle.status()).state, 'online')
})

test('the end of the wait leaves nothing behind either', async (t) => {
  const { open, sessions } = await start(t)
  await assert.rejects(open({}, 20), code('xmpp-timeout'))
  assert.deepEqual(await sessions.list('main', { limit: 10 }), [])
})

test('two at once make one session', async (t) => {
  const { open, connector, sessions } = await start(t)
  const both = Promise.all([open(), open()])
  await (await until(() => connector.connections[0])).bind()
  const outcomes = await both
  assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ['created', 'existing'])
  assert.equal(new Set(outcomes.map(({ token }) => token)).size, 2)
  assert.equal((await sessions.list('main', { limit: 10 })).length, 1)
  assert.equal(connector.connections.length, 1)
})

test('another password is tried first: the running session is untouched when it is wrong', async (t) => {
  const { open, connector, connection, handle, sessions } = await online(t)
  connector.verdict = new Problem('xmpp-authentication-failed', 'no')
  await assert.rejects(open({ password: 'wrong' }), code('xmpp-authentication-failed'))
  assert.equal(await connection.spec.password(), 'secret')
  connector.verdict = undefined
  assert.equal((await open({ password: 'new' })).outcome, 'existing')
  assert.equal(await connection.spec.password(), 'new')
  assert.equal((await sessions.update(handle, { password: 'newer' })).record.id, handle.record.id)
  assert.equal(await connection.spec.password(), 'newer')
})

test('a session is found by id, bare and bound full JID, and by its own tenant alone', async (t) => {
  const { sessions, handle, token } = await online(t)
  const { id, resource } = handle.record
  for (const reference of [id, 'romeo@montague.lit', 'Romeo@Montague.LIT', `romeo@montague.lit/${resource}`])
    assert.equal((await sessions.resolve('main', reference)).record.id, id)
  for (const reference of ['romeo@montague.lit/elsewhere', 'juliet@capulet.lit', 'ses_unknown', '@/'])
    await assert.rejects(sessions.resolve('main', reference), code('session-not-found'))
  await assert.rejects(sessions.resolve('other', id), code('session-not-found'))
  assert.deepEqual(await sessions.authenticate(token), { tenant: 'main', session: id, jid: 'romeo@montague.lit' })
  assert.equal(await sessions.authenticate(`${token.slice(0, -1)}x`), undefined)
})

test('a message is sent, and acked when the server has counted it: what was not told by then is in its history', async (t) => {
  const { store, connection, handle } = await online(t)
  await post(handle, 'm1')
  await until(() => connection.sent.some(({ attributes }) => attributes.id === 'm1'))
  await until(async () => (await status(handle, 'm1')) === 'sent')
  connection.events.acked(100)
  await until(async () => (await status(handle, 'm1')) === 'acked')
  assert.deepEqual(
    (await types(store, handle)).filter((type) => type.startsWith('message.')),
    ['message.accepted', 'message.acked'],
  )
  const { history } = (await handle.message('m1'))!
  assert.deepEqual(
    history.map((entry) => entry.status),
    ['accepted', 'sent', 'acked'],
  )
  assert.deepEqual(await store.outbox.size(handle.record.id), { length: 0 })
})

test('that a message was sent is told where the server does not count it for a while', async (t) => {
  const { store, connection, handle } = await online(t)
  await post(handle, 'm1')
  const told = async () => (await types(store, handle)).filter((type) => type.startsWith('message.'))
  await until(async () => (await told()).includes('message.sent'))
  connection.events.acked(100)
  await until(async () => (await told()).includes('message.acked'))
  assert.deepEqual(await told(), ['message.accepted', 'message.sent', 'message.acked'])
})

test('what is accepted while the link is down goes out in order when it is back', async (t) => {
  const { connection, handle } = await online(t)
  connection.drop()
  for (const id of ['m1', 'm2', 'm3']) await post(handle, id)
  assert.equal((await handle.status()).state, 'backoff')
  await connection.bind()
  const ids = await until(() => {
    const sent = connection.sent.filter(({ name }) => name === 'message').map(({ attributes }) => attributes.id)
    return sent.length === 3 && sent
  })
  assert.deepEqual(ids, ['m1', 'm2', 'm3'])
})

test('after a lost stream chat goes again with the same id, and groupchat is told as of unknown outcome', async (t) => {
  const { connection, handle } = await online(t)
  await post(handle, 'm1')
  await post(handle, 'm2')
  await post(handle, 'g1', { to: 'room@muc.lit', type: 'groupchat' })
  await until(async () => (await status(handle, 'g1')) === 'sent')
  const before = connection.sent.findIndex(({ attributes }) => attributes.id === 'm1')
  connection.events.state('backoff', { reason: 'connection-lost' })
  connection.events.lost(before + 1)
  await until(async () => (await status(handle, 'm1')) === 'acked')
  await connection.bind()
  await until(async () => (await status(handle, 'g1')) === 'failed')
  assert.equal((await handle.message('g1'))?.error?.code, 'outcome-unknown')
  await until(() => connection.sent.some(({ attributes }) => attributes.id === 'm2'))
  assert.ok(!connection.sent.some(({ attributes }) => attributes.id === 'm1' || attributes.id === 'g1'))
})

test('a message past its time is expired, not sent', async (t) => {
  const { connection, handle } = await online(t)
  connection.drop()
  await post(handle, 'm1', { expiresAt: Date.now() + 20 })
  await until(async () => (await status(handle, 'm1')) === 'expired')
  await connection.bind()
  assert.ok(!connection.sent.some(({ attributes }) => attributes.id === 'm1'))
})

test('an incoming stanza counts as handled only once it is stored', async (t) => {
  const { store, connection, handle } = await online(t)
  const commit = store.commit
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  store.commit = async (...given) => {
    await held
    return await commit(...given)
  }
  const before = connection.stored
  connection.receive('<message from="juliet@capulet.lit/b" id="r1"/>')
  for (let turns = 0; turns < 20; turns += 1) await turn()
  assert.equal(connection.stored, before)
  release()
  await until(() => connection.stored === before + 1)
  assert.ok((await events(store, handle)).some(({ data }) => data === 'r1'))
})

test('copies of one message make one event', async (t) => {
  const { store, connection, handle } = await online(t)
  const id = '<stanza-id xmlns="urn:xmpp:sid:0" by="romeo@montague.lit" id="s1"/>'
  const direct = `<message xmlns="jabber:client" from="juliet@capulet.lit/b" id="r1">${id}</message>`
  connection.receive(direct)
  connection.receive(
    `<message from="romeo@montague.lit"><received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${direct}</forwarded></received></message>`,
  )
  connection.receive('<message from="juliet@capulet.lit/b" id="r2"/>')
  await until(async () => (await events(store, handle)).some(({ data }) => data === 'r2'))
  assert.equal((await events(store, handle)).filter(({ data }) => data === 'r1').length, 1)
})

test('the sent carbon of an own message makes no event and gives the record its stanza-id', async (t) => {
  const { store, connection, handle } = await online(t)
  await post(handle, 'm1')
  await until(async () => (await status(handle, 'm1')) === 'sent')
  connection.receive(
    '<message from="romeo@montague.lit"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">' +
      '<message xmlns="jabber:client" from="romeo@montague.lit/else" to="juliet@capulet.lit" id="m1"><origin-id xmlns="urn:xmpp:sid:0" id="m1"/><stanza-id xmlns="urn:xmpp:sid:0" by="romeo@montague.lit" id="s9"/></message></forwarded></sent></message>',
  )
  await until(async () => (await handle.message('m1'))?.stanzaId === 's9')
  assert.ok(!(await types(store, handle)).includes('message.received'))
})

test('an unknown request is answered, an error never is', async (t) => {
  const { connection } = await online(t)
  connection.sent.length = 0
  connection.receive('<iq type="error" id="e1" from="juliet@capulet.lit/b"><error type="cancel"/></iq>')
  connection.receive('<iq type="result" id="e2" from="juliet@capulet.lit/b"/>')
  connection.receive('<iq type="get" id="q1" from="juliet@capulet.lit/b"><query xmlns="urn:unknown"/></iq>')
  const [answer] = await until(() => connection.sent.length > 0 && connection.sent)
  assert.equal(connection.sent.length, 1)
  assert.deepEqual({ ...answer?.attributes }, { type: 'error', id: 'q1', to: 'juliet@capulet.lit/b' })
})

test('a room that throws on a stanza does not stop the session', async (t) => {
  const failing: Feature = {
    name: 'failing',
    message({ stanza }) {
      if (stanza.attributes.id === 'bad') throw new TypeError('bad')
      return undefined
    },
  }
  const { store, connection, handle } = await online(t, [failing, listening])
  connection.receive('<message from="juliet@capulet.lit/b" id="bad"/>')
  connection.receive('<message from="juliet@capulet.lit/b" id="good"/>')
  await until(async () => (await events(store, handle)).some(({ data }) => data === 'good'))
})

test('a flapping link is told once, and a resume as such', async (t) => {
  const { store, connection, handle } = await online(t)
  connection.drop('resuming')
  connection.events.state('online', { reason: null, resumed: true })
  connection.drop()
  connection.events.state('connecting', { reason: null })
  connection.events.state('backoff', { reason: 'connection-refused' })
  await connection.bind()
  await until(async () => (await types(store, handle)).filter((type) => type === 'session.online').length === 2)
  assert.deepEqual(
    (await types(store, handle)).filter((type) => /^session\.(online|offline|resumed)$/.test(type)),
    ['session.online', 'session.resumed', 'session.offline', 'session.online'],
  )
})

test('who needs the wire is told that the session is offline or stopped', async (t) => {
  const ofTheNextVersion = defineCommand<object>({ name: 'of-the-next-version' })
  const changedSince = defineCommand<{ xml: string }>({ name: 'send', version: 2 })
  const { connection, handle } = await online(t)
  await assert.rejects(handle.perform(changedSince, { xml: '<presence/>' }, { timeout: 1_000 }), code('session-offline'))
  await handle.perform(sendStanza, { xml: '<presence/>' }, { timeout: 1_000 })
  await assert.rejects(handle.perform(ofTheNextVersion, {}, { timeout: 1_000 }), code('session-offline'))
  connection.drop()
  await assert.rejects(handle.perform(sendStanza, { xml: '<presence/>' }, { timeout: 1_000 }), code('session-offline'))
  connection.events.state('conflict', { reason: 'conflict' })
  await assert.rejects(handle.perform(sendStanza, { xml: '<presence/>' }, { timeout: 1_000 }), code('session-stopped'))
  await assert.rejects(post(handle, 'm1'), code('session-stopped'))
})

test('an iq set that waits for a store that is away may still be sent, and a get may be tried again', { timeout: 30_000 }, async (t) => {
  const startIq = defineCommand<{ id: string; type: string }>({ name: 'iq.start', changes: ({ type }) => type === 'set' })
  const later: Feature = {
    name: 'later',
    commands: [
      startIq.by(async (session, { id }) => {
        await session.commit({ iqs: [{ id, session: session.record.id, status: 'pending' }] })
        await session.send(element('iq', CLIENT, { id, to: 'juliet@capulet.lit/b', type: 'set' }, []))
      }),
    ],
  }
  const { store, connection, handle } = await online(t, [later])
  const { commit } = store
  const away = new Problem('store-unavailable', 'away', { retryAfter: 2 })
  const start = (type: string) => handle.perform(startIq, { id: type, type }, { timeout: 60_000 })
  store.commit = async () => {
    throw away
  }
  const started = [start('set'), start('get')]
  await assert.rejects(started[0]!, code('outcome-unknown'))
  await assert.rejects(started[1]!, code('store-unavailable'))
  // it is known to be away by now, and nothing begins
  await assert.rejects(start('set'), code('store-unavailable'))
  store.commit = commit
  const ids = () => connection.sent.map(({ attributes: { id } }) => id)
  await until(async () => {
    await delay(1)
    return ids().includes('get')
  })
  assert.deepEqual(
    ids().filter((id) => id === 'set' || id === 'get'),
    ['set', 'get'],
  )
})

test('senders are opened beside the primary and share the conversations', async (t) => {
  const { connector, connection, handle, sessions } = await online(t, [listening], { connections: 3 })
  const views = (await sessions.view(handle)).connections as { role: string; state: string }[]
  assert.deepEqual(
    views.map(({ role }) => role),
    ['primary', 'sender', 'sender'],
  )
  await until(() => connector.connections.length === 3)
  await connector.connection(1).bind()
  await connector.connection(2).bind()
  for (let index = 0; index < 60; index += 1) await post(handle, `m${index}`, { to: `contact${index}@capulet.lit` })
  const count = (index: number) => connector.connection(index).sent.filter(({ name }) => name === 'message').length
  await until(() => count(0) + count(1) + count(2) === 60)
  for (const index of [0, 1, 2]) assert.ok(count(index) > 5, `connection ${index}`)
  assert.equal(connection.sent.filter(({ name }) => name === 'presence').length, 0)
})

test('an ended session fails what it still had, and is gone', async (t) => {
  const { store, connection, handle, sessions, token } = await online(t)
  connection.drop()
  await post(handle, 'm1')
  await until(async () => (await types(store, handle)).includes('session.offline'))
  const before = await store.log.end(handle.record.id)
  await sessions.close(handle, { status: 'bye' })
  const last = (await store.log.read(handle.record.id, before, 10)).events
  assert.deepEqual(
    last.map(({ type }) => type),
    ['message.failed', 'session.ended'],
  )
  assert.equal(connection.closed, true)
  await assert.rejects(sessions.resolve('main', handle.record.id), code('session-not-found'))
  assert.equal(await sessions.authenticate(token), undefined)
})

test('waiting for a message ends when it has the status, and at the end of the time', async (t) => {
  const { connection, handle } = await online(t)
  await post(handle, 'm1')
  const { signal } = new AbortController()
  assert.equal((await handle.awaitMessage('m1', ['acked'], 20, signal))?.status, 'sent')
  const waiting = handle.awaitMessage('m1', ['acked'], 60_000, signal)
  connection.events.acked(100)
  assert.equal((await waiting)?.status, 'acked')
})

test('each session is tidied once in an hour, since nothing that is written to it may do so', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const memory = createMemoryStore({ limits, clock })
  const tidied: string[] = []
  const tidy = async (id: string) => void tidied.push(id)
  const store: Store = { ...memory, durable: true, sessions: { ...memory.sessions, tidy } }
  const { open, connector } = await start(t, [listening], { store, clock: { now: Date.now, monotonic: () => now } })
  const ids: string[] = []
  for (const jid of ['romeo@montague.lit', 'paris@montague.lit']) {
    const opening = open({ jid })
    const connection = await until(() => connector.connections[ids.length])
    await connection.bind()
    ids.push((await opening).handle.record.id)
  }
  for (const end = now + 3_600_000; now < end; ) {
    now += 5_000
    t.mock.timers.tick(5_000)
    for (let turns = 0; turns < 10; turns += 1) await turn()
  }
  assert.deepEqual(tidied.toSorted(), ids.toSorted())
})
