import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { createTranslator, type StanzaJson } from '../../src/codec/translate.ts'
import { Problem } from '../../src/errors/problem.ts'
import { definitions as vocabulary } from '../../src/protocol/index.ts'
import { isElement } from '../../src/xml/element.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { serialize } from '../../src/xml/serialize.ts'
import { anyText } from './arbitraries.ts'
import { canonical } from './canonical.ts'

const translator = createTranslator(vocabulary)
const read = (xml: string) => translator.read(parseStanza(xml)).json
const write = (json: StanzaJson) => serialize(translator.write('message', json))

function problem(run: () => unknown): { code: string; path: string | undefined } {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof Problem) return { code: thrown.code, path: thrown.options.errors?.[0]?.path }
    throw thrown
  }
  return assert.fail('nothing was thrown')
}

describe('reading', () => {
  it('gives a message as flat JSON, in the order in which it came', () => {
    const json = read(
      '<message to="bob@b.example" type="chat" id="1" xml:lang="en"><body>Hi</body><active xmlns="http://jabber.org/protocol/chatstates"/></message>',
    )
    assert.equal(JSON.stringify(json), '{"to":"bob@b.example","type":"chat","id":"1","lang":"en","body":"Hi","chatState":"active"}')
  })

  it('keeps unknown attributes and children beside what it knows', () => {
    assert.deepEqual(read('<message z="1"><y xmlns="urn:y" a="b">t<c/>u</y><body>Hi</body></message>'), {
      body: 'Hi',
      attributes: { z: '1' },
      extensions: [{ name: 'y', xmlns: 'urn:y', attributes: { a: 'b' }, children: ['t', { name: 'c', xmlns: 'urn:y' }, 'u'] }],
    })
  })

  it('keeps raw what a member cannot hold', () => {
    assert.deepEqual(read('<presence type="odd"><priority>200</priority><show>asleep</show></presence>'), {
      raw: { type: 'odd', priority: '200', show: 'asleep' },
    })
  })

  it('gives null and the raw text for a timestamp that is none', () => {
    for (const stamp of ['yesterday', '2024-02-30T00:00:00Z', '2024-01-01T24:00:00Z', '2024-01-01T00:00:00', '20240101T00:00:00', '']) {
      const { delay } = read(`<message><delay xmlns="urn:xmpp:delay" stamp="${stamp}"/></message>`)
      assert.deepEqual(delay, { timestamp: null, raw: { timestamp: stamp } })
    }
  })

  it('gives what typed members cannot hold as raw text, whatever it is, and never throws', () => {
    const stamps = [
      '+275760-09-13T00:00:00Z',
      '-000001-01-01T00:00:00Z',
      '275760-09-13T00:00:00Z',
      '0000-00-00T00:00:00Z',
      '9999-12-31T23:59:60+99:99',
      '1e309',
      'NaN',
      '\u202e2024',
    ]
    for (const stamp of stamps) {
      const { delay } = read(`<message><delay xmlns="urn:xmpp:delay" stamp="${stamp}"/></message>`)
      assert.deepEqual(delay, { timestamp: null, raw: { timestamp: stamp } }, stamp)
    }
    const typed = (text: string) =>
      [
        `<presence><priority>${text}</priority><idle xmlns="urn:xmpp:idle:1" since="${text}"/><delay xmlns="urn:xmpp:delay" stamp="${text}" from="${text}"/></presence>`,
        `<message type="error"><error code="${text}" type="${text}"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">${text}</gone></error></message>`,
        `<iq type="result" id="1"><query xmlns="jabber:iq:last" seconds="${text}"/></iq>`,
        `<iq type="result" id="1"><fin xmlns="urn:xmpp:mam:2" complete="${text}"><set xmlns="http://jabber.org/protocol/rsm"><first index="${text}">a</first><count>${text}</count></set></fin></iq>`,
      ].map((xml) => parseStanza(xml))
    const numbers = fc.constantFrom('-1', '1e9', '99999999999999999999', '0x7f', '٣', ' 1 ', '-0', 'Infinity', '2147483648', '1.5')
    const property = fc.property(
      fc.oneof(
        numbers,
        anyText.map((text) => text.replace(/[<>&"\r]/g, '')),
      ),
      (text) => {
        for (const stanza of typed(text)) {
          const json = JSON.parse(JSON.stringify(translator.read(stanza, { received: true }).json))
          assert.equal(translator.schemas[stanza.name as 'iq'].safeParse(json).error, undefined)
        }
      },
    )
    fc.assert(property, { numRuns: 1_000 })
  })

  it('gives timestamps in UTC, with their fraction', () => {
    const { delay } = read('<message><delay xmlns="urn:xmpp:delay" stamp="2024-03-01T00:30:00.123456+01:00"/></message>')
    assert.deepEqual(delay, { timestamp: '2024-02-29T23:30:00.123456Z', raw: { timestamp: '2024-03-01T00:30:00.123456+01:00' } })
  })

  it('finds a body between bodies of other languages, however many', () => {
    const bodies = '<body>Hi</body><body xml:lang="de">Hallo</body><body xml:lang="fr">Salut</body>'
    assert.deepEqual(read(`<message>${bodies}</message>`), { body: 'Hi', bodies: { de: 'Hallo', fr: 'Salut' } })
  })

  it('has the payload of an iq under its name, and an unknown one as an extension', () => {
    assert.deepEqual(read('<iq type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>').payload, { ping: {} })
    const unknown = read('<iq type="get" id="1"><x xmlns="urn:x"/></iq>')
    assert.deepEqual(unknown.payload, { extensions: [{ name: 'x', xmlns: 'urn:x' }] })
  })

  it('refuses what is no stanza', () => {
    assert.equal(problem(() => read('<foo/>')).code, 'not-a-stanza')
    assert.equal(problem(() => read('<message xmlns="urn:x"/>')).code, 'not-a-stanza')
  })

  it('takes names of JavaScript for names like any other', () => {
    const xml = '<message constructor="1"><constructor><__proto__ xmlns="urn:x" hasOwnProperty="2"/></constructor><toString/></message>'
    const json = JSON.parse(JSON.stringify(read(xml)))
    assert.equal(canonical(translator.write('message', json)), canonical(parseStanza(xml)))
    assert.equal(({} as { hasOwnProperty: unknown }).hasOwnProperty, Object.prototype.hasOwnProperty)
  })

  it('keeps an attribute called __proto__', () => {
    const xml = '<message><x xmlns="urn:x" __proto__="1" b="2"/></message>'
    const json = JSON.parse(JSON.stringify(read(xml)))
    const validated = translator.schemas.message.parse(json) as StanzaJson
    assert.equal(canonical(translator.write('message', validated)), canonical(parseStanza(xml)))
  })
})

describe('writing', () => {
  it('names the member that has a character XML cannot carry', () => {
    assert.deepEqual(
      problem(() => write({ body: 'a\0' })),
      { code: 'illegal-character', path: 'body' },
    )
    assert.deepEqual(
      problem(() => write({ reactions: { id: '1', reactions: ['ok', '\ud800'] } })),
      { code: 'illegal-character', path: 'reactions.reactions.1' },
    )
    const extensions = [{ name: 'x', xmlns: 'urn:x', children: [{ name: 'y', xmlns: 'urn:x', attributes: { a: '\u0001' } }] }]
    assert.equal(problem(() => write({ extensions })).path, 'extensions.0.children.0.attributes.a')
  })

  it('names the member that is no JID', () => {
    assert.deepEqual(
      problem(() => write({ to: 'a@@b' })),
      { code: 'jid-malformed', path: 'to' },
    )
    const payload = { roster: { items: [{ jid: 'bob@b.example' }, { jid: '@' }] } }
    assert.equal(problem(() => translator.write('iq', { type: 'set', payload })).path, 'payload.roster.items.1.jid')
  })

  it('names the member that it does not know, or misses', () => {
    assert.deepEqual(
      problem(() => write({ delay: { stamp: 'x' } })),
      { code: 'invalid-request', path: 'delay.stamp' },
    )
    assert.equal(problem(() => write({ reply: {} })).path, 'reply.id')
    assert.equal(problem(() => translator.write('iq', { payload: { nothing: {} } })).path, 'payload.nothing')
    assert.equal(problem(() => translator.write('iq', { payload: {} })).path, 'payload')
    assert.equal(problem(() => translator.write('iq', { payload: { ping: {}, version: {} } })).path, 'payload')
  })

  it('has no way around a member through attributes or raw', () => {
    assert.equal(problem(() => write({ attributes: { from: 'eve@e.example' } })).path, 'attributes.from')
    assert.equal(problem(() => write({ attributes: { xmlns: 'urn:x' } })).code, 'invalid-request')
    assert.equal(problem(() => write({ raw: { type: 'chat' } })).path, 'raw.type')
    assert.equal(problem(() => write({ raw: { from: '@' } })).code, 'jid-malformed')
    assert.equal(problem(() => write({ raw: { nothing: 'x' } })).path, 'raw.nothing')
  })

  it('writes raw text only while it says what its member says', () => {
    const item = (approved: boolean) =>
      translator.writePayload({ roster: { items: [{ jid: 'b.example', approved, raw: { approved: '1' } }] } })
    assert.match(serialize(item(true)), /approved="1"/)
    assert.match(serialize(item(false)), /approved="false"/)
  })

  it('writes what was received and cannot be sent only when asked to', () => {
    const xml = '<message xmlns="jabber:server" to="@"><body xmlns="jabber:client">Hi</body></message>'
    const { json } = translator.read(parseStanza(xml), { received: true })
    assert.equal(json.xmlns, 'jabber:server')
    assert.equal(canonical(translator.write('message', json, { received: true })), canonical(parseStanza(xml)))
    assert.equal(problem(() => write(json)).code, 'not-a-stanza')
    assert.equal(problem(() => write({ xmlns: 'urn:x' })).code, 'not-a-stanza')
  })

  it('gives addresses as they came, and sends none that RFC 7622 does not allow', () => {
    const smile = '☺@a.example/♥'
    const item = `<item jid="${smile}" subscription="both"/>`
    const xml = `<iq type="set" from="${smile}" to="A.Example"><query xmlns="jabber:iq:roster">${item}</query></iq>`
    const { json } = translator.read(parseStanza(xml))
    assert.deepEqual(
      [json.from, json.to, json.payload],
      [smile, 'A.Example', { roster: { items: [{ jid: smile, subscription: 'both' }] } }],
    )
    assert.equal(canonical(translator.write('iq', json, { received: true })), canonical(parseStanza(xml)))
    assert.deepEqual(
      problem(() => translator.write('iq', json)),
      { code: 'jid-malformed', path: 'from' },
    )
  })

  it('refuses names that no element or attribute can have', () => {
    for (const name of ['', 'a b', '1a', 'a:b', 'a>'])
      assert.equal(problem(() => write({ extensions: [{ name, xmlns: '' }] })).path, 'extensions.0.name')
    assert.equal(problem(() => write({ attributes: { 'a b': '' } })).code, 'invalid-request')
  })

  it('escapes what has a meaning in XML', () => {
    assert.equal(write({ body: '<&>"\'', id: '"<\n' }), '<message id="&quot;&lt;&#10;"><body>&lt;&amp;&gt;"\'</body></message>')
  })

  it('gives the payload of an iq alone, both ways', () => {
    const element = translator.writePayload({ version: { name: 'x' } })
    assert.equal(serialize(element, ''), '<query xmlns="jabber:iq:version"><name>x</name></query>')
    assert.deepEqual(translator.readPayload(element), { version: { name: 'x' } })
    const unknown = { extensions: [{ name: 'x', xmlns: 'urn:x' }] }
    assert.deepEqual(translator.readPayload(translator.writePayload(unknown)), unknown)
    assert.equal(problem(() => translator.writePayload({ extensions: [] })).path, 'payload')
  })
})

describe('XHTML-IM', () => {
  const xml = (inside: string) =>
    `<message><html xmlns="http://jabber.org/protocol/xhtml-im"><body xmlns="http://www.w3.org/1999/xhtml">${inside}</body></html></message>`

  it('sanitises what it shows, and writes what was received', () => {
    const hostile = xml(
      '<p onclick="x()" style="color: red; background-image: url(x)">Hi <script>alert(1)</script><a href="JavaScript:x()">you</a></p>',
    )
    const json = read(hostile)
    assert.equal(json.html, '<p style="color: red">Hi <a>you</a></p>')
    assert.equal(canonical(translator.write('message', json)), canonical(parseStanza(hostile)))
  })

  it('writes the member where it was changed since', () => {
    const json = { ...read(xml('<p onclick="x()">Hi</p>')), html: '<p>Bye</p>', extensions: [] }
    assert.equal(canonical(translator.write('message', json)), canonical(parseStanza(xml('<p>Bye</p>'))))
  })

  it('sanitises what callers send, and refuses what is not well-formed', () => {
    assert.equal(
      canonical(translator.write('message', { html: '<b onload="x()">Hi</b><img src="file:///x"/>' })),
      canonical(parseStanza(xml('Hi<img/>'))),
    )
    for (const html of ['<p>', '</body>', '<br>', '&nbsp;', '<p a="1" a="2"/>']) assert.equal(problem(() => write({ html })).path, 'html')
  })

  it('shows no link to a script, however it is spelled', () => {
    for (const uri of ['javascript:x', 'java&#10;script:x', ' javascript:x', 'data:text/html,x', 'vbscript:x', '//e.example/', '#x']) {
      assert.equal(read(xml(`<a href="${uri}">x</a>`)).html, '<a>x</a>')
    }
  })

  it('lets no style through that could load or move anything', () => {
    for (const style of [
      'color: expression(x)',
      'background: url(x)',
      'color: url(x)',
      'position: fixed',
      'color: red\\3b',
      'font-family: a/**/b',
    ]) {
      assert.equal(read(xml(`<p style="${style}">x</p>`)).html, '<p>x</p>')
    }
  })
})

describe('the schemas', () => {
  it('refuse unknown members and values out of range', () => {
    const refused: StanzaJson[] = [
      { nothing: 1 },
      { type: 'odd' },
      { chatState: 'asleep' },
      { delay: { timestamp: 'yesterday' } },
      { hints: ['x'] },
      { receipt: {} },
    ]
    for (const json of refused) assert.equal(translator.schemas.message.safeParse(json).success, false, JSON.stringify(json))
    for (const priority of [-129, 128, 1.5, '1']) assert.equal(translator.schemas.presence.safeParse({ priority }).success, false)
    for (const payload of [{}, { ping: {}, version: {} }, { nothing: {} }])
      assert.equal(translator.schemas.iq.safeParse({ payload }).success, false)
  })

  it('take a stanza inside a stanza inside a stanza', () => {
    const message = { forwarded: { message: { forwarded: { iq: { type: 'get', payload: { ping: {} } } } } } }
    assert.equal(translator.schemas.message.safeParse(message).success, true)
    assert.equal(translator.schemas.message.safeParse({ forwarded: { message: { nothing: 1 } } }).success, false)
  })

  it('convert to JSON Schema, each part under its own name', () => {
    for (const schema of [translator.schemas.message, translator.schemas.presence, translator.schemas.iq, translator.schemas.payload]) {
      const { $defs = {} } = z.toJSONSchema(schema)
      assert.deepEqual(
        Object.keys($defs).filter((name) => !/^[A-Z][A-Za-z0-9]*$/.test(name)),
        [],
      )
    }
  })

  it('read what the translation of elements gives', () => {
    const stanza = parseStanza('<message><x xmlns="urn:x"/></message>')
    assert.ok(isElement(stanza.children[0]))
    assert.equal(translator.schemas.message.safeParse(translator.read(stanza).json).success, true)
  })
})
