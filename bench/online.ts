/** Many accounts online in one process: sessions of the gateway, connections of src/xmpp alone, or clients of @xmpp/client alone. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import * as library from '@xmpp/client'
import { buildApp } from '../src/app.ts'
import { readConfig } from '../src/config/config.ts'
import { createConnector } from '../src/xmpp/connector.ts'
import { makeKey } from '../test/support/gateway.ts'

export type Kind = 'gateway' | 'src/xmpp' | '@xmpp/client'

export interface Told {
  by: Kind
  port: number
  caFile: string
  password: string
  folder: string
}

/** Said after each lot of log-ins. */
export interface Online {
  seconds: number
  /** µs of CPU for all log-ins */
  cpu: number
  /** ms, the longest */
  stall: number
  /** bytes, after a full collection */
  resident: number
  heap: number
}

/** ms that what is left over from logging in gets to end, before memory is looked at */
const REST = 2_000

const { by, port, caFile, password, folder } = JSON.parse(process.argv[2]!) as Told
const service = `xmpp://localhost:${port}`
const quiet = () => undefined
/** what nobody refers to is not kept in memory */
const kept: unknown[] = []

const kinds: Record<Kind, () => Promise<(user: string) => Promise<void>>> = {
  async gateway() {
    const key = makeKey()
    const env = { API_KEYS: `main=${key}`, XMPP_CA_FILE: caFile, XMPP_PRIVATE_HOSTS: 'localhost', PORT: '0' }
    const app = await buildApp(readConfig({ env, folder }))
    await app.start()
    return async (user) => {
      const { statusCode, payload } = await app.server.inject({
        method: 'POST',
        url: '/sessions',
        headers: { authorization: `Bearer ${key}` },
        payload: { jid: `${user}@localhost`, password, service },
      })
      if (statusCode !== 201) throw new Error(`${statusCode} ${payload}`)
    }
  },

  async 'src/xmpp'() {
    const connector = createConnector({
      caFile,
      privateHosts: ['localhost'],
      plaintextHosts: [],
      ports: [],
      stanzaLimit: 262_144,
      clock: { now: Date.now, monotonic: () => performance.now() },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    })
    return (user) =>
      new Promise((resolve, reject) => {
        const spec = { tenant: 'bench', jid: `${user}@localhost`, password: async () => password, resource: 'bench', service, resume: null }
        const connection = connector.open(spec, {
          state: (state, { error }) => {
            if (error !== undefined) return reject(error)
            if (state !== 'online') return
            connection.send('<presence/>')
            resolve()
          },
          bound: async () => undefined,
          stanza: (_, position) => connection.stored(position),
          acked: quiet,
          resumed: quiet,
          lost: quiet,
          verified: quiet,
        })
        kept.push(connection)
      })
  },

  async '@xmpp/client'() {
    interface Client {
      on(event: string, listener: () => void): void
      start(): Promise<unknown>
      send(element: unknown): Promise<void>
    }
    const { client, xml } = library as unknown as { client(options: object): Client; xml(name: string): unknown }
    return async (user) => {
      const xmpp = client({ service, domain: 'localhost', username: user, password, resource: 'bench', timeout: 60_000 })
      xmpp.on('error', quiet)
      await xmpp.start()
      await xmpp.send(xml('presence'))
      kept.push(xmpp)
    }
  },
}

const logIn = await kinds[by]()
const stalls = monitorEventLoopDelay({ resolution: 5 })
const collect = (globalThis as { gc?: (options: object) => void }).gc

process.on('message', async ({ users, parallel, idle }: { users: string[]; parallel: number; idle?: number }) => {
  if (idle !== undefined) {
    const before = process.cpuUsage()
    await delay(idle)
    const { user, system } = process.cpuUsage(before)
    process.send!({ idle: user + system })
    return
  }
  const cpu = process.cpuUsage()
  const begun = performance.now()
  stalls.reset()
  stalls.enable()
  const work = async () => {
    for (let name = users.shift(); name !== undefined; name = users.shift()) await logIn(name)
  }
  await Promise.all(Array.from({ length: parallel }, work))
  stalls.disable()
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await delay(REST)
  // gives pages back that are not used, too
  collect?.({ type: 'major', flavor: 'last-resort' })
  const { rss: resident, heapUsed: heap } = process.memoryUsage()
  const online: Online = { seconds, cpu: user + system, stall: stalls.max / 1e6, resident, heap }
  process.send!({ online })
})
process.on('disconnect', () => process.exit(0))
process.send!({ ready: true })
