/** What the server does not let a session read is said to be unknown, and never shown as empty. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CARBONS, ROSTER, refusal, roster, serveAccount } from '../support/fake-account.ts'
import { type FakeServer, startFakeServer } from '../support/fake-server.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { until } from './account.ts'

const item = "<item jid='juliet@localhost' name='Juliet' subscription='both'/>"

describe('what could not be read', () => {
  let server: FakeServer
  let gateway: TestGateway
  let answers: NonNullable<Parameters<typeof serveAccount>[1]>['answers']

  before(async () => {
    server = await startFakeServer((peer) => serveAccount(peer, { ...(answers && { answers }) }))
    gateway = await startGateway({ server, env: { STANZA_LIMIT: '10000' } })
  })
  after(async () => {
    await gateway?.stop()
    await server?.stop()
  })

  const open = (name: string, headers: Record<string, string> = {}) =>
    gateway.api('POST', '/sessions', {
      body: { jid: 'ada@localhost', password: 'secret', resource: name, service: server.service },
      headers,
    })
  const codeOf = async (session: string, method: string, path: string, body?: unknown) => {
    const answer = await gateway.api(method, path, { query: { session }, ...(body === undefined ? {} : { body }) })
    return [answer.status, answer.body.code]
  }

  it('is a problem everywhere where the roster is needed, an event, a metric and a word of the session', async () => {
    const cases = {
      refused: (iq: Parameters<typeof refusal>[0]) => refusal(iq),
      empty: (iq: Parameters<typeof refusal>[0]) => `<iq type='result' id='${iq.attributes.id}'/>`,
    }
    for (const [name, answer] of Object.entries(cases)) {
      answers = { [ROSTER]: answer }
      const { status, body } = await open(name)
      assert.equal(status, 201, name)
      assert.deepEqual(
        body.unread.map(({ what }: { what: string }) => what),
        ['roster'],
      )
      for (const path of ['/roster', '/roster/juliet@localhost', '/presence', '/presence/juliet@localhost'])
        assert.deepEqual(await codeOf(body.id, 'GET', path), [503, 'roster-unread'], `${name} ${path}`)
      assert.deepEqual(await codeOf(body.id, 'DELETE', '/roster/juliet@localhost'), [503, 'roster-unread'])
      const { body: page } = await gateway.api('GET', '/events', { query: { session: body.id } })
      const gaps = page.data.filter(({ type }: { type: string }) => type === 'events.gap')
      assert.deepEqual(
        gaps.map(({ data }: { data: { reason: string; what: string } }) => [data.reason, data.what]),
        [['unread', 'roster']],
      )
    }
    const samples = samplesOf((await gateway.api('GET', '/metrics')).text)
    assert.equal(sumOf(samples, 'unread_total', { what: 'roster', reason: 'xmpp-service-unavailable' }), 1)
  })

  it('is no answer of the server where it is ours: an answer that is too large', async () => {
    const large = 'urn:example:large'
    answers = {
      [large]: ({ attributes: { id } }) =>
        `<iq type='result' from='other.example' id='${id}'><q xmlns='${large}'>${'x'.repeat(100_000)}</q></iq>`,
    }
    const { body } = await open('large')
    assert.equal(body.unread, undefined)
    const question = { type: 'get', to: 'other.example', xml: `<q xmlns='${large}'/>` }
    assert.deepEqual(await codeOf(body.id, 'POST', '/iq', question), [422, 'stanza-too-large'])
  })

  it('is told of carbons too, and the session goes on', async () => {
    answers = { [CARBONS]: (iq) => refusal(iq), [ROSTER]: (iq) => roster(iq, item) }
    const { body } = await open('carbons')
    assert.deepEqual(
      body.unread.map(({ what, code }: { what: string; code: string }) => [what, code]),
      [['carbons', 'xmpp-service-unavailable']],
    )
    const { body: list } = await gateway.api('GET', '/roster', { query: { session: body.id } })
    assert.deepEqual(
      list.data.map(({ jid }: { jid: string }) => jid),
      ['juliet@localhost'],
    )
  })

  it('is not known before it was read, and known once it was', async () => {
    const answered = Promise.withResolvers<void>()
    answers = {
      [ROSTER]: (iq) => {
        answered.promise.then(() => server.peers.at(-1)?.write(roster(iq, item)))
        return undefined
      },
    }
    const { status, body } = await open('later', { prefer: 'respond-async' })
    assert.equal(status, 202)
    assert.deepEqual(await codeOf(body.id, 'GET', '/roster'), [503, 'roster-unread'])
    answered.resolve()
    await until(async () => (await gateway.api('GET', `/sessions/${body.id}`)).body.state === 'online')
    assert.equal((await gateway.api('GET', '/roster', { query: { session: body.id } })).body.data.length, 1)
  })
})
