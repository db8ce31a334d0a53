/** How often a key may call: two instances of one Redis count together. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'

const QUOTA = 40

describe('a rate limit', { concurrency: false, timeout: 60_000 }, () => {
  let fleet: Fleet
  let one: TestGateway
  let other: TestGateway
  before(async () => {
    fleet = await startFleet(2, { env: { RATE_LIMIT_READ: `${QUOTA}/3s`, RATE_LIMIT_SEND: '3/1h' } })
    ;[one, other] = fleet.instances as [TestGateway, TestGateway]
  })
  after(() => fleet?.stop())

  const read = (gateway: TestGateway, key = gateway.key) => gateway.api('GET', '/me', { key })
  const key = async () => (await one.api('POST', '/keys', { body: { name: 'bot', scopes: ['keys:write'] } })).body.key

  it('holds over all instances, is told by each answer, and is each key’s own', async () => {
    const whose = await key()
    const answers = await Promise.all(Array.from({ length: QUOTA * 2 }, (_, index) => read(index % 2 === 0 ? one : other, whose)))
    const given = answers.filter(({ status }) => status === 200)
    const refused = answers.filter(({ status }) => status === 429)
    assert.equal(given.length, QUOTA)
    assert.equal(refused.length, QUOTA)
    const [first] = refused
    assert.equal(first!.body.code, 'too-many-requests')
    assert.equal(first!.headers.get('ratelimit-policy'), `"read";q=${QUOTA};w=3`)
    assert.match(first!.headers.get('ratelimit')!, /^"read";r=0;t=[123]$/)
    assert.match(first!.headers.get('retry-after')!, /^[123]$/)
    assert.match(given[0]!.headers.get('ratelimit')!, /^"read";r=\d+;t=[123]$/)
    assert.equal((await read(one)).status, 200)
    const wait = Number(first!.headers.get('retry-after')) * 1_000
    await new Promise((resolve) => setTimeout(resolve, wait))
    assert.equal((await read(other, whose)).status, 200)
  })

  it('is of its class alone', async () => {
    const whose = await key()
    const make = (gateway: TestGateway) => gateway.api('POST', '/keys', { key: whose, body: { name: 'x', scopes: ['keys:read'] } })
    const statuses = [await make(one), await make(other), await make(one), await make(other)].map(({ status }) => status)
    assert.deepEqual(statuses, [201, 201, 201, 429])
    assert.equal((await read(one, whose)).status, 200)
  })

  it('is held by each instance alone while Redis is away', async () => {
    await fleet.redis.kill()
    const answers = await Promise.all(Array.from({ length: QUOTA + 10 }, () => read(one)))
    const given = answers.filter(({ status }) => status === 200).length
    assert.equal(given, QUOTA)
    assert.equal(answers.filter(({ status }) => status === 429).length, 10)
  })
})
