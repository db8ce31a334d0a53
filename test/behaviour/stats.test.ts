import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import { type Account, openAccount, PASSWORD, users } from './account.ts'

forEachCell(
  'who calls, and how many there are',
  { server: { users: users('romeo', 'juliet') }, gateway: { tenants: ['main', 'other'] } },
  (cell) => {
    let romeo: Account
    before(async () => {
      romeo = await openAccount(cell(), 'romeo')
    })
    after(() => romeo?.close())

    const get = async (path: string, token?: string) => {
      const answer = await cell().gateway.api('GET', path, token === undefined ? {} : { key: token })
      return { status: answer.status, body: answer.body }
    }

    it('says who a token is', async () => {
      const { status, body } = await get('/me')
      assert.equal(status, 200)
      assert.deepEqual([body.tenant, body.session], ['main', undefined])
      assert.ok(body.scopes.includes('messages:write') && body.scopes.includes('keys:write'))
      assert.match(body.version, /^\d+\.\d+\.\d+/)
      assert.equal(body.instance, romeo.session.instance)
      const own = await get('/me', romeo.token)
      assert.deepEqual([own.body.tenant, own.body.session], ['main', romeo.id])
      assert.equal((await get('/me', 'sgs_nobody')).status, 401)
    })

    it('counts sessions by state, messages that wait, streams and webhooks', async () => {
      const { body } = await get('/stats')
      assert.deepEqual(body.instances, [{ instance: romeo.session.instance, leaving: false }])
      assert.deepEqual([body.sessions.online, body.sessions.total], [1, 1])
      assert.equal(body.outbox.length, 0)
      assert.deepEqual(body.streams, { websocket: 1, sse: 0 })
      assert.deepEqual(body.webhooks, { enabled: 0, failing: 0, disabled: 0, total: 0 })
      assert.equal((await get('/stats', romeo.token)).body.sessions.total, 1)
      const { gateway } = cell()
      const others = await get('/stats', gateway.keys.other)
      assert.deepEqual([others.body.sessions.total, others.body.streams], [0, { websocket: 0, sse: 0 }])
    })

    it('lists the sessions of a state, and those whose JID begins as asked for', async () => {
      const { server, gateway } = cell()
      const juliet = await gateway.login({ jid: `juliet@${server.domain}`, password: PASSWORD, service: server.service })
      const ids = async (query: string) => (await get(`/sessions?${query}`)).body.data.map(({ id }: { id: string }) => id)
      assert.deepEqual(await ids('state=online'), [romeo.id, juliet.id])
      assert.deepEqual(await ids('state=stopped'), [])
      assert.deepEqual(await ids('jid=juliet'), [juliet.id])
      assert.deepEqual(await ids(`jid=${encodeURIComponent(`Juliet@${server.domain}`)}&state=online`), [juliet.id])
      assert.deepEqual(await ids('jid=uliet'), [])
      const page = (await get('/sessions?jid=r&limit=1')).body.page
      assert.equal(page.complete, true)
      const refused = await get('/sessions?state=asleep')
      assert.deepEqual([refused.status, refused.body.errors[0].path], [400, 'query.state'])
      await gateway.api('DELETE', `/sessions/${juliet.id}`)
    })
  },
)
