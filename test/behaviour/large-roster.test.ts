/** A roster is read whatever its size within its bound, and nobody else waits for it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import { ROSTER, roster, serveAccount } from '../support/fake-account.ts'
import { type FakeServer, startFakeServer } from '../support/fake-server.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const CONTACTS = 50_000
/** ms that others wait at most while it is read */
const OTHERS_WAIT = 1_000

const items = (count: number, name: string) =>
  Array.from(
    { length: count },
    (_, index) => `<item jid='contact-${index}@localhost' name='${name} ${index}' subscription='both'><group>All</group></item>`,
  )

for (const store of ['memory', 'redis'] as const)
  describe(`a roster of ${CONTACTS} contacts (${store})`, () => {
    let redis: RedisServer | undefined
    let server: FakeServer
    let gateway: TestGateway
    let answer: (iq: Element) => string | undefined

    before(async () => {
      redis = store === 'redis' ? await startRedis() : undefined
      server = await startFakeServer((peer) => serveAccount(peer, { answers: { [ROSTER]: (iq) => answer(iq) } }))
      gateway = await startGateway({ server, ...(redis && { redis }) })
    })
    after(async () => {
      await gateway?.stop()
      await server?.stop()
      await redis?.stop()
    })

    const open = (resource: string) =>
      gateway.api('POST', '/sessions', {
        body: { jid: 'ada@localhost', password: 'secret', resource, service: server.service },
        headers: { prefer: 'wait=30' },
      })

    it('is known when the session is online, and others do not wait for it', async () => {
      const all = items(CONTACTS, 'Contact number').join('')
      answer = (iq) => roster(iq, all)
      let waited = 0
      let reading = true
      const bystander = (async () => {
        while (reading) {
          const at = performance.now()
          await gateway.api('GET', '/health/live')
          waited = Math.max(waited, performance.now() - at)
        }
      })()
      const { status, body } = await open('long')
      reading = false
      await bystander
      assert.equal(status, 201)
      const query = { session: body.id, limit: 1_000, presence: 'false' }
      let count = 0
      for (let next: string | undefined = ''; next !== undefined; ) {
        const page: { status: number; body: { data: unknown[]; page: { next?: string } } } = await gateway.api('GET', '/roster', {
          query: { ...query, ...(next && { after: next }) },
        })
        count += page.body.data.length
        next = page.body.page.next
      }
      assert.equal(count, CONTACTS)
      assert.ok(waited < OTHERS_WAIT, `others waited ${waited} ms`)
      await gateway.api('DELETE', `/sessions/${body.id}`)
    })

    it('is said to be unread where it is larger than what is read', async () => {
      const all = items(8_000, 'x'.repeat(3_000)).join('')
      answer = (iq) => roster(iq, all)
      const { status, body } = await open('large')
      assert.equal(status, 201)
      assert.deepEqual(
        body.unread.map(({ what, code }: { what: string; code: string }) => [what, code]),
        [['roster', 'stanza-too-large']],
      )
      const query = { session: body.id }
      const list = await gateway.api('GET', '/roster', { query })
      assert.deepEqual([list.status, list.body.code], [503, 'roster-unread'])
      const asked = await gateway.api('POST', '/iq', { query, body: { type: 'get', payload: { roster: {} } } })
      assert.deepEqual([asked.status, asked.body.code], [422, 'stanza-too-large'])
      const samples = samplesOf((await gateway.api('GET', '/metrics')).text)
      assert.equal(sumOf(samples, 'bounds_reached_total', { bound: 'large-answer' }), 2)
      await gateway.api('DELETE', `/sessions/${body.id}`)
    })
  })
