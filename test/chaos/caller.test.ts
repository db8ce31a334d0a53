import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import type { HttpAnswer } from '../support/gateway.ts'
import { startProducer } from './caller.ts'
import { emptyHistory } from './history.ts'
import { AWAY, type Revenant, startRevenant, wasAway } from './revenant.ts'

const answer = (status: number, body: object, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: new Headers(headers),
  body,
  text: JSON.stringify(body),
})
const accepted = answer(202, { id: 'm1' })
const away = new Error(AWAY)
const busy = answer(503, { code: 'too-busy', retryable: true }, { 'retry-after': '1' })
const running = answer(409, { code: 'idempotency-key-running', retryable: true })

/** Posts one message to a gateway that answers so. */
async function posted(...answers: (HttpAnswer | Error)[]): Promise<{ wrong: string[]; accepted: number }> {
  const history = emptyHistory()
  const left = [...answers]
  const api = async () => {
    const next = left.shift()
    if (next instanceof Error) throw next
    return next as HttpAnswer
  }
  const events = () => assert.fail('a producer reads nothing')
  await startProducer({ gateway: { api, events }, session: 'ses_1', to: 'juliet@example.org', history }).post(1)
  assert.equal(left.length, 0)
  return { wrong: history.wrong.map(({ what }) => what), accepted: history.accepted.length }
}

test('a gateway may be away, say that it cannot now, and that a request without an answer still runs', async () => {
  assert.deepEqual(await posted(away, busy, running, accepted), { wrong: [], accepted: 1 })
})

test('any other answer is wrong, and so is none from a gateway that is there', async () => {
  assert.deepEqual(await posted(answer(500, { code: 'internal-error' })), { wrong: ['500 internal-error'], accepted: 0 })
  const noTime = answer(503, { code: 'too-busy', retryable: true })
  assert.deepEqual(await posted(noTime, accepted), { wrong: ['503 too-busy'], accepted: 1 })
  assert.deepEqual(await posted(running, accepted), { wrong: ['409 idempotency-key-running'], accepted: 1 })
  assert.deepEqual(await posted(new TypeError('fetch failed'), accepted), { wrong: ['no answer: TypeError: fetch failed'], accepted: 1 })
})

describe('a gateway that comes back', () => {
  let gateway: Revenant
  before(async () => {
    gateway = await startRevenant({})
  })
  after(async () => {
    await gateway?.stop()
  })
  const asked = (timeout: number) => gateway.api('GET', '/health/live', { timeout })
  const BRIEF = 200
  const DEADLINE = 20_000

  it('is away while it is frozen, and when it was killed until it is started again', async () => {
    gateway.freeze()
    await assert.rejects(asked(BRIEF), wasAway)
    gateway.thaw()
    assert.equal((await asked(DEADLINE)).status, 200)
    await gateway.kill()
    await assert.rejects(asked(DEADLINE), wasAway)
    await gateway.start()
    assert.equal((await asked(DEADLINE)).status, 200)
  })

  it('is away when it died by itself', async () => {
    process.kill(gateway.now.pid, 'SIGKILL')
    await gateway.now.ended
    await assert.rejects(asked(DEADLINE), wasAway)
    await gateway.start()
  })

  it('has no excuse while it is there', async () => {
    await assert.rejects(asked(0), (error) => !wasAway(error))
  })
})
