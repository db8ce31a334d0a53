/** A gateway's outside without XMPP: the real HTTP server over the memory store, with sessions and operations of the test's own. */
import { once } from 'node:events'
import { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { z } from 'zod'
import { type App, buildApp } from '../../src/app.ts'
import { type Config, readConfig } from '../../src/config/config.ts'
import { problemCodes } from '../../src/errors/catalogue.ts'
import { Problem } from '../../src/errors/problem.ts'
import type { Feature } from '../../src/gateway/contract/feature.ts'
import type { Call, Operation } from '../../src/gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../../src/gateway/contract/session.ts'
import type { StateKind } from '../../src/gateway/contract/state-kind.ts'
import type { EventDraft } from '../../src/gateway/ports/event.ts'
import type { SessionRecord } from '../../src/gateway/ports/session-record.ts'
import type { Store } from '../../src/gateway/ports/store.ts'
import { createLog } from '../../src/log.ts'
import { createMemoryStore } from '../../src/store/memory/store.ts'
import { makeKey } from '../support/gateway.ts'
import { watchUndeclared } from '../support/undeclared.ts'

export const keys = { main: makeKey(), other: makeKey() }

export interface TestApp {
  url: string
  app: App
  store: Store
  config: Config
  /** lines of the log so far */
  lines(): string[]
  /** makes a session in the store; nothing of it is online */
  addSession(jid: string, tenant?: string): Promise<{ id: string; token: string }>
  append(session: string, ...events: EventDraft[]): Promise<string[]>
  /** ends a session as the gateway does */
  end(session: string): Promise<void>
  api(method: string, path: string, options?: ApiOptions): Promise<ApiAnswer>
}

export interface ApiOptions {
  /** null sends no token */
  key?: string | null
  body?: unknown
  headers?: Record<string, string>
}

export interface ApiAnswer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it
  body: any
}

export interface TestAppOptions {
  env?: Record<string, string>
  operations?: readonly Operation[]
  snapshots?: Feature['snapshots']
  finishWithin?: number
  linger?: number
}

export const operation = (given: Partial<Operation> & Pick<Operation, 'id' | 'method' | 'path'>): Operation => ({
  summary: given.id,
  scope: null,
  session: 'none',
  answers: { 200: { description: 'Done', schema: z.unknown() } },
  problems: problemCodes,
  examples: {},
  run: async ({ params, query, body }: Call) => ({ status: 200, body: { params, query, body } }),
  ...given,
})

const anyData = z.record(z.string(), z.unknown())

/** Starts it and stops it with the test. */
export async function startApp(t: Pick<TestContext, 'after'>, options: TestAppOptions = {}): Promise<TestApp> {
  const env = { PORT: '0', API_KEYS: `main=${keys.main},other=${keys.other}`, INSTANCE_ID: 'test', LOG_LEVEL: 'debug', ...options.env }
  const config = readConfig({ env, folder: '/nowhere' })
  const clock = { now: Date.now, monotonic: () => performance.now() }
  const store = createMemoryStore({ limits: config.limits, clock })
  const tokens = new Map<string, { tenant: string; session: string }>()
  const log: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      log.push(...String(chunk).trimEnd().split('\n'))
      done()
    },
  })
  const feature: Feature = {
    name: 'test',
    operations: () => [...(options.operations ?? [])],
    events: () => ['message.received', 'presence.available', 'session.ended'].map((type) => ({ type, description: type, schema: anyData })),
    ...(options.snapshots && { snapshots: options.snapshots }),
  }
  const app = await buildApp(config, {
    store,
    clock,
    log: createLog({ level: config.logLevel, instance: config.instance, destination }),
    features: [feature],
    finishWithin: options.finishWithin ?? 10_000,
    linger: options.linger ?? 0,
    sessions: fakeSessions(store, tokens),
  })
  await app.server.listen({ host: '127.0.0.1', port: 0 })
  t.after(app.stop)
  t.after(watchUndeclared())
  const address = app.server.server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const leases = new Map<string, string>()

  return {
    url,
    app,
    store,
    config,
    lines: () => log,
    async addSession(jid, tenant = 'main') {
      const id = `ses_${Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')}`
      const status = { state: 'online' as const, since: 0, reason: null, lastVerifiedAt: null, instance: 'test', connections: [] }
      const { record } = await store.sessions.create(recordOf(id, jid, tenant), status)
      const token = `sgs_${id.slice(4)}${'x'.repeat(32)}`
      tokens.set(token, { tenant, session: record.id })
      leases.set(id, (await store.leases.acquire(id, 'test'))?.fence ?? '')
      return { id, token }
    },
    append: (session, ...events) => store.commit(session, leases.get(session) ?? '', { events }),
    async end(session) {
      await store.commit(session, leases.get(session) ?? '', { events: [{ type: 'session.ended', data: { id: session } }] })
      await store.sessions.remove(session)
    },
    async api(method, path, { key = keys.main, body, headers = {} } = {}) {
      const isText = typeof body === 'string' || body instanceof Uint8Array
      const response = await fetch(url + path, {
        redirect: 'manual',
        method,
        headers: {
          ...(key !== null && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: isText ? (body as string) : JSON.stringify(body) }),
      })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json') && text !== ''
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text }
    },
  }
}

const recordOf = (id: string, jid: string, tenant: string): SessionRecord => ({
  id,
  tenant,
  jid,
  requestedResource: null,
  resource: 'test',
  service: null,
  connections: 1,
  presence: {},
  handles: [],
  credentials: '',
  createdAt: Date.now(),
  version: 1,
})

function fakeSessions(store: Store, tokens: ReadonlyMap<string, { tenant: string; session: string }>): Sessions {
  const handleOf = (record: SessionRecord) =>
    ({
      record,
      state: ({ name }: StateKind, keys?: readonly string[]) => store.state.read(record.id, name, keys),
      stateKeys: ({ name }: StateKind) => store.state.keys(record.id, name),
    }) as SessionHandle
  const absent = () => new Problem('session-not-found', 'There is no such session.')
  return {
    async resolve(tenant, reference) {
      const named = await store.sessions.get(reference)
      if (named?.record.tenant === tenant) return handleOf(named.record)
      const [record, ...others] = await store.sessions.find(tenant, reference)
      if (others.length > 0) throw new Problem('session-required', 'Several.')
      if (!record) throw absent()
      return handleOf(record)
    },
    async ofMessage(tenant, id) {
      const found = await store.sessions.get(`ses_${id.slice(4, 26)}`)
      return found?.record.tenant === tenant ? handleOf(found.record) : undefined
    },
    async authenticate(token) {
      const known = tokens.get(token)
      return known && (await store.sessions.get(known.session)) ? known : undefined
    },
  } as Sessions
}

/** A raw HTTP exchange: what fetch would not send. Answers all that came until the socket closed. */
export async function rawRequest(url: string, text: string): Promise<string> {
  const { connect } = await import('node:net')
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return answer
}
