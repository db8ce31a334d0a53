/** What each new stream begins with, and what an owner that is killed had counted, is not repeated without end. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CARBONS, MAM, ROSTER, result, serveAccount } from '../support/fake-account.ts'
import { type FakeServer, type Peer, startFakeServer } from '../support/fake-server.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until, users } from './account.ts'

const GIVEN_UP = 60_000
type Answers = NonNullable<NonNullable<Parameters<typeof serveAccount>[1]>['answers']>

describe('a server that ends each stream', () => {
  let server: FakeServer
  let gateway: TestGateway
  const asked = new Map<string, number>()
  let deadly = ''

  before(async () => {
    server = await startFakeServer(async (peer: Peer) => {
      const answers: Answers = Object.fromEntries(
        [CARBONS, ROSTER, MAM].map((namespace) => [
          namespace,
          (iq) => {
            asked.set(namespace, (asked.get(namespace) ?? 0) + 1)
            if (namespace === deadly) peer.socket.destroy()
            else
              return result(
                iq,
                namespace === ROSTER ? `<query xmlns='${ROSTER}'/>` : namespace === MAM ? `<fin xmlns='${MAM}' complete='true'/>` : '',
              )
            return undefined
          },
        ]),
      )
      await serveAccount(peer, { answers })
    })
    gateway = await startGateway({ server })
  })
  after(async () => {
    await gateway?.stop()
    await server?.stop()
  })

  for (const [what, namespace] of [
    ['carbons', CARBONS],
    ['roster', ROSTER],
    ['archive', MAM],
  ] as const) {
    it(`when it is asked for ${what} is not asked any more after three, and the session is online`, async () => {
      deadly = namespace
      asked.clear()
      const opened = await gateway.api('POST', '/sessions', {
        body: { jid: 'ada@localhost', password: 'secret', resource: what, service: server.service },
        headers: { prefer: 'respond-async' },
      })
      const { id } = opened.body
      const session = await until(async () => {
        const { body } = await gateway.api('GET', `/sessions/${id}`)
        return body.state === 'online' && body
      }, GIVEN_UP)
      assert.equal(asked.get(namespace), 3)
      if (what !== 'archive')
        assert.deepEqual(
          session.unread.map((one: { what: string; code: string }) => [one.what, one.code]),
          [[what, 'given-up']],
        )
      if (what === 'roster') assert.equal((await gateway.api('GET', '/roster', { query: { session: id } })).body.code, 'roster-unread')
      const samples = samplesOf((await gateway.api('GET', '/metrics')).text)
      assert.equal(sumOf(samples, 'given_up_total', { what }), 1)
      await gateway.api('DELETE', `/sessions/${id}`)
    })
  }
})

describe('a message over which streams end', () => {
  let server: XmppServer
  let proxy: TcpProxy
  let fleet: Fleet

  before(async () => {
    server = await startProsody({ tls: false, users: users('romeo', 'juliet') })
    proxy = await startProxy({ to: server })
    fleet = await startFleet(2, { server, env: { XMPP_PLAINTEXT_HOSTS: '127.0.0.1,localhost' } })
  })
  after(async () => {
    await fleet?.stop()
    await proxy?.stop()
    await server?.stop()
  })

  it('is not tried from the beginning by each owner that takes the session up', async () => {
    const [one] = fleet.instances as [TestGateway]
    const service = `xmpp://127.0.0.1:${proxy.port}`
    const { id } = await one.login({ jid: 'romeo@localhost', password: PASSWORD, service })
    proxy.cutAt('boom')
    const sent = await one.api('POST', '/messages', { query: { session: id }, body: { to: 'juliet@localhost', body: 'boom' } })
    const record = async () => (await (fleet.instances.at(-1) as TestGateway).api('GET', `/messages/${sent.body.id}`)).body
    for (let kills = 0; kills < 2; kills += 1) {
      const before = proxy.copies
      const over = await until(async () => (await record()).status === 'failed' || (proxy.copies > before && 'once more'), GIVEN_UP)
      if (over === true) break
      const { instance } = await fleet.instanceOf(id, fleet.instances.at(-1) as TestGateway)
      const heir = await fleet.join()
      await fleet.instances[Number(instance.slice(1))]?.kill()
      await until(async () => (await fleet.instanceOf(id, heir)).instance !== instance, GIVEN_UP)
    }
    const failed = await until(async () => {
      const body = await record()
      return body.status === 'failed' && body
    }, GIVEN_UP)
    assert.equal(failed.error.code, 'outcome-unknown')
    // an owner that is killed does not come to count the last one
    assert.ok(proxy.copies <= 6, `${proxy.copies} copies`)
  })
})
