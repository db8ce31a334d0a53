/** What an account has beside messages, contacts and presence. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, openAccount, openClient, users, watch } from './account.ts'

forEachCell('an account', { server: { users: users('romeo', 'juliet', 'paris') } }, (cell) => {
  let romeo: Account

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
  })
  after(() => romeo?.close())

  const jidOf = (name: string) => `${name}@${cell().server.domain}`
  const refusal = async (method: string, path: string, options?: Parameters<Account['api']>[2]) => {
    const { status, body } = await romeo.api(method, path, options)
    return [status, body.code, body.errors?.[0]?.path]
  }

  describe('blocks others', () => {
    /** another client of the account */
    let phone: Client
    let juliet: Client

    before(async () => {
      ;[phone, juliet] = await Promise.all([openClient(cell(), 'romeo'), openClient(cell(), 'juliet')])
    })
    after(() => Promise.all([phone?.stop(), juliet?.stop()]))

    const change = () => romeo.events.next('blocklist.updated')
    const listed = async () => (await romeo.api('GET', '/blocklist')).body.data.map(({ jid }: { jid: string }) => jid)

    it('nobody at first', async () => {
      const answer = await romeo.api('GET', '/blocklist')
      assert.deepEqual([answer.status, answer.body], [200, { data: [], page: { complete: true } }])
    })

    it('whoever is named, from then on', async () => {
      await watch(romeo, juliet)
      juliet.send(`<presence to='${romeo.jid}' type='subscribed'/>`)
      await romeo.api('POST', '/presence', { body: { to: jidOf('juliet'), type: 'subscribe' } })
      await romeo.events.next((one) => one.type === 'presence.available' && one.subject === jidOf('juliet'))
      assert.equal((await romeo.api('PUT', `/blocklist/${jidOf('juliet')}`)).status, 204)
      assert.deepEqual((await change()).data, { blocked: [jidOf('juliet')], unblocked: [] })
      await romeo.events.next((one) => one.type === 'presence.unavailable' && one.data.from === juliet.jid)
      assert.deepEqual(await listed(), [jidOf('juliet')])
      juliet.send(`<message to='${romeo.jid}' type='chat'><body>Can you hear me?</body></message>`)
      const { body } = await romeo.api('POST', '/messages', { body: { to: jidOf('juliet'), body: 'Are you there?' } })
      const failed = await romeo.events.next((one) => one.type === 'message.failed' && one.subject === body.id)
      assert.equal(failed.data.error.xmpp.condition, 'not-acceptable')
      assert.equal((await romeo.api('DELETE', `/blocklist/${jidOf('juliet')}`)).status, 204)
      assert.deepEqual((await change()).data, { blocked: [], unblocked: [jidOf('juliet')] })
      await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === juliet.jid)
      juliet.send(`<message to='${romeo.jid}' type='chat'><body>And now?</body></message>`)
      await romeo.events.next((one) => one.type === 'message.received' && one.data.body === 'And now?')
      assert.ok(!romeo.events.events.some(({ data }) => data.body === 'Can you hear me?'))
    })

    it('and says so to its server where they are a nuisance', async () => {
      const spam = await romeo.api('PUT', `/blocklist/${jidOf('paris')}`, { body: { reason: 'spam', text: 'Five offers a day' } })
      assert.equal(spam.status, 204)
      assert.deepEqual(await listed(), [jidOf('paris')])
      await change()
    })

    it('in pages, and all of them no longer', async () => {
      for (const domain of ['a.example', 'b.example/x', 'c@c.example/nick'])
        assert.equal((await romeo.api('PUT', `/blocklist/${encodeURIComponent(domain)}`, { body: {} })).status, 204)
      const { body } = await romeo.api('GET', '/blocklist', { query: { limit: 3 } })
      assert.deepEqual([body.data.length, body.page.complete], [3, false])
      const rest = await romeo.api('GET', '/blocklist', { query: { after: body.page.next } })
      assert.deepEqual(rest.body, { data: [{ jid: jidOf('paris') }], page: { complete: true } })
      assert.deepEqual(await refusal('DELETE', '/blocklist'), [400, 'invalid-request', 'query.all'])
      assert.deepEqual(await refusal('DELETE', '/blocklist', { query: { all: 'false' } }), [400, 'invalid-request', 'query.all'])
      assert.equal((await listed()).length, 4)
      assert.equal((await romeo.api('DELETE', '/blocklist', { query: { all: 'true' } })).status, 204)
      assert.deepEqual(await listed(), [])
      await romeo.events.next((one) => one.type === 'blocklist.updated' && one.data.blocked.length === 0)
    })

    it('as another client of the account says', async () => {
      const set = (name: string, items: string) =>
        phone.request({ type: 'set', payload: `<${name} xmlns='urn:xmpp:blocking'>${items}</${name}>` })
      await set('block', "<item jid='tybalt@example.com'/>")
      await romeo.events.next((one) => one.type === 'blocklist.updated' && one.data.blocked[0] === 'tybalt@example.com')
      await set('unblock', "<item jid='tybalt@example.com'/>")
      await romeo.events.next((one) => one.type === 'blocklist.updated' && one.data.unblocked[0] === 'tybalt@example.com')
    })

    it('but heeds nobody else who says so', async () => {
      const answer = await juliet.request({
        type: 'set',
        to: romeo.full,
        payload: "<block xmlns='urn:xmpp:blocking'><item jid='benvolio@example.com'/></block>",
      })
      assert.equal(answer.attributes.type, 'error')
      juliet.send(`<message to='${romeo.full}' type='chat'><body>Done?</body></message>`)
      await romeo.events.next((one) => one.type === 'message.received' && one.data.body === 'Done?')
      assert.ok(!romeo.events.events.some(({ data }) => data.blocked?.includes('benvolio@example.com')))
    })

    it('and refuses what it cannot block', async () => {
      assert.deepEqual(await refusal('PUT', '/blocklist/%40'), [422, 'jid-malformed', 'params.jid'])
      const path = `/blocklist/${jidOf('paris')}`
      assert.deepEqual(await refusal('PUT', path, { body: { reason: 'boring' } }), [400, 'invalid-request', 'body.reason'])
      assert.deepEqual(await refusal('PUT', path, { body: { text: 'Why not' } }), [400, 'invalid-request', 'body.reason'])
      assert.deepEqual(await refusal('PUT', path, { body: { reason: 'spam', text: '\u0000' } }), [422, 'illegal-character', 'body.text'])
      assert.deepEqual(await listed(), [])
    })
  })
})
