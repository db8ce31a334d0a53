import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { features } from '../../src/features/index.ts'
import type { Sessions } from '../../src/gateway/contract/session.ts'
import { definitions as vocabulary } from '../../src/protocol/index.ts'
import type { HttpAnswer } from '../support/gateway.ts'
import { forEachCell } from '../support/matrix.ts'
import { type Account, openAccount, users } from './account.ts'

// the table alone: nothing of it runs here
const context = {
  vocabulary: createTranslator(vocabulary),
  sessions: {} as Sessions,
  limits: { stanza: 1, upload: 1 },
  put: async () => {},
}
const operations = features.flatMap((feature) => feature.operations?.(context) ?? [])

function assertProblem(answer: HttpAnswer, status: number, code: string, what: string): void {
  assert.deepEqual([answer.status, answer.body?.code], [status, code], `${what} ${answer.text}`)
  assert.equal(answer.headers.get('content-type')?.split(';')[0], 'application/problem+json', what)
  for (const member of ['type', 'title', 'status', 'detail', 'code', 'retryable', 'requestId'])
    assert.ok(member in answer.body, `${what} ${member}`)
  assert.equal(answer.body.requestId, answer.headers.get('x-request-id'), what)
  assert.equal(answer.headers.get('cache-control'), 'no-store', what)
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', what)
}

forEachCell('every request', { server: { users: users('romeo') } }, (cell) => {
  let romeo: Account

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
  })
  after(() => romeo?.close())

  const pathOf = (path: string) => path.replace('{jid}', 'juliet@example.com').replace('{id}', romeo.id)

  for (const { id, method, path, session, body, xmlBody } of operations) {
    describe(id, () => {
      const call = (options: Parameters<Account['api']>[2] = {}) => cell().gateway.api(method, pathOf(path), options)
      const forSession = session === 'named' ? { session: '' } : undefined
      const query = () => (forSession ? { session: romeo.id } : {})

      it('needs a token that is known', async () => {
        const none = await call({ key: null })
        assertProblem(none, 401, 'unauthorized', 'no token')
        assert.match(none.headers.get('www-authenticate') ?? '', /^Bearer/)
        for (const key of ['sgk_0123456789012345678901234567890123456789', 'sgs_unknown', 'nonsense']) {
          assertProblem(await call({ key }), 401, 'unauthorized', key)
        }
      })

      if (session === 'named') {
        it('needs a session that is there', async () => {
          assertProblem(await call(), 400, 'session-required', 'no session')
          for (const unknown of ['ses_AAAAAAAAAAAAAAAAAAAAAA', 'nobody@example.com', 'nobody@example.com/x']) {
            assertProblem(await call({ query: { session: unknown } }), 404, 'session-not-found', unknown)
          }
        })
      }

      // the session of an id that does not exist is not found before anything else is looked at
      if (typeof session === 'object' && session.by !== 'session') return

      it('refuses query parameters that nobody knows', async () => {
        const answer = await call({ query: { ...query(), colour: 'red' } })
        assertProblem(answer, 400, 'invalid-request', 'query')
        assert.ok(
          answer.body.errors.some((error: { path: string }) => error.path === 'query.colour'),
          answer.text,
        )
      })

      if (body) {
        it('refuses a body that is none', async () => {
          assertProblem(await call({ query: query(), body: '{"a": ' }), 400, 'invalid-request', 'malformed JSON')
          const unknown = await call({ query: query(), body: { colour: 'red' } })
          assertProblem(unknown, 400, 'invalid-request', 'unknown key')
          assert.ok(
            unknown.body.errors.some((error: { path: string }) => error.path === 'body.colour'),
            unknown.text,
          )
          for (const wrong of [[], 'null', '7', '"text"'])
            assertProblem(await call({ query: query(), body: wrong }), 400, 'invalid-request', String(wrong))
          const text = await call({ query: query(), body: 'x', headers: { 'content-type': 'text/plain' } })
          assertProblem(text, 415, 'unsupported-media-type', 'text')
          if (!xmlBody) {
            const xml = await call({ query: query(), body: '<a/>', headers: { 'content-type': 'application/xml' } })
            assertProblem(xml, 415, 'unsupported-media-type', 'XML')
          }
          assertProblem(
            await call({ query: query(), body: JSON.stringify({ colour: 'x'.repeat(1_100_000) }) }),
            413,
            'body-too-large',
            'large',
          )
        })
      }
    })
  }

  it('for a route that is not there is a problem too', async () => {
    const { gateway } = cell()
    assertProblem(await gateway.api('GET', '/nothing'), 404, 'not-found', 'route')
    assertProblem(await gateway.api('GET', '/nothing', { key: null }), 404, 'not-found', 'route without a token')
    const method = await gateway.api('PATCH', '/roster', { query: { session: romeo.id } })
    assertProblem(method, 405, 'method-not-allowed', 'method')
    assert.match(method.headers.get('allow') ?? '', /GET/)
  })

  it('keeps a sane request id', async () => {
    const { gateway } = cell()
    const answer = await gateway.api('GET', '/sessions', { headers: { 'x-request-id': 'my-request-1' } })
    assert.equal(answer.headers.get('x-request-id'), 'my-request-1')
  })

  it('may be HEAD wherever it may be GET', async () => {
    for (const { method, path } of operations.filter((operation) => operation.method === 'GET' && typeof operation.session === 'string')) {
      const ask = (as: string) => cell().gateway.api(as, pathOf(path), { query: path === '/sessions' ? {} : { session: romeo.id } })
      const [answer, whole] = [await ask('HEAD'), await ask(method)]
      assert.equal(answer.status, whole.status, `${method} ${path}`)
      assert.equal(answer.text, '')
    }
  })
})
