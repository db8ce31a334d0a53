/** A gateway as a process of its own, as users run it, and what a caller needs to talk to it. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type EventStream, type EventStreamOptions, openEventStream } from './event-stream.ts'
import { dieWithParent, temporaryFolder } from './processes.ts'
import { refuseUndeclared, tellsUndeclared, undeclaredIn } from './undeclared.ts'
import type { XmppServer } from './xmpp-server.ts'

/** ms until the gateway says where it listens */
const START_DEADLINE = 20_000
/** ms that an ordered stop may take; the gateway's own bound is 25 s */
const STOP_DEADLINE = 30_000
/** log lines kept; the oldest go first */
const LOGS_MAX = 50_000

export const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface GatewayOptions {
  /** its certificate authority is trusted and its address allowed */
  server?: Pick<XmppServer, 'caFile' | 'service'>
  /** of a private redis-server; absent: the memory store */
  redis?: { url: string }
  /** tenants that get an API key; default one, `main` */
  tenants?: readonly string[]
  /** API keys by tenant, of another gateway that this one stands beside; default new ones */
  keys?: Readonly<Record<string, string>>
  /** more environment; '' unsets what is set here */
  env?: Readonly<Record<string, string>>
  /** what node runs; default src/main.ts */
  args?: readonly string[]
}

export interface LogLine {
  line: string
  /** the line as JSON, where it is JSON */
  entry?: Readonly<Record<string, unknown>>
}

export interface RequestOptions {
  /** an object goes as JSON, a string or bytes as they are */
  body?: unknown
  headers?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, string | number>>
  /** API key or session token; default the key of the first tenant; null sends none */
  key?: string | null
  /** ms, default 30 s */
  timeout?: number
}

export interface HttpAnswer {
  status: number
  headers: Headers
  /** parsed where it is JSON, else the text; undefined when empty */
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it, which says more than a type
  body: any
  text: string
}

export interface TestGateway {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** API key of the first tenant */
  readonly key: string
  /** API keys by tenant */
  readonly keys: Readonly<Record<string, string>>
  readonly logs: readonly LogLine[]
  /** the environment it was started with, to start another like it */
  readonly env: Readonly<Record<string, string>>
  api(method: string, path: string, options?: RequestOptions): Promise<HttpAnswer>
  /** `POST /sessions` with the server as its `service`; throws unless it is online */
  // biome-ignore lint/suspicious/noExplicitAny: the session as JSON
  login(body: { jid: string; password: string; [member: string]: unknown }): Promise<any>
  events(options: Omit<EventStreamOptions, 'url'> & { key?: string | null }): EventStream
  /** ends it in order; resolves with its exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  kill(): Promise<void>
  /** resolves with the exit code whenever it ends */
  readonly ended: Promise<number | null>
}

export function makeKey(): string {
  return `sgk_${randomBytes(24).toString('base64url')}`
}

export async function startGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const { server, redis, tenants = ['main'], args = [mainFile] } = options
  const keys = options.keys ?? Object.fromEntries(tenants.map((tenant) => [tenant, makeKey()]))
  const env: Record<string, string> = {
    PORT: '0',
    LOG_LEVEL: 'debug',
    API_KEYS: Object.entries(keys)
      .map(([tenant, key]) => `${tenant}=${key}`)
      .join(','),
    XMPP_PRIVATE_HOSTS: 'localhost,127.0.0.1,::1',
    ...(server === undefined ? {} : { XMPP_CA_FILE: server.caFile }),
    ...(redis === undefined ? {} : { REDIS_URL: redis.url, CREDENTIALS_KEY: randomBytes(32).toString('base64') }),
    ...options.env,
  }
  // a folder of its own, so that no .env of the project is read or written
  const folder = temporaryFolder('gateway')
  const { PATH = '', TMPDIR = '', NODE_COMPILE_CACHE } = process.env
  const inherited = { PATH, TMPDIR, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) }
  const [program = '', ...programArgs] = [...dieWithParent(), process.execPath, '--import', tellsUndeclared, ...args]
  const child = spawn(program, programArgs, {
    cwd: folder,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // a Ctrl-C of the terminal goes to us alone, and we end it in order
    detached: true,
  })
  // 'close' comes after the last line was read, 'exit' may come before
  const ended = once(child, 'close').then(([code]) => {
    rmSync(folder, { recursive: true, force: true })
    return code as number | null
  })

  const logs: LogLine[] = []
  const undeclared: string[] = []
  const listening = Promise.withResolvers<string>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      const found = undeclaredIn(line)
      if (found !== undefined) undeclared.push(found)
      const entry = parse(line)
      logs.push(entry === undefined ? { line } : { line, entry })
      if (logs.length > LOGS_MAX) logs.shift()
      const url = /http:\/\/[^\s"/]+:\d+/.exec(line)?.[0]
      if (url !== undefined) listening.resolve(url)
    })
  }
  const tail = () =>
    logs
      .slice(-50)
      .map(({ line }) => line)
      .join('\n')
  void ended.then((code) => listening.reject(new Error(`The gateway ended with ${code}:\n${tail()}`)))
  const late = setTimeout(() => listening.reject(new Error(`The gateway does not say where it listens:\n${tail()}`)), START_DEADLINE)

  async function kill(): Promise<void> {
    try {
      // with what it started, where it is npm
      process.kill(-child.pid!, 'SIGKILL')
    } catch {} // it has ended
    await ended
    refuseUndeclared(undeclared)
  }
  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    child.kill(signal)
    const slow = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE)
    try {
      await ended
    } finally {
      clearTimeout(slow)
    }
    refuseUndeclared(undeclared)
    return await ended
  }

  try {
    const url = await listening.promise
    const key = Object.values(keys)[0]!
    const api = (method: string, path: string, request: RequestOptions = {}) => call({ url, key, method, path, ...request })
    return {
      url,
      port: Number(new URL(url).port),
      pid: child.pid!,
      key,
      keys,
      logs,
      env,
      api,
      login: async (body) => {
        const service = server === undefined ? {} : { service: server.service }
        const answer = await api('POST', '/sessions', { body: { ...service, ...body } })
        if (answer.status !== 201 && answer.status !== 200) throw new Error(`${body.jid} is not online: ${answer.status} ${answer.text}`)
        return answer.body
      },
      events: ({ key: token = key, ...stream }) => openEventStream({ ...stream, url, ...(token === null ? {} : { token }) }),
      stop,
      kill,
      ended,
    }
  } catch (error) {
    await kill()
    throw error
  } finally {
    clearTimeout(late)
  }
}

async function call({
  url,
  key,
  method,
  path,
  body,
  headers = {},
  query = {},
  timeout = 30_000,
}: RequestOptions & { url: string; method: string; path: string }): Promise<HttpAnswer> {
  const target = new URL(url + path)
  for (const [name, value] of Object.entries(query)) target.searchParams.append(name, String(value))
  const raw = typeof body === 'string' || body instanceof Uint8Array
  const sent = body === undefined ? undefined : raw ? body : JSON.stringify(body)
  const answer = await fetch(target, {
    method,
    headers: {
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key == null ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    signal: AbortSignal.timeout(timeout),
    redirect: 'manual',
    ...(sent === undefined ? {} : { body: sent as string | Uint8Array<ArrayBuffer> }),
  })
  const text = await answer.text()
  const isJson = /[/+]json/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, headers: answer.headers, text, body: text === '' ? undefined : isJson ? JSON.parse(text) : text }
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
