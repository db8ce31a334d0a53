import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { createTranslator } from '../../src/codec/translate.ts'
import { definitions as vocabulary } from '../../src/protocol/index.ts'
import { classify, derivedText } from '../../src/protocol/meaning.ts'
import { parseStanza } from '../../src/xml/parse.ts'

const translator = createTranslator(vocabulary)
const read = (inside: string, attributes = '') => translator.read(parseStanza(`<message ${attributes}>${inside}</message>`)).json

const body = '<body>Hi</body>'
const fallback = (inside: string) => `<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0">${inside}</fallback>`

it('says what a message is', () => {
  const senses = {
    chat: `${body}<active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/>`,
    correction: `${body}<replace xmlns="urn:xmpp:message-correct:0" id="1"/>`,
    retraction: `${body}<retract xmlns="urn:xmpp:message-retract:1" id="1"/>`,
    reaction: '<reactions xmlns="urn:xmpp:reactions:0" id="1"><reaction>👍</reaction></reactions>',
    receipt: '<received xmlns="urn:xmpp:receipts" id="1"/>',
    marker: '<displayed xmlns="urn:xmpp:chat-markers:0" id="1"/>',
    chatState: '<composing xmlns="http://jabber.org/protocol/chatstates"/>',
    subject: '<subject>Verona</subject>',
    other: '<z xmlns="urn:z"/>',
  }
  for (const [sense, inside] of Object.entries(senses)) assert.equal(classify(read(inside)), sense)
  assert.equal(classify(read(body, 'type="error"')), 'error')
})

it('takes a request for a receipt or marker for no receipt or marker', () => {
  assert.equal(classify(read('<request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/>')), 'other')
})

it('derives the text without the fallback, and leaves the body as it is', () => {
  const json = read(`<body>&gt; 👋🏽 Hi\nHello</body>${fallback('<body start="0" end="8"/>')}`)
  assert.equal(derivedText(json), 'Hello')
  assert.equal(json.body, '> 👋🏽 Hi\nHello')
})

it('hides all of a body that is marked without a range, and nothing for the subject or a range that is none', () => {
  assert.equal(derivedText(read(`${body}${fallback('')}`)), '')
  assert.equal(derivedText(read(`${body}${fallback('<body/>')}`)), '')
  assert.equal(derivedText(read(`${body}${fallback('<subject/>')}`)), 'Hi')
  assert.equal(derivedText(read(`${body}${fallback('<body start="1" end="99"/>')}`)), 'Hi')
  assert.equal(derivedText(read(`${body}${fallback('<body start="x"/>')}`)), 'Hi')
})

it('takes the text of a language where there is no other, and none from a message without a body', () => {
  assert.equal(derivedText(read('<body xml:lang="de">Hallo</body>')), 'Hallo')
  assert.equal(derivedText(read('<subject>x</subject>')), undefined)
})

it('leaves out the code points of any ranges, in any order, over each other or not', () => {
  const character = fc.constantFrom('a', 'é', '\u{1f44b}', '\u{1f3fd}', ' ')
  const range = fc.record({ start: fc.nat(30), end: fc.nat(30) }, { requiredKeys: [] })
  fc.assert(
    fc.property(fc.array(character, { maxLength: 25 }), fc.array(range, { minLength: 1, maxLength: 6 }), (characters, ranges) => {
      const whole = ranges.map(({ start = 0, end = characters.length }) => [start, end] as const)
      const hidden = whole.filter(([start, end]) => start <= end && end <= characters.length)
      const shown = characters.filter((_, index) => !hidden.some(([start, end]) => index >= start && index < end))
      assert.equal(derivedText({ body: characters.join(''), fallback: [{ body: ranges }] }), shown.join(''))
    }),
  )
})
