import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, inner, isPresence, openAccount, openClient, textOf, users, withBody } from './account.ts'

const XML = { 'content-type': 'application/xml' }

forEachCell('stanzas', { server: { users: users('romeo', 'juliet') } }, (cell) => {
  let romeo: Account
  let juliet: Client

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
  })

  const sendXml = (body: string, query: Record<string, string> = {}) => romeo.api('POST', '/stanzas', { body, headers: XML, query })
  const sendJson = (body: object, query: Record<string, string> = {}) => romeo.api('POST', '/stanzas', { body, query })

  describe('that are sent', () => {
    it('as XML arrive, written anew', async () => {
      const answer = await sendXml(
        `<message to="${juliet.jid}" type='chat' id="raw-1"><!-- --><body>A &lt;raw&gt; one</body><x xmlns="urn:example:x"/></message>`.replace(
          '<!-- -->',
          '',
        ),
      )
      assert.equal(answer.status, 202)
      assert.deepEqual([answer.body.id, answer.body.originId], ['raw-1', 'raw-1'])
      const { element } = await juliet.next(withBody('A <raw> one'))
      assert.equal(element.attributes.from, romeo.full)
      assert.equal(inner(element, 'x')?.xmlns, 'urn:example:x')
      await romeo.events.next((one) => one.type === 'message.acked' && one.subject === 'raw-1')
    })

    it('as JSON arrive, without a type where none is given', async () => {
      const answer = await sendJson({ message: { to: juliet.jid, body: 'no type', extensions: [{ name: 'x', xmlns: 'urn:example:x' }] } })
      assert.equal(answer.status, 202)
      const { element } = await juliet.next(withBody('no type'))
      assert.equal(element.attributes.type ?? 'normal', 'normal')
    })

    it('may be presence: directed, and the own one', async () => {
      assert.equal((await sendXml(`<presence to="${juliet.jid}"><status>directed</status></presence>`)).status, 202)
      await juliet.next((one) => isPresence(one) && textOf(one, 'status') === 'directed')
      assert.equal((await sendJson({ presence: { to: juliet.jid, type: 'unavailable' } })).status, 202)
      await juliet.next((one) => isPresence(one) && one.attributes.type === 'unavailable')
      assert.equal((await sendXml('<presence><show>away</show></presence>')).status, 202)
    })

    it('may be an iq, whose answer is an event', async () => {
      const answer = await sendXml(`<iq to="${cell().server.domain}" type="get" id="raw-iq"><ping xmlns="urn:xmpp:ping"/></iq>`)
      assert.equal(answer.status, 202)
      assert.equal(answer.body.id, 'raw-iq')
      const event = await romeo.events.next((one) => one.type === 'iq.completed' && one.data.id === 'raw-iq')
      assert.equal(event.data.status, 'result')
      const json = await sendJson({ iq: { type: 'get', to: juliet.jid, payload: { ping: {} } } })
      assert.equal(json.status, 202)
      const { element } = await juliet.next((one) => one.name === 'iq' && one.attributes.id === json.body.id)
      juliet.send(`<iq type='result' to='${romeo.full}' id='${element.attributes.id}'/>`)
      await romeo.events.next((one) => one.type === 'iq.completed' && one.data.id === json.body.id)
    })

    it('come from the account and nobody else', async () => {
      for (const from of [romeo.jid, romeo.full]) {
        assert.equal((await sendXml(`<message from="${from}" to="${juliet.jid}"><body>own</body></message>`)).status, 202)
        assert.equal((await juliet.next(withBody('own'))).element.attributes.from, romeo.full)
      }
      for (const from of [juliet.jid, `romeo@example.com`, `${romeo.jid}/other`]) {
        const answer = await sendXml(`<message from="${from}" to="${juliet.jid}"><body>forged</body></message>`)
        assert.deepEqual([answer.status, answer.body.code], [422, 'from-not-allowed'], from)
        assert.equal((await sendJson({ message: { from, to: juliet.jid, body: 'forged' } })).status, 422)
      }
    })

    it('are only shown with dryRun', async () => {
      const answer = await sendJson({ message: { to: juliet.jid, id: 'dry', body: 'a < b', lang: 'en' } }, { dryRun: 'true' })
      assert.equal(answer.status, 200)
      assert.match(answer.headers.get('content-type') ?? '', /^application\/xml/)
      assert.match(answer.text, /^<message [^>]*id="dry"/)
      assert.match(answer.text, /<body>a &lt; b<\/body>/)
      assert.match(answer.text, /xml:lang="en"/)
      await romeo.say(juliet.jid, 'after the dry run')
      await juliet.next(withBody('after the dry run'))
      assert.ok(!juliet.stanzas.some(({ element }) => element.attributes.id === 'dry'))
    })

    it('are sent once for one Idempotency-Key', async () => {
      const request = { body: { message: { to: juliet.jid, body: 'keyed' } }, headers: { 'idempotency-key': 'stanza-1' } }
      const first = await romeo.api('POST', '/stanzas', request)
      const second = await romeo.api('POST', '/stanzas', request)
      assert.deepEqual([first.status, second.status, second.body], [202, 202, first.body])
      assert.equal(second.headers.get('idempotency-replayed'), 'true')
    })
  })

  describe('that are refused', () => {
    const cases: [string, string, number, string][] = [
      ['two of them', '<message/><message/>', 422, 'not-a-stanza'],
      ['another element', '<stream/>', 422, 'not-a-stanza'],
      ['another namespace', '<message xmlns="urn:example:x" to="a@b.example"/>', 422, 'not-a-stanza'],
      ['what is not well-formed', '<message><body></message>', 400, 'xml-malformed'],
      ['an unknown entity', '<message to="a@b.example"><body>&x;</body></message>', 400, 'xml-malformed'],
      ['a document type', '<!DOCTYPE x []><message/>', 400, 'xml-malformed'],
      ['a bad JID', '<message to="a b@c"/>', 422, 'jid-malformed'],
      ['a NUL', '<message to="a@b.example"><body>&#0;</body></message>', 400, 'xml-malformed'],
    ]
    it('as XML: but not a message without an addressee, which is for the own account', async () => {
      const answer = await sendXml('<message type="chat"><body>to myself</body></message>')
      assert.equal(answer.status, 202)
    })
    for (const [what, xml, status, code] of cases) {
      it(`as XML: ${what}`, async () => {
        const answer = await sendXml(xml)
        assert.deepEqual([answer.status, answer.body.code], [status, code])
      })
    }

    it('as JSON', async () => {
      const refused = async (body: object) => {
        const answer = await sendJson(body)
        return [answer.status, answer.body.code]
      }
      assert.deepEqual(await refused({}), [422, 'not-a-stanza'])
      assert.deepEqual(await refused({ message: { to: 'a@example.com' }, presence: {} }), [422, 'not-a-stanza'])
      assert.deepEqual(await refused({ stream: {} }), [400, 'invalid-request'])
      assert.deepEqual(await refused({ iq: { type: 'get' } }), [400, 'invalid-request'])
    })

    it('when they are too large', async () => {
      const answer = await sendXml(`<message to="a@example.com"><body>${'x'.repeat(300_000)}</body></message>`)
      assert.deepEqual([answer.status, answer.body.code], [422, 'stanza-too-large'])
    })

    it('when they are neither JSON nor XML', async () => {
      const answer = await romeo.api('POST', '/stanzas', { body: 'hello', headers: { 'content-type': 'text/plain' } })
      assert.equal(answer.status, 415)
    })
  })

  describe('that are translated', () => {
    const translate = (body: unknown, headers: Record<string, string> = {}) => cell().gateway.api('POST', '/translate', { body, headers })

    it('go from XML to JSON and back, without a session', async () => {
      const xml =
        '<message xmlns="jabber:client" from="a@example.com/x" to="b@example.com" type="chat"><body>Hi</body><x xmlns="urn:example:x" y="1"/></message>'
      const json = await translate(xml, XML)
      assert.equal(json.status, 200)
      assert.deepEqual(json.body, {
        message: {
          from: 'a@example.com/x',
          to: 'b@example.com',
          type: 'chat',
          body: 'Hi',
          extensions: [{ name: 'x', xmlns: 'urn:example:x', attributes: { y: '1' } }],
        },
      })
      const back = await translate(json.body)
      assert.equal(back.status, 200)
      assert.match(back.headers.get('content-type') ?? '', /^application\/xml/)
      const again = await translate(back.text, XML)
      assert.deepEqual(again.body, json.body)
    })

    it('may be presence and iq, of every type', async () => {
      for (const xml of [
        '<presence from="a@example.com/x"><show>dnd</show><priority>-1</priority></presence>',
        '<presence type="subscribe" to="a@example.com"/>',
        '<iq type="result" id="1" from="a@example.com"><query xmlns="jabber:iq:roster"><item jid="b@example.com" subscription="both"><group>G</group></item></query></iq>',
        '<iq type="error" id="1"><error type="cancel"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>',
      ]) {
        const json = await translate(xml, XML)
        assert.equal(json.status, 200, xml)
        const back = await translate(json.body)
        assert.deepEqual((await translate(back.text, XML)).body, json.body)
      }
    })

    it('are refused when they are none', async () => {
      assert.equal((await translate('<message>', XML)).status, 400)
      assert.equal((await translate('<other/>', XML)).status, 422)
      assert.equal((await translate({ message: { body: 7 } })).status, 400)
      assert.equal((await translate({})).status, 422)
    })
  })
})
