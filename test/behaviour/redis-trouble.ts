/** What callers see while Redis is in trouble, and whether all is well when it is over. */
import assert from 'node:assert/strict'
import type { Stage } from '../chaos/stage.ts'
import type { HttpAnswer, TestGateway } from '../support/gateway.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until } from './account.ts'

/** ms for anything that a slow machine may be slow at */
export const DEADLINE = 60_000
/** ms after which an answer would be a hang */
const ANSWER_WITHIN = 8_000
/** ms within which each write is refused: a second is promised, and the machine has other things to do */
const REFUSED_WITHIN = 1_500

export interface Answered {
  what: string
  answer: HttpAnswer
  /** how long it took */
  ms: number
}

export interface Observer {
  /** every kind of write, all at once */
  writes(session?: string): Promise<Answered[]>
  /** Each write answers 503 `store-unavailable` with `Retry-After` at once; answers the longest time that one took, in ms. */
  refused(session?: string): Promise<number>
  isReady(): Promise<boolean>
  /** Ready, written to, and online again; answers the ms that it took. */
  healed(): Promise<number>
}

export function observe({ gateway, server, stage }: { gateway: TestGateway; server: XmppServer; stage: Stage }): Observer {
  const to = stage.peers[0]?.jid as string

  async function ask(method: string, path: string, options: Parameters<TestGateway['api']>[2] = {}): Promise<Answered> {
    const began = performance.now()
    const answer = await gateway.api(method, path, { timeout: ANSWER_WITHIN, ...options })
    return { what: `${method} ${path}`, answer, ms: performance.now() - began }
  }

  const writes: Observer['writes'] = (session = stage.session) => {
    const query = { session }
    return Promise.all([
      ask('POST', '/messages', { query, body: { to, body: 'in trouble' } }),
      ask('POST', '/messages/batch', { query, body: { messages: [{ to, body: 'in trouble' }] } }),
      ask('PUT', '/presence', { query, body: { show: 'away' } }),
      ask('PUT', `/roster/${to}`, { query, body: { name: 'Juliet' } }),
      ask('POST', '/iq', { query, body: { type: 'get', to: server.domain, payload: { ping: {} } } }),
      ask('POST', '/tickets', { query }),
      ask('POST', '/sessions', { body: { jid: `nurse@${server.domain}`, password: PASSWORD, service: server.service } }),
      ask('DELETE', `/sessions/${session}`),
    ])
  }
  const health = (path: string) => gateway.api('GET', `/health/${path}`, { key: null, timeout: ANSWER_WITHIN })
  const isReady = async () => (await health('ready')).status === 200

  return {
    writes,
    isReady,
    async refused(session) {
      const answers = await writes(session)
      for (const { what, answer, ms } of answers) {
        assert.ok(ms < REFUSED_WITHIN, `${what} took ${ms} ms`)
        assert.deepEqual(
          [answer.status, answer.body.code, answer.body.retryable],
          [503, 'store-unavailable', true],
          `${what} ${answer.text}`,
        )
        assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/, what)
      }
      const ready = await health('ready')
      assert.deepEqual([ready.status, ready.body.code, ready.body.checks.store], [503, 'store-unavailable', 'failed'])
      assert.equal((await health('live')).status, 200)
      return Math.max(...answers.map(({ ms }) => ms))
    },
    async healed() {
      const began = performance.now()
      await until(isReady, DEADLINE)
      await until(async () => (await gateway.api('GET', `/sessions/${stage.session}`)).body.state === 'online', DEADLINE)
      await until(
        async () => (await ask('PUT', '/presence', { query: { session: stage.session }, body: {} })).answer.status === 200,
        DEADLINE,
      )
      return performance.now() - began
    },
  }
}

/** No fault that a person would have to look at: nothing crashed, and no request met an internal error. */
export function assertCalm({ logs }: TestGateway): void {
  const faults = logs.filter(({ entry }) => entry === undefined || ['crash', 'http.error', 'stream.error'].includes(String(entry.event)))
  assert.deepEqual(
    faults.map(({ line }) => line),
    [],
  )
}
