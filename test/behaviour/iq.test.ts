import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Element, elements } from '../../src/xml/element.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, openAccount, openClient, textOf, until, users } from './account.ts'

const ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'

forEachCell('iqs', { server: { users: users('romeo', 'juliet', 'paris') } }, (cell) => {
  let romeo: Account
  let juliet: Client

  before(async () => {
    romeo = await openAccount(cell(), 'romeo', { handles: ['urn:example:oracle'] })
    juliet = await openClient(cell(), 'juliet')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
  })

  const ask = (body: object, headers: Record<string, string> = {}) => romeo.api('POST', '/iq', { body, headers })
  const isAsked = (marker: string) => (element: Element) => element.name === 'iq' && inner(element, marker) !== undefined

  describe('of ours', () => {
    it('get a result from the own server, with and without `to`', async () => {
      const own = await ask({ type: 'get', payload: { roster: {} } })
      assert.equal(own.status, 200)
      assert.equal(own.body.type, 'result')
      assert.equal(own.body.from, romeo.jid)
      assert.ok(own.body.payload.roster)
      const { domain } = cell().server
      const domainOnly = await ask({ type: 'get', to: domain, payload: { ping: {} } })
      assert.equal(domainOnly.status, 200)
      assert.equal(domainOnly.body.from, domain)
    })

    it('get a result from another client, payload included', async () => {
      const pending = ask({ type: 'get', to: juliet.jid, xml: "<question xmlns='urn:example:q' n='1'/>" })
      const { element } = await juliet.next(isAsked('question'))
      assert.equal(element.attributes.from, romeo.full)
      juliet.send(`<iq type='result' to='${romeo.full}' id='${element.attributes.id}'><answer xmlns='urn:example:q'>42</answer></iq>`)
      const answer = await pending
      assert.equal(answer.status, 200)
      assert.equal(answer.body.id, element.attributes.id)
      assert.equal(answer.body.from, juliet.jid)
      assert.deepEqual(answer.body.payload.extensions, [{ name: 'answer', xmlns: 'urn:example:q', children: ['42'] }])
    })

    it('may be given as XML, id included, and are answered as XML where that is wanted', async () => {
      const { domain } = cell().server
      const headers = { 'content-type': 'application/xml', accept: 'application/xml' }
      const send = (body: string) => romeo.api('POST', '/iq', { body, headers })
      const answer = await send(`<iq type="get" id="my-own" to="${domain}"><ping xmlns="urn:xmpp:ping"/></iq>`)
      assert.equal(answer.status, 200)
      assert.match(answer.text, /^<iq [^>]*type="result"/)
      assert.match(answer.text, /id="my-own"/)
      const other = await send('<message to="a@b.example"/>')
      assert.deepEqual([other.status, other.body.code], [422, 'not-a-stanza'])
      const foreign = await send('<iq type="get" from="a@b.example"><ping xmlns="urn:xmpp:ping"/></iq>')
      assert.deepEqual([foreign.status, foreign.body.code], [422, 'from-not-allowed'])
    })

    it('are matched by id when answers come out of order', async () => {
      const pending = ['one', 'two', 'three'].map((name) => ask({ type: 'get', to: juliet.jid, xml: `<${name} xmlns='urn:example:q'/>` }))
      const asked = await Promise.all(['one', 'two', 'three'].map((name) => juliet.next(isAsked(name))))
      for (const { element } of asked.toReversed()) {
        const name = elements(element)[0]?.name
        juliet.send(`<iq type='result' to='${romeo.full}' id='${element.attributes.id}'><r xmlns='urn:example:q'>${name}</r></iq>`)
      }
      const answers = await Promise.all(pending)
      assert.deepEqual(
        answers.map(({ body }) => body.payload.extensions[0].children[0]),
        ['one', 'two', 'three'],
      )
    })

    it('are not answered by somebody else', async () => {
      const paris = await openClient(cell(), 'paris')
      try {
        const pending = ask({ type: 'get', to: juliet.jid, xml: "<secret xmlns='urn:example:q'/>" })
        const { element } = await juliet.next(isAsked('secret'))
        paris.send(`<iq type='result' to='${romeo.full}' id='${element.attributes.id}'><forged xmlns='urn:example:q'/></iq>`)
        await paris.request({ type: 'get', to: romeo.full, payload: "<ping xmlns='urn:xmpp:ping'/>" })
        juliet.send(`<iq type='result' to='${romeo.full}' id='${element.attributes.id}'><real xmlns='urn:example:q'/></iq>`)
        assert.equal((await pending).body.payload.extensions[0].name, 'real')
      } finally {
        await paris.stop()
      }
    })

    const failures = [
      ['auth', 'forbidden', 403],
      ['cancel', 'item-not-found', 404],
      ['cancel', 'feature-not-implemented', 501],
      ['continue', 'policy-violation', 403],
      ['modify', 'bad-request', 422],
      ['wait', 'resource-constraint', 503],
      ['wait', 'remote-server-timeout', 504],
      ['cancel', 'gone', 410],
      ['cancel', 'conflict', 409],
      ['cancel', 'service-unavailable', 502],
    ] as const
    for (const [type, condition, status] of failures) {
      it(`become the problem of the error: ${type}, ${condition}`, async () => {
        const pending = ask({ type: 'set', to: juliet.jid, xml: "<fail xmlns='urn:example:q'/>" })
        const { element } = await juliet.next(isAsked('fail'))
        juliet.send(
          `<iq type='error' to='${romeo.full}' id='${element.attributes.id}'><error type='${type}'><${condition} xmlns='${ERRORS}'/>` +
            `<text xmlns='${ERRORS}'>Why</text><special xmlns='urn:example:errors'/></error></iq>`,
        )
        const answer = await pending
        assert.equal(answer.status, status)
        assert.equal(answer.headers.get('content-type')?.split(';')[0], 'application/problem+json')
        assert.equal(answer.body.code, `xmpp-${condition}`)
        assert.equal(answer.body.retryable, type === 'wait')
        assert.equal(answer.headers.has('retry-after'), type === 'wait')
        assert.deepEqual(answer.body.xmpp, {
          type,
          condition,
          text: 'Why',
          applicationCondition: { name: 'special', xmlns: 'urn:example:errors' },
        })
      })
    }

    it('end with 504 when no answer comes', async () => {
      const answer = await ask({ type: 'get', to: juliet.jid, xml: "<silence xmlns='urn:example:q'/>" }, { prefer: 'wait=1' })
      assert.deepEqual([answer.status, answer.body.code], [504, 'xmpp-timeout'])
      assert.equal(answer.headers.get('preference-applied'), 'wait=1')
    })

    it('answer later where the caller prefers: event and kept result', async () => {
      const started = await ask({ type: 'get', to: juliet.jid, xml: "<later xmlns='urn:example:q'/>" }, { prefer: 'respond-async' })
      assert.equal(started.status, 202)
      assert.equal(started.headers.get('location'), `/iq/${started.body.id}`)
      assert.equal(started.headers.get('preference-applied'), 'respond-async')
      const { element } = await juliet.next(isAsked('later'))
      assert.equal(element.attributes.id, started.body.id)
      const pending = await cell().gateway.api('GET', `/iq/${started.body.id}`)
      assert.deepEqual([pending.status, pending.body], [200, { id: started.body.id, status: 'pending' }])
      juliet.send(`<iq type='result' to='${romeo.full}' id='${started.body.id}'/>`)
      const event = await romeo.events.next((one) => one.type === 'iq.completed' && one.data.id === started.body.id)
      assert.equal(event.data.status, 'result')
      assert.equal(event.data.iq.from, juliet.jid)
      assert.deepEqual((await romeo.api('GET', `/iq/${started.body.id}`)).body, event.data)
    })

    it('keep an error and a timeout too', async () => {
      const failed = await ask({ type: 'get', to: juliet.jid, xml: "<later-error xmlns='urn:example:q'/>" }, { prefer: 'respond-async' })
      await juliet.next(isAsked('later-error'))
      juliet.send(
        `<iq type='error' to='${romeo.full}' id='${failed.body.id}'><error type='cancel'><item-not-found xmlns='${ERRORS}'/></error></iq>`,
      )
      const error = await romeo.events.next((one) => one.type === 'iq.completed' && one.data.id === failed.body.id)
      assert.equal(error.data.status, 'error')
      assert.equal(error.data.error.code, 'xmpp-item-not-found')
      const late = await ask({ type: 'get', to: juliet.jid, xml: "<never xmlns='urn:example:q'/>" }, { prefer: 'respond-async, wait=1' })
      const timeout = await romeo.events.next((one) => one.type === 'iq.completed' && one.data.id === late.body.id)
      assert.equal(timeout.data.status, 'timeout')
    })

    it('answer as XML where the caller takes that', async () => {
      const answer = await romeo.api('POST', '/iq', {
        body: { type: 'get', to: cell().server.domain, payload: { ping: {} } },
        headers: { accept: 'application/xml' },
      })
      assert.equal(answer.status, 200)
      assert.match(answer.headers.get('content-type') ?? '', /^application\/xml/)
      assert.match(answer.text, /^<iq [^>]*type="result"/)
    })

    it('are refused when they are none', async () => {
      const refused = async (body: object) => {
        const answer = await ask(body)
        return [answer.status, answer.body.code]
      }
      assert.deepEqual(await refused({ type: 'get' }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ type: 'result', payload: { ping: {} } }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ type: 'get', payload: { ping: {} }, xml: '<a/>' }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ type: 'get', payload: { ping: {}, roster: {} } }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ type: 'get', payload: { nonsense: {} } }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ type: 'get', xml: '<a><b></a>' }), [400, 'xml-malformed'])
      assert.deepEqual(await refused({ type: 'get', xml: '<a/><b/>' }), [422, 'not-a-stanza'])
      assert.deepEqual(await refused({ type: 'get', to: 'a b@c', payload: { ping: {} } }), [422, 'jid-malformed'])
      const unknown = await romeo.api('GET', '/iq/nothing-like-it')
      assert.deepEqual([unknown.status, unknown.body.code], [404, 'iq-not-found'])
    })
  })

  describe('of others', () => {
    const request = (payload: string, type: 'get' | 'set' = 'get') => juliet.request({ type, to: romeo.full, payload })

    it('that the gateway knows are answered by it', async () => {
      assert.equal((await request("<ping xmlns='urn:xmpp:ping'/>")).attributes.type, 'result')
      const version = await request("<query xmlns='jabber:iq:version'/>")
      assert.equal(textOf(inner(version, 'query') as Element, 'name'), 'stanzagate')
      const time = await request("<time xmlns='urn:xmpp:time'/>")
      assert.match(textOf(inner(time, 'time') as Element, 'utc') ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      const info = inner(await request("<query xmlns='http://jabber.org/protocol/disco#info'/>"), 'query') as Element
      const features = elements(info)
        .filter(({ name }) => name === 'feature')
        .map(({ attributes }) => attributes.var)
      for (const feature of ['urn:xmpp:ping', 'urn:xmpp:receipts', 'http://jabber.org/protocol/disco#info', 'urn:example:oracle']) {
        assert.ok(features.includes(feature), feature)
      }
      assert.equal((await request("<query xmlns='http://jabber.org/protocol/disco#items'/>")).attributes.type, 'result')
    })

    it('about the last activity are for those alone who may see the presence', async () => {
      const answer = await request("<query xmlns='jabber:iq:last'/>")
      assert.equal(answer.attributes.type, 'error')
      // some servers refuse it themselves, in other words
      if (cell().server.kind === 'prosody') assert.ok(inner(inner(answer, 'error'), 'forbidden'))
    })

    it('that nobody knows are refused', async () => {
      for (const type of ['get', 'set'] as const) {
        const answer = await request("<query xmlns='urn:example:unknown'/>", type)
        assert.equal(answer.attributes.type, 'error')
        assert.ok(inner(inner(answer, 'error'), 'service-unavailable'))
      }
      const node = await request("<query xmlns='http://jabber.org/protocol/disco#info' node='nothing'/>")
      assert.ok(inner(inner(node, 'error'), 'item-not-found'))
    })

    it('that the session handles are raised and answered by callers', async () => {
      const pending = request("<ask xmlns='urn:example:oracle'>When?</ask>", 'set')
      const event = await romeo.events.next('iq.requested')
      assert.equal(event.data.type, 'set')
      assert.equal(event.data.from, juliet.jid)
      assert.deepEqual(event.data.payload.extensions, [{ name: 'ask', xmlns: 'urn:example:oracle', children: ['When?'] }])
      const reply = await cell().gateway.api('POST', `/iq/${event.subject}/reply`, {
        body: { xml: "<said xmlns='urn:example:oracle'>Soon</said>" },
      })
      assert.equal(reply.status, 204)
      const answer = await pending
      assert.equal(answer.attributes.type, 'result')
      assert.equal(textOf(answer, 'said'), 'Soon')
      const again = await cell().gateway.api('POST', `/iq/${event.subject}/reply`, { body: {} })
      assert.deepEqual([again.status, again.body.code], [404, 'iq-not-found'])
    })

    it('are answered by the id of the iq too', async () => {
      const pending = request("<ask xmlns='urn:example:oracle'/>")
      const event = await romeo.events.next('iq.requested')
      assert.equal((await romeo.api('POST', `/iq/${event.data.id}/reply`, { body: {} })).status, 204)
      assert.equal((await pending).attributes.type, 'result')
    })

    it('may be answered with an error', async () => {
      const pending = request("<ask xmlns='urn:example:oracle'/>")
      const event = await romeo.events.next('iq.requested')
      const error = {
        type: 'modify',
        condition: 'not-acceptable',
        text: 'Ask better',
        applicationCondition: { name: 'vague', xmlns: 'urn:example:e' },
      }
      assert.equal((await romeo.api('POST', `/iq/${event.subject}/reply`, { body: { error } })).status, 204)
      const answer = await pending
      assert.equal(answer.attributes.type, 'error')
      const told = inner(answer, 'error') as Element
      assert.equal(told.attributes.type, 'modify')
      assert.ok(inner(told, 'not-acceptable'))
      assert.equal(textOf(told, 'text'), 'Ask better')
      assert.equal(inner(told, 'vague')?.xmlns, 'urn:example:e')
    })

    it('follow what the session handles now', async () => {
      assert.equal((await romeo.api('PATCH', `/sessions/${romeo.id}`, { body: { handles: ['urn:example:other'] } })).status, 200)
      await until(async () => (await request("<ask xmlns='urn:example:oracle'/>")).attributes.type === 'error')
      const pending = request("<ask xmlns='urn:example:other'/>")
      const event = await romeo.events.next('iq.requested')
      await romeo.api('POST', `/iq/${event.subject}/reply`, { body: {} })
      assert.equal((await pending).attributes.type, 'result')
    })
  })
})
