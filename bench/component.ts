/**
 * What each address of a component costs that shows presence to one subscriber: memory of the gateway, of Redis, and CPU.
 * `node --expose-gc bench/component.ts [addresses] [--redis]`
 */
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { buildApp } from '../src/app.ts'
import { readConfig } from '../src/config/config.ts'
import { makeKey } from '../test/support/gateway.ts'
import { temporaryFolder } from '../test/support/processes.ts'
import { startRedis } from '../test/support/redis.ts'

const DOMAIN = 'bots.example.com'
/** requests at one time */
const AT_ONCE = 20
/** ms that what is left over gets to end, before memory is looked at */
const REST = 2_000

const addresses = Number(process.argv.find((one) => /^\d+$/.test(one)) ?? 10_000)
const redis = process.argv.includes('--redis') ? await startRedis() : undefined

/** A server that takes any secret, brings pings back and hears the rest. */
const server = createServer((socket) => {
  socket.setEncoding('utf8')
  socket.once('data', () => {
    socket.write(`<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='${DOMAIN}' id='s1'>`)
    socket.once('data', () => {
      socket.write('<handshake/>')
      socket.on('data', (text: string) => {
        for (const [ping] of text.matchAll(/<iq [^>]*id="ping-[^>]*><ping[^>]*\/><\/iq>/g)) socket.write(ping)
      })
    })
  })
  socket.on('error', () => undefined)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as { port: number }

const key = makeKey()
const app = await buildApp(
  readConfig({
    env: {
      ...{ API_KEYS: `main=${key}`, PORT: '0', LOG_LEVEL: 'error' },
      ...(redis && { REDIS_URL: redis.url, CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64') }),
    },
    folder: temporaryFolder('bench'),
  }),
)
await app.start()

async function call(method: 'POST' | 'PUT', path: string, payload: object): Promise<void> {
  const { statusCode, payload: told } = await app.server.inject({ method, url: path, headers: { authorization: `Bearer ${key}` }, payload })
  if (statusCode >= 300) throw new Error(`${statusCode} ${told}`)
}

async function look(): Promise<{ resident: number; heap: number; kept: number }> {
  await delay(REST)
  const collect = (globalThis as { gc?: () => void }).gc
  collect?.()
  const { rss, heapUsed } = process.memoryUsage()
  const info = redis && (await client!.info('memory'))
  return { resident: rss, heap: heapUsed, kept: Number(/used_memory:(\d+)/.exec(info ?? '')?.[1] ?? 0) }
}

const client = redis && new Redis(redis.url)
await call('POST', '/sessions', { component: DOMAIN, secret: 'secret', service: `xmpp://127.0.0.1:${port}` })
const before = await look()
const cpu = process.cpuUsage()
let next = 0
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let n = next++; n < addresses; n = next++) {
      const from = `bot${n}@${DOMAIN}`
      await call('POST', `/presence?session=${DOMAIN}`, { from, to: `user${n}@example.com`, type: 'subscribed' })
      await call('PUT', `/presence?session=${DOMAIN}`, { from, status: 'Here to help' })
    }
  }),
)
const { user, system } = process.cpuUsage(cpu)
const after = await look()
const each = (name: keyof typeof after) => `${((after[name] - before[name]) / addresses / 1024).toFixed(2)} KiB`
console.log(`${addresses} addresses, each with presence and one subscriber${redis ? ', on Redis' : ', in memory'}`)
console.log(
  `heap ${each('heap')}, resident ${each('resident')}${redis ? `, Redis ${each('kept')}` : ''} each; ${Math.round((user + system) / addresses)} µs of CPU each`,
)
client?.disconnect()
await app.stop()
server.close()
await redis?.stop()
process.exit(0)
