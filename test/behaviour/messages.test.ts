import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { elements, text } from '../../src/xml/element.ts'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, isMessage, openAccount, openClient, textOf, until, users, withBody } from './account.ts'

const RECEIPTS = 'urn:xmpp:receipts'

forEachCell('messages', { server: { users: users('romeo', 'juliet', 'paris') } }, (cell) => {
  let romeo: Account
  let juliet: Client
  let paris: Client

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
    paris = await openClient(cell(), 'paris')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), paris?.stop(), romeo?.close()])
  })

  const bareOf = (client: Client) => client.jid.split('/')[0] as string

  it('of a pubsub node are told as such', async () => {
    const items = "<items node='princely_musings'><item id='i1'><entry xmlns='urn:example:e'/></item></items>"
    juliet.send(`<message to='${romeo.full}' id='p1'><event xmlns='http://jabber.org/protocol/pubsub#event'>${items}</event></message>`)
    const event = await romeo.events.next('pubsub.published')
    assert.equal(event.data.id, 'p1')
    assert.equal(event.data.pubsub.items.node ?? event.data.pubsub.node, 'princely_musings')
  })

  it('that are larger than what is read cost nobody the connection, and are told as a gap', async () => {
    // servers write out what the short prefix stands for, with each element
    const bomb = `<x xmlns='urn:example:x' xmlns:p='urn:${'u'.repeat(20_000)}'>${'<p:a/>'.repeat(500)}</x>`
    juliet.send(`<message to='${romeo.full}' type='chat' id='bomb'><body>Boom</body>${bomb}</message>`)
    juliet.send(`<message to='${romeo.full}' type='chat' id='after'><body>Still there?</body></message>`)
    const { data } = await romeo.events.next('events.gap', 20_000)
    const { from, to, ...rest } = data
    assert.deepEqual(rest, { reason: 'stanza-too-large', stanza: { name: 'message', from: juliet.jid, id: 'bomb', type: 'chat' } })
    assert.ok(Date.parse(from) <= Date.parse(to))
    await romeo.events.next((one) => one.type === 'message.received' && one.data.id === 'after')
    const { body } = await romeo.api('GET', '/events', { query: { after: '0', types: 'session.*' } })
    assert.ok(body.data.every(({ type }: { type: string }) => !/offline|failed/.test(type)))
  })

  it('with one id and different words are different messages', async () => {
    for (const body of ['first', 'second']) juliet.send(`<message to='${romeo.full}' type='chat' id='1'><body>${body}</body></message>`)
    for (const body of ['first', 'second']) await romeo.events.next((one) => one.type === 'message.received' && one.data.body === body)
  })

  describe('out', () => {
    it('go to a client that is not ours, which answers, and the answer is on the WebSocket within a second', async () => {
      const id = await romeo.say(bareOf(juliet), 'Wilt thou leave me so unsatisfied?')
      const { element } = await juliet.next(withBody('Wilt thou leave me so unsatisfied?'))
      assert.equal(element.attributes.from, romeo.full)
      assert.equal(element.attributes.type, 'chat')
      assert.equal(element.attributes.id, id)
      juliet.send(`<message to='${romeo.full}' type='chat' id='j1'><body>What satisfaction canst thou have to-night?</body></message>`)
      const event = await romeo.events.next((one) => one.type === 'message.received' && one.data.id === 'j1', 1_000)
      assert.equal(event.data.body, 'What satisfaction canst thou have to-night?')
      assert.equal(event.data.text, event.data.body)
      assert.equal(event.data.from, juliet.jid)
      assert.equal(event.subject, bareOf(juliet))
      assert.equal(event.source, `/sessions/${romeo.id}`)
      assert.equal(event.specversion, '1.0')
    })

    it('are acknowledged by the own server and tell it step by step', async () => {
      const answer = await romeo.api('POST', '/messages', { body: { to: bareOf(juliet), body: 'one' } })
      assert.equal(answer.status, 202)
      assert.deepEqual(Object.keys(answer.body).sort(), ['id', 'originId', 'status'])
      assert.equal(answer.body.status, 'accepted')
      assert.match(answer.body.id, /^msg_[\w-]+$/)
      assert.equal(answer.body.originId, answer.body.id)
      // that it was sent is in its history: it is told where the acknowledgement takes long
      for (const status of ['accepted', 'acked']) {
        const event = await romeo.events.next((one) => one.type === `message.${status}` && one.subject === answer.body.id)
        assert.equal(event.data.id, answer.body.id)
      }
      const record = await romeo.api('GET', `/messages/${answer.body.id}`)
      assert.equal(record.status, 200)
      assert.equal(record.body.status, 'acked')
      assert.equal(record.body.to, bareOf(juliet))
      assert.deepEqual(
        record.body.history.map(({ status }: { status: string }) => status),
        ['accepted', 'sent', 'acked'],
      )
      assert.ok(Date.parse(record.body.acceptedAt) <= Date.parse(record.body.history[2].at))
    })

    it('are read by their id alone', async () => {
      const id = await romeo.say(bareOf(juliet), 'two')
      const answer = await cell().gateway.api('GET', `/messages/${id}`)
      assert.equal(answer.status, 200)
      assert.equal(answer.body.id, id)
    })

    it('wait for the acknowledgement where the caller prefers', async () => {
      const answer = await romeo.api('POST', '/messages', { body: { to: bareOf(juliet), body: 'three' }, headers: { prefer: 'wait=10' } })
      assert.equal(answer.status, 200)
      assert.equal(answer.body.status, 'acked')
      assert.equal(answer.headers.get('preference-applied'), 'wait=10')
    })

    it('wait for the receipt where the caller prefers', async () => {
      const pending = romeo.api('POST', '/messages', {
        body: { to: bareOf(juliet), body: 'four', receipt: { type: 'request' } },
        query: { level: 'delivered' },
        headers: { prefer: 'wait=10' },
      })
      const { element } = await juliet.next(withBody('four'))
      assert.equal(inner(element, 'request')?.xmlns, RECEIPTS)
      juliet.send(`<message to='${romeo.full}' id='r4'><received xmlns='${RECEIPTS}' id='${element.attributes.id}'/></message>`)
      const answer = await pending
      assert.equal(answer.status, 200)
      assert.equal(answer.body.status, 'delivered')
      const seen = await romeo.events.next((one) => one.type === 'message.received' && one.data.id === 'r4')
      assert.equal(seen.data.receipt.id, element.attributes.id)
    })

    it('answer 202 when the receipt does not come in time', async () => {
      const answer = await romeo.api('POST', '/messages', {
        body: { to: bareOf(juliet), body: 'five' },
        query: { level: 'delivered' },
        headers: { prefer: 'wait=1' },
      })
      assert.equal(answer.status, 202)
      assert.notEqual(answer.body.status, 'delivered')
    })

    it('carry type, subject, thread, and bodies and subjects by language', async () => {
      await romeo.say(juliet.jid, 'Good morrow', {
        type: 'normal',
        subject: 'Greeting',
        subjects: { de: 'Gruß' },
        bodies: { de: 'Guten Morgen', cs: 'Dobré ráno' },
        thread: 't-1',
        parentThread: 't-0',
      })
      const { element } = await juliet.next(withBody('Good morrow'))
      assert.equal(element.attributes.type ?? 'normal', 'normal')
      const byLanguage = (name: string) =>
        Object.fromEntries(
          elements(element)
            .filter((child) => child.name === name)
            .map((child) => [child.attributes['xml:lang'] ?? '', text(child)]),
        )
      assert.deepEqual(byLanguage('body'), { '': 'Good morrow', de: 'Guten Morgen', cs: 'Dobré ráno' })
      assert.deepEqual(byLanguage('subject'), { '': 'Greeting', de: 'Gruß' })
      assert.equal(textOf(element, 'thread'), 't-1')
      assert.equal(inner(element, 'thread')?.attributes.parent, 't-0')
    })

    it('may be of type headline', async () => {
      await romeo.say(juliet.jid, 'News', { type: 'headline' })
      assert.equal((await juliet.next(withBody('News'))).element.attributes.type, 'headline')
    })

    it('may be of type error', async () => {
      const error = { type: 'modify', condition: 'not-acceptable', text: 'Not so' }
      const answer = await romeo.api('POST', '/messages', { body: { to: juliet.jid, type: 'error', id: 'e-1', error } })
      assert.equal(answer.status, 202)
      const { element } = await juliet.next((one) => isMessage(one) && one.attributes.type === 'error')
      assert.equal(element.attributes.id, 'e-1')
      assert.equal(inner(element, 'error')?.attributes.type, 'modify')
      assert.ok(inner(inner(element, 'error'), 'not-acceptable'))
    })

    it('keep the order of one recipient', async () => {
      const bodies = Array.from({ length: 30 }, (_, index) => `in order ${index}`)
      for (const body of bodies) await romeo.say(bareOf(juliet), body)
      const got: (string | undefined)[] = []
      while (got.length < bodies.length) {
        const { element } = await juliet.next((one) => isMessage(one) && /^in order/.test(textOf(one, 'body') ?? ''))
        got.push(textOf(element, 'body'))
      }
      assert.deepEqual(got, bodies)
    })

    it('take an id of the caller, once', async () => {
      const body = { to: bareOf(juliet), body: 'mine', id: 'my-own-id-1' }
      const first = await romeo.api('POST', '/messages', { body })
      assert.equal(first.status, 202)
      assert.equal(first.body.id, 'my-own-id-1')
      const { element } = await juliet.next(withBody('mine'))
      assert.equal(element.attributes.id, 'my-own-id-1')
      assert.equal(inner(element, 'origin-id')?.attributes.id, 'my-own-id-1')
      const again = await romeo.api('POST', '/messages', { body })
      assert.equal(again.status, 409)
      assert.equal(again.body.code, 'id-in-use')
      assert.equal((await romeo.api('GET', '/messages/my-own-id-1')).body.id, 'my-own-id-1')
    })

    it('are sent once for one Idempotency-Key', async () => {
      const request = { body: { to: bareOf(juliet), body: 'only once' }, headers: { 'idempotency-key': 'key-1' } }
      const first = await romeo.api('POST', '/messages', request)
      const second = await romeo.api('POST', '/messages', request)
      assert.deepEqual([first.status, second.status], [202, 202])
      assert.deepEqual(second.body, first.body)
      assert.equal(first.headers.get('idempotency-replayed'), null)
      assert.equal(second.headers.get('idempotency-replayed'), 'true')
      const other = await romeo.api('POST', '/messages', { ...request, body: { to: bareOf(juliet), body: 'another' } })
      assert.equal(other.status, 422)
      assert.equal(other.body.code, 'idempotency-key-reused')
      await juliet.next(withBody('only once'))
      await romeo.say(bareOf(juliet), 'after the key')
      await juliet.next(withBody('after the key'))
      assert.ok(!juliet.stanzas.some(({ element }) => withBody('only once')(element) || withBody('another')(element)))
    })

    it('are replayed with the answer that waiting gave', async () => {
      const request = { body: { to: bareOf(juliet), body: 'waited' }, headers: { 'idempotency-key': 'key-2', prefer: 'wait=10' } }
      const first = await romeo.api('POST', '/messages', request)
      assert.equal(first.status, 200)
      const second = await romeo.api('POST', '/messages', request)
      assert.deepEqual([second.status, second.body], [first.status, first.body])
      assert.equal(second.headers.get('idempotency-replayed'), 'true')
    })

    it('free the key when the request was refused', async () => {
      const headers = { 'idempotency-key': 'key-3' }
      const refused = await romeo.api('POST', '/messages', { body: { to: bareOf(juliet), boody: 'x' }, headers })
      assert.equal(refused.status, 400)
      assert.equal((await romeo.api('POST', '/messages', { body: { to: bareOf(juliet), body: 'x' }, headers })).status, 202)
    })

    it('go to a domain too', async () => {
      const id = await romeo.say(cell().server.domain, 'Hello server')
      const { data } = await romeo.events.next((one) => one.subject === id && ['message.acked', 'message.failed'].includes(one.type))
      assert.equal(data.to, cell().server.domain)
    })
  })

  describe('that come back', () => {
    const kinds = [
      ['auth', 'forbidden'],
      ['cancel', 'item-not-found'],
      ['continue', 'policy-violation'],
      ['modify', 'not-acceptable'],
      ['wait', 'resource-constraint'],
    ] as const

    for (const [type, condition] of kinds) {
      it(`fail with what the error says: ${type}, ${condition}`, async () => {
        const id = await romeo.say(juliet.jid, `bounce ${type}`)
        await juliet.next(withBody(`bounce ${type}`))
        juliet.send(
          `<message to='${romeo.full}' type='error' id='${id}'><error type='${type}'>` +
            `<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
            `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Because</text>` +
            `<too-many xmlns='urn:example:errors'/></error></message>`,
        )
        const { data } = await romeo.events.next((one) => one.type === 'message.failed' && one.subject === id)
        assert.equal(data.status, 'failed')
        assert.equal(data.error.code, `xmpp-${condition}`)
        assert.deepEqual(data.error.xmpp, {
          type,
          condition,
          text: 'Because',
          applicationCondition: { name: 'too-many', xmlns: 'urn:example:errors' },
        })
        assert.deepEqual((await romeo.api('GET', `/messages/${id}`)).body.error, data.error)
      })
    }

    it('fail when the server returns them', async () => {
      const nobody = `nobody@${cell().server.domain}`
      const id = await romeo.say(nobody, 'Is anybody there?')
      const { data } = await romeo.events.next((one) => one.type === 'message.failed' && one.subject === id)
      assert.equal(data.error.xmpp.condition, 'service-unavailable')
    })

    it('do not fail by the word of somebody else', async () => {
      const id = await romeo.say(juliet.jid, 'forged bounce')
      await juliet.next(withBody('forged bounce'))
      await romeo.events.next((one) => one.type === 'message.acked' && one.subject === id)
      paris.send(
        `<message to='${romeo.full}' type='error' id='${id}'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>` +
          `<message to='${romeo.full}' type='chat' id='after-forged'><body>after</body></message>`,
      )
      await romeo.events.next((one) => one.data.id === 'after-forged')
      assert.equal((await romeo.api('GET', `/messages/${id}`)).body.status, 'acked')
    })

    it('never make an answer to an error', async () => {
      juliet.send(
        `<message to='${romeo.full}' type='error' id='stray'><body>x</body><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>` +
          `<iq to='${romeo.full}' type='error' id='stray-iq'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>` +
          `<presence to='${romeo.full}' type='error' id='stray-presence'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`,
      )
      const stray = await romeo.events.next((one) => one.type === 'message.received' && one.data.id === 'stray')
      assert.equal(stray.data.type, 'error')
      assert.equal(stray.data.error.condition, 'gone')
      const pong = await juliet.request({ type: 'get', to: romeo.full, payload: "<ping xmlns='urn:xmpp:ping'/>" })
      assert.equal(pong.attributes.type, 'result')
      assert.ok(!juliet.stanzas.some(({ element }) => /^stray/.test(element.attributes.id ?? '')))
    })
  })

  describe('in', () => {
    it('show type, subject, thread, and bodies and subjects by language', async () => {
      juliet.send(
        `<message to='${romeo.full}' type='normal' id='in-1' xml:lang='en'><subject>S</subject><subject xml:lang='de'>B</subject>` +
          `<body>Hello</body><body xml:lang='de'>Hallo</body><thread parent='p'>t</thread></message>`,
      )
      const { data } = await romeo.events.next((one) => one.data.id === 'in-1')
      assert.equal(data.body, 'Hello')
      assert.deepEqual(data.bodies, { de: 'Hallo' })
      assert.equal(data.subject, 'S')
      assert.deepEqual(data.subjects, { de: 'B' })
      assert.equal(data.thread, 't')
      assert.equal(data.parentThread, 'p')
      assert.equal(data.lang, 'en')
    })

    for (const type of ['chat', 'normal', 'headline']) {
      it(`are told with their type ${type}, to the bare and to the full JID`, async () => {
        for (const to of [romeo.jid, romeo.full]) {
          const id = `in-${type}-${to.length}`
          juliet.send(`<message to='${to}' type='${type}' id='${id}'><body>b</body></message>`)
          const event = await romeo.events.next((one) => one.data.id === id)
          assert.equal(event.type, 'message.received')
          // what is not said is normal (RFC 6121 section 5.2.2): some servers leave it out
          assert.equal(event.data.type ?? 'normal', type)
        }
      })
    }

    it('keep what nobody knows', async () => {
      juliet.send(`<message to='${romeo.full}' id='in-2' type='chat'><x xmlns='urn:example:x' a='1'>one<y/>two</x></message>`)
      const { data } = await romeo.events.next((one) => one.data.id === 'in-2')
      assert.deepEqual(data.extensions, [
        { name: 'x', xmlns: 'urn:example:x', attributes: { a: '1' }, children: ['one', { name: 'y', xmlns: 'urn:example:x' }, 'two'] },
      ])
    })

    it('tell corrections, retractions and reactions of the author as what they are', async () => {
      juliet.send(`<message to='${romeo.full}' type='chat' id='orig'><body>By the moon</body></message>`)
      await romeo.events.next((one) => one.data.id === 'orig')
      juliet.send(
        `<message to='${romeo.full}' type='chat' id='fix'><body>Not by the moon</body><replace xmlns='urn:xmpp:message-correct:0' id='orig'/></message>` +
          `<message to='${romeo.full}' type='chat' id='react'><reactions xmlns='urn:xmpp:reactions:0' id='orig'><reaction>👋</reaction></reactions></message>` +
          `<message to='${romeo.full}' type='chat' id='gone'><retract xmlns='urn:xmpp:message-retract:1' id='orig'/></message>`,
      )
      assert.equal((await romeo.events.next((one) => one.data.id === 'fix')).type, 'message.corrected')
      assert.equal((await romeo.events.next((one) => one.data.id === 'react')).type, 'message.reacted')
      assert.equal((await romeo.events.next((one) => one.data.id === 'gone')).type, 'message.retracted')
    })

    it('do not let others correct or retract', async () => {
      juliet.send(`<message to='${romeo.full}' type='chat' id='orig2'><body>Mine</body></message>`)
      await romeo.events.next((one) => one.data.id === 'orig2')
      const own = await romeo.say(juliet.jid, 'Ours')
      for (const id of ['orig2', own]) {
        paris.send(
          `<message to='${romeo.full}' type='chat' id='fix-${id}'><body>Forged</body><replace xmlns='urn:xmpp:message-correct:0' id='${id}'/></message>` +
            `<message to='${romeo.full}' type='chat' id='gone-${id}'><retract xmlns='urn:xmpp:message-retract:1' id='${id}'/></message>`,
        )
        assert.equal((await romeo.events.next((one) => one.data.id === `fix-${id}`)).type, 'message.received')
        assert.equal((await romeo.events.next((one) => one.data.id === `gone-${id}`)).type, 'message.received')
      }
    })

    it('carry receipts and markers of the recipient to the record', async () => {
      const id = await romeo.say(bareOf(juliet), 'seen?', { receipt: { type: 'request' }, marker: { type: 'markable' } })
      await juliet.next(withBody('seen?'))
      await romeo.events.next((one) => one.type === 'message.acked' && one.subject === id)
      juliet.send(`<message to='${romeo.full}'><received xmlns='${RECEIPTS}' id='${id}'/></message>`)
      await romeo.events.next((one) => one.type === 'message.delivered' && one.subject === id)
      juliet.send(`<message to='${romeo.full}'><displayed xmlns='urn:xmpp:chat-markers:0' id='${id}'/></message>`)
      const { data } = await romeo.events.next((one) => one.type === 'message.displayed' && one.subject === id)
      assert.equal(data.status, 'displayed')
      assert.deepEqual(
        data.history.map(({ status }: { status: string }) => status),
        ['accepted', 'sent', 'acked', 'delivered', 'displayed'],
      )
    })

    it('do not carry receipts of others', async () => {
      const id = await romeo.say(bareOf(juliet), 'seen by whom?')
      await romeo.events.next((one) => one.type === 'message.acked' && one.subject === id)
      paris.send(`<message to='${romeo.full}' id='false-receipt'><received xmlns='${RECEIPTS}' id='${id}'/></message>`)
      await romeo.events.next((one) => one.data.id === 'false-receipt')
      assert.equal((await romeo.api('GET', `/messages/${id}`)).body.status, 'acked')
    })

    it('tell chat states apart from messages', async () => {
      juliet.send(
        `<message to='${romeo.full}' type='chat' id='typing'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      )
      const event = await romeo.events.next('chatstate.changed')
      assert.equal(event.data.chatState, 'composing')
      juliet.send(
        `<message to='${romeo.full}' type='chat' id='said'><body>Aye</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      )
      const said = await romeo.events.next((one) => one.data.id === 'said')
      assert.equal(said.type, 'message.received')
      assert.equal(said.data.chatState, 'active')
    })

    it('leave the fallback out of the text, never out of the body', async () => {
      juliet.send(
        `<message to='${romeo.full}' type='chat' id='quoted'><body>&gt; 你好 😀\nYes</body>` +
          `<reply xmlns='urn:xmpp:reply:0' to='${romeo.full}' id='m'/>` +
          `<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='7'/></fallback></message>`,
      )
      const { data } = await romeo.events.next((one) => one.data.id === 'quoted')
      assert.equal(data.text, 'Yes')
      assert.equal(data.body, '> 你好 😀\nYes')
    })

    it('that another client of the account sends or gets are told as carbons', async () => {
      const phone = await openClient(cell(), 'romeo', { presence: 5 })
      try {
        // carbons are of XEP-0280: the copy comes because the gateway asked for it
        phone.send(`<message to='${juliet.jid}' type='chat' id='from-phone'><body>From my phone</body></message>`)
        const sent = await romeo.events.next((one) => one.type === 'message.sent-elsewhere')
        assert.equal(sent.data.id, 'from-phone')
        assert.equal(sent.data.carbon, 'sent')
        assert.equal(sent.data.from, phone.jid)
        assert.equal(sent.subject, bareOf(juliet))
        juliet.send(`<message to='${phone.jid}' type='chat' id='to-phone'><body>To thy phone</body></message>`)
        const received = await romeo.events.next((one) => one.data.id === 'to-phone')
        assert.equal(received.type, 'message.received')
        assert.equal(received.data.carbon, 'received')
      } finally {
        await phone.stop()
      }
    })

    it('that somebody else wraps as a carbon are no events', async () => {
      const copy = `<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='${juliet.jid}' to='${romeo.full}' type='chat' id='forged'><body>Forged</body></message></forwarded>`
      for (const kind of ['sent', 'received'])
        paris.send(`<message to='${romeo.full}' type='chat'><${kind} xmlns='urn:xmpp:carbons:2'>${copy}</${kind}></message>`)
      paris.send(`<message to='${romeo.full}' type='chat' id='after-carbons'><body>after</body></message>`)
      await romeo.events.next((one) => one.data.id === 'after-carbons')
      assert.ok(!romeo.events.events.some(({ data }) => data.id === 'forged'))
    })
  })

  it('of 200 KB of Chinese and emoji arrive equal in both directions', async () => {
    const unit = '天地玄黃宇宙洪荒😀🏳️‍🌈日月盈昃辰宿列張👩‍👩‍👧‍👦'
    const body = unit.repeat(Math.ceil(200_000 / Buffer.byteLength(unit)))
    assert.ok(Buffer.byteLength(body) >= 200_000)
    await romeo.say(juliet.jid, body)
    const { element } = await juliet.next((one) => isMessage(one) && (textOf(one, 'body')?.length ?? 0) > 10_000, 20_000)
    assert.equal(textOf(element, 'body'), body)
    juliet.send(`<message to='${romeo.full}' type='chat' id='long'><body>${body}</body></message>`)
    const event = await romeo.events.next((one) => one.data.id === 'long', 20_000)
    assert.equal(event.data.body, body)
  })

  it('that were missed while away are read by cursor, in order', async () => {
    const here = await romeo.api('GET', '/events', { query: { limit: 1000 } })
    let cursor = here.body.page.next
    const bodies = Array.from({ length: 20 }, (_, index) => `missed ${index}`)
    for (const body of bodies) juliet.send(`<message to='${romeo.full}' type='chat'><body>${body}</body></message>`)
    const got: string[] = []
    await until(async () => {
      const page = await romeo.api('GET', '/events', { query: { after: cursor, limit: 3, types: 'message.received' } })
      assert.equal(page.status, 200)
      cursor = page.body.page.next
      for (const { data } of page.body.data) if (/^missed/.test(data.body)) got.push(data.body)
      return got.length >= bodies.length
    }, 10_000)
    assert.deepEqual(got, bodies)
  })

  it('go to a room and come from it', async () => {
    const room = `verona@conference.${cell().server.domain}`
    const joined = await romeo.api('POST', '/presence', { body: { to: `${room}/romeo`, muc: { type: 'join' } } })
    assert.equal(joined.status, 202)
    await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === `${room}/romeo`)
    // a room that was just made may be locked until its owner agrees to its settings
    const unlocked = await romeo.api('POST', '/iq', {
      body: {
        type: 'set',
        to: room,
        xml: "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>",
      },
    })
    assert.equal(unlocked.status, 200)
    juliet.send(`<presence to='${room}/juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
    await romeo.events.next((one) => one.type === 'presence.available' && one.data.from === `${room}/juliet`)
    const id = await romeo.say(room, 'Good morrow, all', { type: 'groupchat' })
    const { element } = await juliet.next(withBody('Good morrow, all'))
    assert.equal(element.attributes.type, 'groupchat')
    assert.equal(element.attributes.from, `${room}/romeo`)
    juliet.send(`<message to='${room}' type='groupchat' id='room-1'><body>Good morrow, Romeo</body></message>`)
    const event = await romeo.events.next((one) => one.data.body === 'Good morrow, Romeo')
    assert.equal(event.type, 'message.received')
    assert.equal(event.data.type, 'groupchat')
    assert.equal(event.data.from, `${room}/juliet`)
    assert.equal((await romeo.api('GET', `/messages/${id}`)).status, 200)
  })

  describe('that are refused', () => {
    const refused = async (body: unknown) => {
      const { status, body: problem } = await romeo.api('POST', '/messages', { body })
      return [status, problem.code]
    }

    it('are told exactly why', async () => {
      const to = bareOf(juliet)
      assert.deepEqual(await refused({ body: 'x' }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ to, body: 'x', colour: 'red' }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ to, body: 7 }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ to, body: 'x', from: 'other@example.com' }), [422, 'from-not-allowed'])
      assert.deepEqual(await refused({ to, body: 'x', type: 'shout' }), [400, 'invalid-request'])
      assert.deepEqual(await refused('{"to": '), [400, 'invalid-request'])
      for (const bad of ['@example.com', 'a@', 'a b@example.com', 'x@exa mple', 'a@b/', '/x', `${'a'.repeat(1024)}@example.com`]) {
        assert.deepEqual(await refused({ to: bad, body: 'x' }), [422, 'jid-malformed'], bad)
      }
      for (const bad of ['\u0000', '\u000b', '\ufffe', '\ud800']) {
        assert.deepEqual(await refused({ to, body: `x${bad}y` }), [422, 'illegal-character'], JSON.stringify(bad))
      }
      assert.deepEqual(await refused({ to, body: 'x'.repeat(300_000) }), [422, 'stanza-too-large'])
      assert.deepEqual(await refused({ to, body: 'x'.repeat(2_000_000) }), [413, 'body-too-large'])
      const malformed = await romeo.api('POST', '/messages', { body: { to: 'a b@example.com', body: 'x' } })
      assert.deepEqual(
        malformed.body.errors.map(({ path }: { path: string }) => path),
        ['body.to'],
      )
      const unknown = await romeo.api('GET', '/messages/nothing-like-it')
      assert.deepEqual([unknown.status, unknown.body.code], [404, 'message-not-found'])
    })

    it('leave nothing behind', async () => {
      const page = await romeo.api('GET', '/events', { query: { types: 'message.accepted', limit: 1000 } })
      const before = page.body.data.length
      await refused({ to: bareOf(juliet), body: 'half \u0000 done' })
      await refused({ to: 'a b@example.com', body: 'half done' })
      await romeo.say(bareOf(juliet), 'whole')
      await juliet.next(withBody('whole'))
      const now = await romeo.api('GET', '/events', { query: { types: 'message.accepted', limit: 1000 } })
      assert.equal(now.body.data.length, before + 1)
      assert.ok(!juliet.stanzas.some(({ element }) => /half/.test(textOf(element, 'body') ?? '')))
    })
  })
})
