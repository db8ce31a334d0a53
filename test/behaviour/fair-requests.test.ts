/** One tenant asks for all that a session can be asked for, at once and without end; another one, who is there too, must hardly notice. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent, request } from 'undici'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startProsody } from '../support/prosody.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, users } from './account.ts'

/** ms that each of a bystander's requests takes at the median, whatever else this machine does */
const WITHIN = 1_000
/** requests of the attacker at one time */
const AT_ONCE = 50
/** bytes that are read of each stream */
const STREAMED = 4 * 2 ** 20
/** what the bystander does meanwhile, one after the other */
const ROUNDS = 5

for (const kind of ['memory', 'redis'] as const)
  describe(`on ${kind}, while one tenant asks for all at once, another is not kept waiting`, { timeout: 180_000 }, () => {
    let server: XmppServer
    let redis: RedisServer | undefined
    let gateway: TestGateway
    let attacker: string
    let bystander: string

    before(async () => {
      server = await startProsody({ users: users('attacker', 'romeo') })
      redis = kind === 'redis' ? await startRedis() : undefined
      gateway = await startGateway({ server, ...(redis && { redis }), tenants: ['attacker', 'bystander'] })
      attacker = await login('attacker', 'attacker')
      bystander = await login('bystander', 'romeo')
      // a log with something in it: what is sent to oneself comes back
      const body = { to: `attacker@${server.domain}`, body: 'x'.repeat(100_000) }
      for (let n = 0; n < 60; n += 1)
        assert.equal(
          (await gateway.api('POST', '/messages', { key: gateway.keys.attacker!, query: { session: attacker }, body })).status,
          202,
        )
    })
    after(async () => {
      for (const one of [gateway, redis, server]) await one?.stop()
    })

    async function login(tenant: string, name: string): Promise<string> {
      const body = { jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service }
      const { status, body: session, text } = await gateway.api('POST', '/sessions', { key: gateway.keys[tenant]!, body })
      assert.equal(status, 201, text)
      return session.id
    }

    type Ask = (
      n: number,
    ) => [method: string, path: string, options?: { query?: Record<string, string | number>; body?: unknown; accept?: string }]
    const attacks: Record<string, Ask> = {
      'pages of events': () => ['GET', '/events', { query: { limit: 1000, after: 0 } }],
      'streams from the oldest event': () => ['GET', '/events', { query: { after: 0 }, accept: 'text/event-stream' }],
      'polls of events that filter all out': () => ['GET', '/events', { query: { after: 0, types: 'roster.removed', wait: 1 } }],
      'presence to ever new addresses': (n) => ['POST', '/presence', { body: { to: `a${n}@nowhere.example`, status: 'x'.repeat(1_000) } }],
      'own presence': (n) => ['PUT', '/presence', { body: { status: `${n} ${'x'.repeat(1_000)}` } }],
      'pages of the archive': () => ['GET', '/messages', { query: { with: `attacker@${server.domain}`, limit: 1 } }],
    }

    for (const [what, ask] of Object.entries(attacks))
      it(`for ${what}`, async (t) => {
        const agent = new Agent({ connections: AT_ONCE })
        t.after(() => agent.destroy())
        let asked = 0
        const statuses = new Map<number, number>()
        let going = true
        const attack = Array.from({ length: AT_ONCE }, async () => {
          while (going) {
            const [method, path, { query = {}, body, accept = 'application/json' } = {}] = ask(asked++)
            const named = path.startsWith('/sessions') ? query : { ...query, session: attacker }
            const url = new URL(path, gateway.url)
            for (const [name, value] of Object.entries(named)) url.searchParams.set(name, String(value))
            // nothing is made of the answers: the bystander is in this process too
            const { statusCode, body: answer } = await request(url, {
              method: method as 'GET',
              headers: {
                authorization: `Bearer ${gateway.keys.attacker}`,
                accept,
                ...(body !== undefined && { 'content-type': 'application/json' }),
              },
              ...(body !== undefined && { body: JSON.stringify(body) }),
              dispatcher: agent,
            })
            let bytes = 0
            // a stream has no end of its own
            for await (const chunk of answer) {
              bytes += chunk.length
              if (bytes > STREAMED && accept !== 'application/json') break
            }
            statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
          }
        })
        const took: Record<string, number[]> = {}
        const time = async (name: string, run: () => Promise<{ status: number; text: string }>, wanted: number) => {
          const began = performance.now()
          const { status, text } = await run()
          took[name] = [...(took[name] ?? []), performance.now() - began]
          assert.equal(status, wanted, `${name}: ${text}`)
        }
        const key = gateway.keys.bystander!
        const query = { session: bystander }
        try {
          for (let round = 0; round < ROUNDS; round += 1) {
            await time('live', () => gateway.api('GET', '/health/live', { key: null }), 200)
            await time(
              'message',
              () => gateway.api('POST', '/messages', { key, query: query, body: { to: 'x@nowhere.example', body: 'x' } }),
              202,
            )
            await time('roster', () => gateway.api('GET', '/roster', { key, query }), 200)
            await time('events', () => gateway.api('GET', '/events', { key, query: { ...query, limit: 10, after: 0 } }), 200)
            await time('presence', () => gateway.api('POST', '/presence', { key, query, body: { to: `romeo@${server.domain}` } }), 202)
          }
        } finally {
          going = false
          await Promise.allSettled(attack)
        }
        const medians = Object.entries(took).map(([name, all]) => [name, all.sort((a, b) => a - b)[ROUNDS >> 1]!] as const)
        const told = medians.map(([name, ms]) => `${name} ${ms.toFixed(0)}`)
        t.diagnostic(`${told.join(', ')} ms; ${JSON.stringify([...statuses])}`)
        assert.ok(
          medians.every(([, ms]) => ms < WITHIN),
          told.join(', '),
        )
      })
  })
