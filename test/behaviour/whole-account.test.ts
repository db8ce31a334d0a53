/** What an account has beside messages, contacts and presence. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Element, elements } from '../../src/xml/element.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, openAccount, openClient, users, watch } from './account.ts'

const only = ['prosody+memory', 'ejabberd+redis'] as const
const alone = {
  prosody: { modules: ['register'] },
  ejabberd: { modules: ['mod_register', 'mod_push'], config: 'registration_timeout: infinity\n' },
}

forEachCell('an account', { server: { users: users('romeo', 'juliet', 'paris') }, alone, only }, (cell) => {
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

  describe('runs commands of others', () => {
    const COMMANDS = 'http://jabber.org/protocol/commands'
    let juliet: Client

    before(async () => {
      juliet = await openClient(cell(), 'juliet')
    })
    after(() => juliet?.stop())

    /** Answers the next request of the account by this payload, or error. */
    async function answers(name: string, payload: string, type = 'result') {
      const { element } = await juliet.next((one) => one.name === 'iq' && elements(one).some((inner) => inner.name === name))
      juliet.send(`<iq type='${type}' id='${element.attributes.id}' to='${element.attributes.from}'>${payload}</iq>`)
      return elements(element)[0] as Element
    }
    const command = (status: string, inner: string) =>
      `<command xmlns='${COMMANDS}' node='announce' sessionid='s1' status='${status}'>${inner}</command>`
    const form = (type: string, fields: string) => `<x xmlns='jabber:x:data' type='${type}'>${fields}</x>`
    const asks = form(
      'form',
      "<field var='FORM_TYPE' type='hidden'><value>urn:example:a</value></field><field var='subject' type='text-single'><required/></field><field var='loud' type='boolean'><value>1</value></field>",
    )

    async function start() {
      const request = romeo.api('POST', '/commands', { body: { jid: juliet.jid, node: 'announce' } })
      const sent = await answers('command', command('executing', `<actions execute='next'><prev/><next/></actions>${asks}`))
      return { sent, answer: await request }
    }

    it('that are offered', async () => {
      const request = romeo.api('GET', '/commands', { query: { jid: juliet.jid } })
      const items = `<item jid='${juliet.jid}' node='announce' name='Announce'/>`
      const asked = await answers('query', `<query xmlns='http://jabber.org/protocol/disco#items' node='${COMMANDS}'>${items}</query>`)
      assert.equal(asked.attributes.node, COMMANDS)
      const { status, body } = await request
      assert.deepEqual([status, body.data], [200, [{ jid: juliet.jid, node: 'announce', name: 'Announce' }]])
    })

    it('step by step, with what is asked for', async () => {
      const { sent, answer } = await start()
      assert.deepEqual([sent.attributes.node, sent.attributes.action], ['announce', 'execute'])
      assert.equal(answer.status, 201, answer.text)
      const { id, status, actions, values, notes } = answer.body
      assert.match(id, /^cmd_/)
      assert.deepEqual([status, actions, answer.body.default], ['executing', ['prev', 'next', 'cancel'], 'next'])
      assert.deepEqual([values, notes], [{ subject: '', loud: true }, []])

      const lacking = await romeo.api('POST', `/commands/${id}`, { body: {} })
      assert.deepEqual([lacking.status, lacking.body.errors[0].path], [400, 'body.values.subject'])
      const unknown = await romeo.api('POST', `/commands/${id}`, { body: { values: { subjekt: 'Noon' } } })
      assert.deepEqual([unknown.status, unknown.body.errors[0].path], [400, 'body.values.subjekt'])
      const not = await romeo.api('POST', `/commands/${id}`, { body: { action: 'complete', values: { subject: 'Noon' } } })
      assert.deepEqual([not.status, not.body.errors[0].path], [400, 'body.action'])

      const refused = romeo.api('POST', `/commands/${id}`, { body: { values: { subject: 'Noon' } } })
      const bad = "<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
      await answers('command', bad, 'error')
      assert.deepEqual([(await refused).status, (await refused).body.code], [422, 'xmpp-bad-request'])

      const next = romeo.api('POST', `/commands/${id}`, { body: { values: { subject: 'Noon' } } })
      const filled = await answers('command', command('completed', "<note type='warn'>Too loud</note>"))
      assert.deepEqual([filled.attributes.sessionid, filled.attributes.action], ['s1', 'next'])
      assert.ok(JSON.stringify(filled).includes('"Noon"') && JSON.stringify(filled).includes('urn:example:a'))
      const { body: done } = await next
      assert.deepEqual([done.id, done.status, done.actions, done.notes], [id, 'completed', [], [{ type: 'warn', text: 'Too loud' }]])
      const over = await romeo.api('POST', `/commands/${id}`, { body: {} })
      assert.deepEqual([over.status, over.body.code], [404, 'command-not-found'])
    })

    it('and gives them up', async () => {
      const { answer } = await start()
      const cancelled = romeo.api('DELETE', `/commands/${answer.body.id}`)
      const sent = await answers('command', command('canceled', ''))
      assert.equal(sent.attributes.action, 'cancel')
      assert.equal((await cancelled).status, 204)
      assert.deepEqual(await refusal('DELETE', `/commands/${answer.body.id}`), [404, 'command-not-found', undefined])
    })

    it('but not what is none', async () => {
      assert.deepEqual(await refusal('POST', '/commands', { body: { jid: '@', node: 'x' } }), [422, 'jid-malformed', 'body.jid'])
      assert.deepEqual(await refusal('POST', '/commands', { body: { jid: juliet.jid } }), [400, 'invalid-request', 'body.node'])
      assert.deepEqual(await refusal('GET', '/commands'), [400, 'invalid-request', 'query.jid'])
      assert.deepEqual(await refusal('POST', '/commands/cmd_none', { body: {} }), [404, 'command-not-found', undefined])
      const { status } = await romeo.api('POST', '/commands', { body: { jid: cell().server.domain, node: 'urn:example:none' } })
      assert.ok([403, 404, 501, 502].includes(status), String(status))
    })
  })

  describe('has messages pushed', () => {
    const service = { jid: 'push.example.com', node: 'phone', values: { secret: 'eruio234' } }

    it('where its server can do that, until it is told not to', async () => {
      const enabled = await romeo.api('POST', '/push', { body: service })
      if (cell().server.kind === 'prosody') return assert.deepEqual([enabled.status, enabled.body.code], [502, 'xmpp-service-unavailable'])
      assert.equal(enabled.status, 204, enabled.text)
      assert.equal((await romeo.api('DELETE', '/push')).status, 204)
      assert.equal((await romeo.api('DELETE', '/push', { query: { jid: service.jid } })).status < 500, true)
    })

    it('but not to nowhere', async () => {
      assert.deepEqual(await refusal('POST', '/push', { body: { jid: '@', node: 'x' } }), [422, 'jid-malformed', 'body.jid'])
      assert.deepEqual(await refusal('POST', '/push', { body: { jid: service.jid } }), [400, 'invalid-request', 'body.node'])
      assert.deepEqual(await refusal('DELETE', '/push', { query: { node: 'x' } }), [400, 'invalid-request', 'query.jid'])
    })
  })

  describe('is made and removed', () => {
    const at = () => ({ domain: cell().server.domain, service: cell().server.service })
    const api = (method: string, path: string, options?: Parameters<Account['api']>[2]) => cell().gateway.api(method, path, options)
    const register = (more: object) => api('POST', '/registration', { body: { ...at(), ...more } })

    it('as its server wants to know it', async () => {
      const { status, body } = await api('GET', '/registration', { query: at() })
      assert.deepEqual([status, body.domain, body.values], [200, cell().server.domain, { username: '', password: '' }])
      assert.deepEqual(Object.keys(body.values).toSorted(), ['password', 'username'])
    })

    it('once, with a password that can be changed, and for good', async () => {
      const made = await register({ username: 'Benvolio', password: 'part-fools' })
      assert.deepEqual([made.status, made.body], [201, { jid: jidOf('benvolio') }])
      const again = await register({ username: 'benvolio', password: 'other' })
      assert.deepEqual([again.status, again.body.code], [409, 'xmpp-conflict'])
      const open = (password: string) =>
        api('POST', '/sessions', { body: { jid: jidOf('benvolio'), password, service: cell().server.service } })
      const { body: session } = await open('part-fools')
      const query = { session: session.id }
      const changed = await api('PUT', '/registration/password', { query, body: { password: 'put-up-your-swords' } })
      assert.equal(changed.status, 204, changed.text)
      assert.equal((await open('put-up-your-swords')).status, 200)
      assert.equal((await open('part-fools')).status, 422)
      const other = await api('DELETE', '/registration', { query, body: { jid: romeo.jid } })
      assert.deepEqual([other.status, other.body.errors[0].path], [400, 'body.jid'])
      const removed = await api('DELETE', '/registration', { query, body: { jid: jidOf('benvolio') } })
      assert.equal(removed.status, 204, removed.text)
      assert.equal((await api('GET', `/sessions/${session.id}`)).status, 404)
      assert.deepEqual(
        [(await open('put-up-your-swords')).status, (await register({ username: 'benvolio', password: 'x' })).status],
        [422, 201],
      )
    })

    it('but not out of what is none', async () => {
      const refused = async (more: object) => {
        const { status, body } = await register(more)
        return [status, body.code, body.errors?.[0]?.path]
      }
      const good = { username: 'tybalt', password: 'hate-the-word' }
      assert.deepEqual(await refused({ username: 'tybalt' }), [400, 'invalid-request', 'body.password'])
      assert.deepEqual(await refused({ ...good, username: 'a@b' }), [422, 'jid-malformed', 'body.username'])
      assert.deepEqual(await refused({ ...good, domain: 'a@b' }), [422, 'jid-malformed', 'body.domain'])
      assert.deepEqual(await refused({ ...good, values: { shoeSize: '44' } }), [400, 'invalid-request', 'body.values.shoeSize'])
      assert.deepEqual(await refused({ ...good, service: 'http://x' }), [400, 'invalid-request', 'body.service'])
      assert.deepEqual((await refused({ ...good, service: 'xmpp://192.0.2.1:5222' })).slice(0, 2), [422, 'address-not-allowed'])
      const byToken = await api('POST', '/registration', { body: { ...at(), ...good }, key: romeo.token })
      assert.deepEqual([byToken.status, byToken.body.code], [403, 'scope-missing'])
    })
  })
})
