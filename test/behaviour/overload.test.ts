/** A gateway with more to do than it can, with a heap that is nearly full, and without file descriptors: it refuses, lives, and recovers. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import { type HttpAnswer, mainFile, startGateway, type TestGateway } from '../support/gateway.ts'
import { findProgram } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy } from '../support/proxy.ts'
import { startRedis } from '../support/redis.ts'
import { openAccount, openClient, until, users, withBody } from './account.ts'
import { assertCalm, DEADLINE } from './redis-trouble.ts'

const ballast = fileURLToPath(new URL('../support/ballast.ts', import.meta.url))

/** callers at once */
const CALLERS = 200
/** children of a message that takes some ms to translate */
const CHILDREN = 1_500
const work = `<message xmlns='jabber:client' to='a@b' type='chat'>${"<x xmlns='urn:example:x'><y a='1'>t</y></x>".repeat(CHILDREN)}</message>`

const translate = (gateway: TestGateway) =>
  gateway.api('POST', '/translate', { body: work, headers: { 'content-type': 'application/xml' }, timeout: DEADLINE })
const health = (gateway: TestGateway, path: string) => gateway.api('GET', `/health/${path}`, { key: null, timeout: DEADLINE })

function assertRefused({ status, body, headers, text }: HttpAnswer): void {
  assert.deepEqual([status, body?.code, body?.retryable], [503, 'too-busy', true], text)
  const retryAfter = Number(headers.get('retry-after'))
  assert.ok(retryAfter >= 1 && retryAfter <= 5)
}

describe('a gateway that is pressed too hard', { timeout: 180_000 }, () => {
  it('refuses what would only wait, serves what it took, answers health between, and takes all again when the rush is over', async (t) => {
    const gateway = await startGateway()
    try {
      let served = 0
      const refused: HttpAnswer[] = []
      let isRush = true
      const rush = Array.from({ length: CALLERS }, async () => {
        while (isRush) {
          const answer = await translate(gateway)
          if (answer.status === 200) served += 1
          else refused.push(answer)
        }
      })
      let longest = 0
      try {
        await until(async () => {
          const began = performance.now()
          assert.equal((await health(gateway, 'live')).status, 200)
          longest = Math.max(longest, performance.now() - began)
          return served > 20 && refused.length > 20
        }, DEADLINE)
      } finally {
        isRush = false
      }
      await Promise.all(rush)
      refused.forEach(assertRefused)
      t.diagnostic(`${served} served, ${refused.length} refused, health answered within ${longest.toFixed(0)} ms`)
      await until(async () => (await health(gateway, 'ready')).status === 200, DEADLINE)
      assert.equal((await translate(gateway)).status, 200)
      assertCalm(gateway)
    } finally {
      await gateway.stop()
    }
  })

  it('refuses new work while its heap is nearly full, and only then', async () => {
    const args = ['--max-old-space-size=640', '--max-semi-space-size=32', '--expose-gc', '--import', ballast, mainFile]
    const gateway = await startGateway({ args, env: { FILLED: '0.68' } })
    try {
      assert.equal((await translate(gateway)).status, 200)
      process.kill(gateway.pid, 'SIGUSR2')
      const ready = await until(async () => {
        const answer = await health(gateway, 'ready')
        return answer.status === 503 && answer
      }, DEADLINE)
      assert.deepEqual([ready.body.code, ready.body.checks.heap], ['too-busy', 'failed'])
      assertRefused(await translate(gateway))
      assert.equal((await health(gateway, 'live')).status, 200)
      assert.equal((await gateway.api('GET', '/metrics')).status, 200)
      process.kill(gateway.pid, 'SIGUSR2')
      await until(async () => (await translate(gateway)).status === 200, DEADLINE)
      assert.equal((await health(gateway, 'ready')).status, 200)
      assertCalm(gateway)
    } finally {
      await gateway.stop()
    }
  })

  it('without file descriptors it takes no connection and makes none, lives, and recovers', async () => {
    const server = await startProsody({ users: users('romeo', 'juliet') })
    const redis = await startRedis()
    const toServer = await startProxy({ to: server })
    const toRedis = await startProxy({ to: redis })
    const gateway = await startGateway({ server, redis: { url: `redis://127.0.0.1:${toRedis.port}` } })
    const agent = new Agent({ connections: 1, keepAliveTimeout: DEADLINE })
    const limit = (descriptors: string) => execFileSync(findProgram('prlimit'), ['--pid', String(gateway.pid), `--nofile=${descriptors}`])
    const isLive = async () => (await request(`${gateway.url}/health/live`, { dispatcher: agent })).body.text()
    try {
      const service = `xmpp://127.0.0.1:${toServer.port}`
      const romeo = await openAccount({ server, gateway, store: 'redis' }, 'romeo', { service })
      const juliet = await openClient({ server, gateway, store: 'redis' }, 'juliet')
      try {
        const before = /Max open files +(\d+) +(\d+)/.exec(execFileSync('cat', [`/proc/${gateway.pid}/limits`], { encoding: 'utf8' }))
        assert.match(await isLive(), /live/)
        // what is open now, and nothing more: the kernel gives the lowest number that is free
        const open = new Set(readdirSync(`/proc/${gateway.pid}/fd`))
        let free = 0
        while (open.has(String(free))) free += 1
        limit(`${free}:`)
        const strangers = await Promise.all(
          Array.from({ length: 50 }, () =>
            fetch(`${gateway.url}/health/live`, { headers: { connection: 'close' } }).catch((error: Error) => error),
          ),
        )
        assert.ok(
          strangers.some((answer) => answer instanceof Error),
          'there is none left',
        )
        // over what is open already it goes on
        assert.match(await isLive(), /live/)
        juliet.send(`<message to='${romeo.jid}' type='chat'><body>still there?</body></message>`)
        assert.equal((await romeo.events.next('message.received')).data.body, 'still there?')
        // and what is lost now cannot be opened again
        for (const proxy of [toServer, toRedis]) proxy.cut()
        const filled = await Promise.all(
          Array.from({ length: 50 }, () =>
            fetch(`${gateway.url}/health/ready`).then(
              (answer) => answer.status,
              () => 0,
            ),
          ),
        )
        assert.ok(filled.length === 50)
        assert.match(await isLive(), /live/)

        limit(`${before?.[1]}:`)
        await until(async () => (await gateway.api('GET', `/sessions/${romeo.id}`)).body?.state === 'online', DEADLINE)
        juliet.send(`<message to='${romeo.jid}' type='chat'><body>and now?</body></message>`)
        assert.equal(
          (await romeo.events.next((event) => event.type === 'message.received' && event.data.body === 'and now?', DEADLINE)).data.body,
          'and now?',
        )
        await romeo.say(juliet.jid, 'I am')
        await juliet.next(withBody('I am'), DEADLINE)
      } finally {
        await juliet.stop()
        romeo.events.socket.terminate()
      }
      assert.equal(await gateway.stop(), 0)
    } finally {
      await agent.destroy()
      for (const one of [gateway, toRedis, toServer, redis, server]) await one.stop()
    }
  })
})
