/** The limit of a stanza counts what it says, however that is spelt. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Element, isElement } from '../../src/xml/element.ts'
import { createStreamParser, parseStanza, STREAMS } from '../../src/xml/parse.ts'
import { serialize } from '../../src/xml/serialize.ts'
import { weightOf } from '../../src/xml/weight.ts'
import { anyElement } from '../codec/arbitraries.ts'

const header = `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'>`
const LIMIT = 1_000

/** the one stanza of a stream that is cut in pieces */
function read(xml: string, size: number, bytes = LIMIT): Element {
  const told: Element[] = []
  const parser = createStreamParser({
    limits: { bytes },
    cuts: () => true,
    onOpen: () => {},
    onElement: (element) => told.push(element),
    onClose: () => {},
  })
  const all = `${header}${xml}<message id='next'/>`
  for (let at = 0; at < all.length; at += size) parser.write(all.slice(at, at + size))
  assert.deepEqual(
    told.map(({ name, attributes }) => [name, attributes.id]),
    [
      ['message', 'it'],
      ['message', 'next'],
    ],
  )
  return told[0] as Element
}

/** how servers write one character of a text or value, the longest that they do among them */
const spellings: ((character: string) => string)[] = [
  (character) => ({ '<': '&lt;', '&': '&amp;', '>': '&gt;' })[character] ?? character,
  (character) => ({ '<': '&lt;', '&': '&amp;', '>': '&gt;', '"': '&quot;', "'": '&apos;' })[character] ?? character,
  (character) => `&#${character.codePointAt(0)};`,
  (character) => `&#x${character.codePointAt(0)?.toString(16)};`,
]

const start = "<message id='it'><body>"
const end = '</body></message>'
/** of the words alone */
const room = LIMIT - weightOf(parseStanza(`${start}x${end}`)) + 1

const words: [what: string, one: string, bytes: number][] = [
  ['quotes', '"', 1],
  ['apostrophes', "'", 1],
  ['less-than signs', '<', 1],
  ['ampersands', '&', 1],
  ['letters', 'x', 1],
  ['umlauts', 'ü', 2],
  ['ideographs', '漢', 3],
  ['emoji', '😀', 4],
]

for (const [what, one, bytes] of words) {
  test(`a text of ${what} is read up to the limit in each spelling, and not beyond it`, () => {
    for (const spell of spellings) {
      for (const size of [1, 7, 64, 100_000]) {
        const fitting = Math.floor(room / bytes)
        const stanza = (count: number) => read(`${start}${spell(one).repeat(count)}${end}`, size)
        const whole = stanza(fitting)
        assert.equal(whole.cut, undefined, `${spell(one)} in pieces of ${size}`)
        assert.equal((whole.children[0] as Element).children.join(''), one.repeat(fitting))
        assert.equal(stanza(fitting + 1).cut, true, `${spell(one)} in pieces of ${size}`)
      }
    }
  })
}

test('the value of an attribute counts as it is meant, too', () => {
  for (const spell of spellings) {
    for (const size of [1, 7, 64, 100_000]) {
      const value = (count: number) => read(`<message id='it'><a b='${spell('"').repeat(count)}'/></message>`, size)
      const fitting = LIMIT - weightOf(parseStanza("<message id='it'><a b=''/></message>"))
      assert.equal((value(fitting).children[0] as Element).attributes.b, '"'.repeat(fitting))
      assert.equal(value(fitting + 1).cut, true)
    }
  }
})

test('prefixes, declarations, sections and white space in tags say nothing', () => {
  const long = `urn:${'n'.repeat(60)}`
  const text = 'x'.repeat(room)
  const spelt = [
    `<message\n  id = "it"\t><body  >${text}</body \n></message>`,
    `<c:message xmlns:c='jabber:client' id='it'><c:body>${text}</c:body></c:message>`,
    `<message id='it'><body xmlns='${long}'>${text}</body></message>`,
    `<message id='it'><p:body xmlns:p='${long}'>${text}</p:body></message>`,
    `${start}${[...text].map((character, index) => (index % 5 ? character : `<![CDATA[${character}]]>`)).join('')}${end}`,
    `<message id='it'><body>${text.slice(0, -2)}<![CDATA[\r\n]]>&#10;${end}`,
  ]
  for (const xml of spelt) {
    for (const size of [1, 64, 100_000]) {
      assert.equal(read(xml, size).cut, undefined, xml.slice(0, 100))
      assert.equal(read(xml.replace('xxxx', 'xxxxxx'), size).cut, true, xml.slice(0, 100))
    }
  }
})

test('a spelling has a bound too: six times the limit', () => {
  for (const size of [1, 64, 100_000]) {
    const spelt = (bytes: number) => `${start}x${end}`.replace('<body>', `<body${' '.repeat(bytes - start.length - end.length - 1)}>`)
    assert.equal(read(spelt(LIMIT * 6), size).cut, undefined)
    assert.equal(read(spelt(LIMIT * 6 + 1), size).cut, true)
    assert.equal(read(`${start}&#${'0'.repeat(900)}65;${end}`, size).cut, undefined)
    assert.throws(() => read(`${start}&#${'0'.repeat(1_100)}65;${end}`, size), /does not end/)
  }
})

test('no spelling of an element has fewer bytes than it weighs, and ours is none of more than it may be sent in', () => {
  const plain = (element: Element): Element => ({
    ...element,
    xmlns: 'jabber:client',
    children: element.children.map((node) => (isElement(node) ? plain(node) : node)),
  })
  fc.assert(
    fc.property(anyElement, (tree) => {
      assert.ok(weightOf(tree) <= Buffer.byteLength(serialize(tree)))
      const weight = weightOf(plain(tree))
      const xml = serialize(plain(tree))
        .replaceAll('&#9;', '\t')
        .replaceAll(/&(?:lt|gt|amp|quot|#10|#13);/g, 'x')
      assert.ok(weight <= Buffer.byteLength(xml))
    }),
    { numRuns: 1000 },
  )
})

test('what is read is what it weighs, wherever the limit was passed', () => {
  fc.assert(
    fc.property(anyElement, fc.integer({ min: 1, max: 50 }), (tree, size) => {
      const stanza = { ...tree, name: 'message', attributes: { ...tree.attributes, id: 'it' } }
      const weight = weightOf(stanza)
      const xml = serialize(stanza)
      const spelt = Number.POSITIVE_INFINITY
      const limited = (bytes: number) => {
        const told: Element[] = []
        const parser = createStreamParser({
          limits: { bytes, spelt },
          cuts: () => true,
          onOpen: () => {},
          onElement: (element) => told.push(element),
          onClose: () => {},
        })
        parser.write(header)
        for (let at = 0; at < xml.length; at += size) parser.write(xml.slice(at, at + size))
        return told[0]?.cut === true
      }
      assert.equal(limited(weight), false, xml)
      // an element that turned out to be empty is known for that at its end only
      assert.equal(limited(weight - 1), true, xml)
    }),
    { numRuns: 1000 },
  )
})
