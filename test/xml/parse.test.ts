import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Element, element } from '../../src/xml/element.ts'
import { xmlLimits } from '../../src/xml/limits.ts'
import { createStreamParser, parseStanza, STREAMS, type XmlCondition, XmlError } from '../../src/xml/parse.ts'
import { serialize } from '../../src/xml/serialize.ts'
import { anyElement } from '../codec/arbitraries.ts'

const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' id='x' xml:lang='en'>`
type Told = ['open' | 'element', Element] | ['close'] | ['refused', string]

/** What a parser tells of a text that is written in pieces. */
function read(pieces: Iterable<string>, limits = {}, cuts = false): Told[] {
  const told: Told[] = []
  const parser = createStreamParser({
    limits,
    cuts: () => cuts,
    onOpen: (root) => told.push(['open', root]),
    onElement: (stanza) => told.push(['element', stanza]),
    onClose: () => told.push(['close']),
  })
  try {
    for (const piece of pieces) parser.write(piece)
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    told.push(['refused', error.condition])
  }
  return told
}

function* cut(text: string, sizes: number | readonly number[]): Generator<string> {
  let index = 0
  for (let at = 0; at < text.length; index += 1) {
    const size = typeof sizes === 'number' ? sizes : (sizes[index % sizes.length] as number)
    yield text.slice(at, at + size)
    at += size
  }
}

const refusedBy = (condition: XmlCondition) => (error: unknown) => error instanceof XmlError && error.condition === condition

test('a stream is told as its header, its elements and its end', () => {
  const told = read([
    `${header} <stream:features><bind xmlns='b'/></stream:features>\n<message to='a'><body>x</body></message> </stream:stream>\n`,
  ])
  assert.deepEqual(told, [
    ['open', element('stream', STREAMS, { id: 'x', 'xml:lang': 'en' })],
    ['element', element('features', STREAMS, {}, [element('bind', 'b')])],
    ['element', element('message', 'jabber:client', { to: 'a' }, [element('body', 'jabber:client', {}, ['x'])])],
    ['close'],
  ])
})

test('names and attributes carry their namespace, whatever the prefix', () => {
  const xml = `<a:message xmlns:a='jabber:client' xmlns='y' b='1' a:b='2' xml:lang='de' xml:space='preserve'><x/><a:x xmlns:a='z'/><w xmlns=''><v/></w></a:message>`
  assert.deepEqual(
    parseStanza(xml),
    element(
      'message',
      'jabber:client',
      { b: '1', 'xml:lang': 'de', '{jabber:client}b': '2', '{http://www.w3.org/XML/1998/namespace}space': 'preserve' },
      [element('x', 'y'), element('x', 'z'), element('w', '', {}, [element('v', '')])],
    ),
  )
})

test('a document without declarations is in jabber:client', () => {
  assert.deepEqual(
    parseStanza(' <message><body/></message>\n'),
    element('message', 'jabber:client', {}, [element('body', 'jabber:client')]),
  )
  assert.equal(parseStanza(`<?xml version="1.0" encoding='utf-8' standalone="yes" ?><iq/>`).name, 'iq')
})

test('references, CDATA, line ends and white space in values are read as XML 1.0 says', () => {
  const xml =
    '<a b="x\ty\r\nz\n&#9;&#10;&lt;&quot;\'>">1\r\n2\r3&#13;&amp;&lt;&gt;&quot;&apos;&#x1F600;<![CDATA[<&amp;\r\n]]]]><![CDATA[>]]>4]]&gt;</a>'
  assert.deepEqual(parseStanza(xml), element('a', 'jabber:client', { b: 'x y z \t\n<"\'>' }, [`1\n2\n3\r&<>"'😀<&amp;\n]]>4]]>`]))
  assert.deepEqual(parseStanza('<a><![CDATA[]]></a>').children, [])
  assert.deepEqual(parseStanza('<a><![CDATA[ ]]]></a>').children, [' ]'])
  assert.deepEqual(parseStanza('<a\n\tb = "1"\r\n/>').attributes.b, '1')
  assert.deepEqual(parseStanza('<a></a \n>').children, [])
})

test('names with letters of any script are names', () => {
  assert.deepEqual(parseStanza('<été été="1"/>'), element('été', 'jabber:client', { été: '1' }))
})

test('__proto__ and constructor are attributes like any other', () => {
  const { attributes } = parseStanza('<a __proto__="1" constructor="2" toString="3"/>')
  assert.deepEqual(Object.entries(attributes), [
    ['__proto__', '1'],
    ['constructor', '2'],
    ['toString', '3'],
  ])
  const none = parseStanza('<a/>').attributes
  assert.equal(none.constructor, undefined)
  assert.equal('toString' in none, false)
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
})

const refusals: Partial<Record<XmlCondition, string[]>> = {
  'restricted-xml': [
    '<!-- x --><a/>', '<a><!-- x --></a>', '<a/><!-- x -->', '<?pi x?><a/>', '<a><?pi x?></a>', '<!DOCTYPE a><a/>', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<a><!ENTITY b "c"></a>', '<a>&b;</a>', '<a b="&lol9;"/>', '<a>&AMP;</a>', '<?xml-stylesheet href="x"?><a/>', ' <?xml version="1.0"?><a/>', '<a><?xml version="1.0"?></a>',
    '<a/><?xml version="1.0"?>', '<?xml version="1.0"?><?xml version="1.0"?><a/>',
  ],
  // every root by itself would do, so that the caller can be told of there being two
  'bad-format': ['<a/><b/>', '<a/> <a>'],
  'unsupported-encoding': ['<?xml version="1.0" encoding="UTF-16"?><a/>', `<?xml version='1.0' encoding='iso-8859-1'?><a/>`],
  'not-well-formed': [
    '', ' ', 'x', '<a>', '<a', '<a b="', '<a></a', '<a><b></a>', '<a></A>', '<a></a></a>', '<a/>x', 'x<a/>', '\ufeff<a/>', '<>', '< a/>', '</a>', '<a/ >', '<a//>',
    '<a b/>', '<a b=c/>', '<a b="1" b="2"/>', '<a b="1"c="2"/>', '<a b="<"/>', '<a "b"/>', '<a b="1"/c="2">', '<a =""/>', '<a></a b="1">', '<a></ a>', '<a></>',
    '<1/>', '<-a/>', '<a:/>', '<:a/>', '<a:b:c xmlns:a="x"/>', '<a\u00d7/>', '<a b!="1"/>', '<p:a/>', '<a p:b="1"/>', '<a xmlns:p=""/>', '<a xmlns:p="x" xmlns:p="y"/>',
    '<a xmlns="x" xmlns="y"/>', '<a xmlns:p="x" xmlns:q="x" p:b="1" q:b="2"/>', '<a xmlns:xmlns="x"/>', '<a xmlns:xml="x"/>', '<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>',
    '<a xmlns="http://www.w3.org/XML/1998/namespace"/>', '<a xmlns="http://www.w3.org/2000/xmlns/"/>', '<xmlns:a/>', '<p:a xmlns:p="x"></q:a>',
    '<a>&</a>', '<a>& </a>', '<a>&;</a>', '<a>&#;</a>', '<a>&#x;</a>', '<a>&#0;</a>', '<a>&#x1F;</a>', '<a>&#xD800;</a>', '<a>&#xFFFE;</a>', '<a>&#x110000;</a>', '<a>&#99999999999999999999;</a>',
    '<a b="&#0;"/>', '<a>&#65</a>', '<a>&amp</a>', '<a>]]></a>', '<a>\0</a>', '<a>\u001f</a>', '<a>\ud800</a>', '<a>\udc00\ud800</a>', '<a>\uffff</a>', '<a b="\0"/>', '<a b="\ud83d"/>',
    '<a><![CDATA[\0]]></a>', '<a><![CDATA[x</a>', '<a><![cdata[x]]></a>', '<a><![CDAT[x]]></a>', '<![CDATA[x]]>', '<a/><![CDATA[x]]>', '<?xml version="1.1"?><a/>', '<?xml?><a/>', '<?xml encoding="utf-8"?><a/>',
    '<?xml version="1.0" standalone="maybe"?><a/>', `<?xml version="1.0${' '.repeat(300)}"?><a/>`, '<a>\u007f\u0080</a',
  ],
} // biome-ignore format: a table

test('what is not well-formed or not allowed in XMPP is refused, with its condition', () => {
  for (const [condition, documents] of Object.entries(refusals)) {
    for (const xml of documents) assert.throws(() => parseStanza(xml), refusedBy(condition as XmlCondition), JSON.stringify(xml))
  }
})

test('a stream refuses the same, one character at a time too', () => {
  for (const [condition, documents] of Object.entries(refusals)) {
    for (const xml of documents) {
      const whole = read([header, xml])
      const last = whole.at(-1) as Told
      const expected = xml.startsWith('<?') ? 'restricted-xml' : condition
      if (last[0] === 'refused' && last[1] !== 'bad-format') assert.equal(last[1], expected, xml)
      assert.deepEqual(read(cut(header + xml, 1)), whole, xml)
    }
  }
})

test('text between stanzas is refused, white space is not', () => {
  assert.deepEqual(read([header, ' \r\n\t', 'x']).at(-1), ['refused', 'bad-format'])
  assert.deepEqual(read([header, '&#32;<a/>']).at(-1), ['refused', 'bad-format'])
  assert.deepEqual(read([header, ' \r\n\t', '<a/>']).at(-1), ['element', element('a', 'jabber:client')])
})

test('a root that is no client stream is refused', () => {
  for (const root of [
    '<stream:stream xmlns:stream="other" xmlns="jabber:client">',
    `<stream:other xmlns:stream="${STREAMS}" xmlns="jabber:client">`,
    `<stream:stream xmlns:stream="${STREAMS}" xmlns="jabber:server">`,
    '<html>',
  ]) {
    assert.deepEqual(read([root]), [['refused', 'invalid-namespace']], root)
  }
})

test('nothing but white space comes after the end of a stream', () => {
  assert.deepEqual(read([header, '</stream:stream>', ' \n']).at(-1), ['close'])
  for (const more of ['x', '<a/>', '</stream:stream>', header]) {
    assert.equal(read([header, '</stream:stream>', more]).at(-1)?.[0], 'refused', more)
  }
})

test('each limit holds at its value and not one more', () => {
  const check = (limits: object, within: string, over: string) => {
    assert.equal(read([header, within], limits).at(-1)?.[0], 'element')
    assert.deepEqual(read([header, over], limits).at(-1), ['refused', 'policy-violation'])
    assert.deepEqual(read(cut(header + over, 7), limits).at(-1), ['refused', 'policy-violation'])
    assert.equal(parseStanza(within, limits).name, 'a')
    assert.throws(() => parseStanza(over, limits), refusedBy('policy-violation'))
  }
  const text = (size: number) => `<a>${'x'.repeat(size - 7)}</a>`
  const wide = (size: number) => `<a>${'é'.repeat((size - 8) / 2)}x</a>`
  check({}, text(xmlLimits.bytes), text(xmlLimits.bytes + 1))
  check({}, wide(xmlLimits.bytes), wide(xmlLimits.bytes + 2))
  check({ bytes: 400 }, `<a b="${'x'.repeat(391)}"/>`, `<a b="${'x'.repeat(392)}"/>`)
  const deep = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`
  check({}, deep(xmlLimits.depth), deep(xmlLimits.depth + 1))
  const attributes = (count: number) =>
    `<a xmlns='jabber:client' ${Array.from({ length: count - 1 }, (_, index) => `b${index}=''`).join(' ')}/>`
  check({}, attributes(xmlLimits.attributes), attributes(xmlLimits.attributes + 1))
  const children = (count: number) => `<a>${'<b/> '.repeat(count)}</a>`
  check({}, children(xmlLimits.children), children(xmlLimits.children + 1))
  const prefixed = (count: number) => `<a xmlns:p='urn:example:p'>${'<p:b/>'.repeat(count)}</a>`
  check({ namespaces: 'jabber:client'.length + 3 * 'urn:example:p'.length }, prefixed(3), prefixed(4))
  const qualified = (count: number) =>
    `<a xmlns:p='urn:example:p' ${Array.from({ length: count }, (_, index) => `p:b${index}=''`).join(' ')}/>`
  check({ namespaces: 'jabber:client'.length + 3 * 'urn:example:p'.length }, qualified(3), qualified(4))
})

test('of a stanza over a limit the start tag can be told, and what follows is read, however it is cut', () => {
  const start = `<message from='bob@example.org/phone' id='big' xmlns:p='urn:example:p'`
  const limits = { bytes: 500, depth: 5, attributes: 10, children: 10, namespaces: 200, skipped: 3000 }
  const over: Record<string, string> = {
    text: `${start}><body>${'x'.repeat(1000)}</body></message>`,
    'text beside elements': `${start}>${'x <b c="d">y</b>'.repeat(100)}</message>`,
    CDATA: `${start}><body><![CDATA[${'<]]'.repeat(400)}]]></body><b/></message>`,
    'an attribute': `${start} a='${'>'.repeat(1000)}'><b/></message>`,
    'an attribute inside': `${start}><b a="${"'/>".repeat(400)}"/></message>`,
    attributes: `${start} ${Array.from({ length: 11 }, (_, index) => `a${index}='/'`).join(' ')}/>`,
    depth: `${start}>${'<a>'.repeat(20)}${'</a>'.repeat(20)}</message>`,
    children: `${start}>${'<a/>'.repeat(20)}</message>`,
    namespaces: `${start}>${'<p:a/>'.repeat(15)}</message>`,
    'namespaces of attributes': `${start}>${'<b p:a="" p:b="" p:c=""/>'.repeat(8)}</message>`,
  }
  for (const [what, xml] of Object.entries(over)) {
    for (const size of [1, 7, 10_000]) {
      const [, first, second, ...more] = read(cut(`${header}${xml}<message id='next'/>`, size), limits, true)
      const { attributes, ...rest } = (first as ['element', Element])[1]
      assert.deepEqual(rest, { name: 'message', xmlns: 'jabber:client', children: [], cut: true }, what)
      assert.deepEqual([attributes.from, attributes.id], ['bob@example.org/phone', 'big'], what)
      assert.deepEqual([second, more], [['element', element('message', 'jabber:client', { id: 'next' })], []], what)
    }
  }
  const endless = `${start}><body>${'x'.repeat(3000)}`
  assert.deepEqual(read(cut(header + endless, 100), limits, true).at(-1), ['refused', 'policy-violation'])
  assert.deepEqual(read(cut(`${header}<message><${'x'.repeat(3100)}`, 100), limits, true).at(-1), ['refused', 'policy-violation'])
  for (const [xml, condition] of [
    [`${start}><body>${'x'.repeat(600)}<!-- x --></body></message>`, 'restricted-xml'],
    [`${start}><body>${'x'.repeat(600)}<?x ?></body></message>`, 'restricted-xml'],
    [`${start} id='twice'><body>${'x'.repeat(600)}</body></message>`, 'not-well-formed'],
  ] as const)
    assert.deepEqual(read([header, xml], limits, true).at(-1), ['refused', condition])
  assert.deepEqual(read([`<stream:stream ${' '.repeat(3100)}`], limits, true), [['refused', 'policy-violation']])
})

test('an endless tag, name, value, text or CDATA section is refused when it passes the limit', () => {
  for (const begin of ['<', '<a ', '<a b="', '<a>', '<a><![CDATA[', '<a></a', '<a></a ', '<a b', '<a b=']) {
    const filler = begin.endsWith(' ') || begin.endsWith('=') ? ' ' : 'x'
    const parser = createStreamParser({
      limits: { bytes: 2000 },
      onOpen: () => undefined,
      onElement: () => undefined,
      onClose: () => undefined,
    })
    parser.write(header)
    parser.write(begin)
    assert.throws(() => {
      for (let written = 0; written < 13_000; written += 50) parser.write(filler.repeat(50))
    }, XmlError)
  }
  assert.deepEqual(read([`<?xml${' '.repeat(500)}`]), [['refused', 'not-well-formed']])
  assert.deepEqual(read([`<stream:stream ${' '.repeat(300)}`], { bytes: 300, spelt: 300 }), [['refused', 'policy-violation']])
})

test('white space between stanzas counts for none of them', () => {
  assert.equal(read([header, ...Array(100).fill(' '.repeat(100)), '<a/>'], { bytes: 200 }).at(-1)?.[0], 'element')
})

test('a parser that threw, or was stopped, reads no more', () => {
  const told: string[] = []
  const parser = createStreamParser({ onOpen: () => undefined, onElement: ({ name }) => told.push(name), onClose: () => undefined })
  parser.write(header)
  assert.throws(() => parser.write('<a/><b></c>'), XmlError)
  parser.write('<d/>')
  assert.deepEqual(told, ['a'])

  const failure = new Error('of the handler')
  const handled: string[] = []
  const other = createStreamParser({
    onOpen: () => undefined,
    onElement: ({ name }) => {
      handled.push(name)
      throw failure
    },
    onClose: () => undefined,
  })
  other.write(header)
  assert.throws(() => other.write('<a/><b/>'), failure)
  other.write('<c/>')
  assert.deepEqual(handled, ['a'])
})

test('stop answers what came after the element that is being told', () => {
  let rest: string | undefined
  const parser = createStreamParser({
    onOpen: () => undefined,
    onElement: () => {
      rest = parser.stop()
    },
    onClose: () => assert.fail(),
  })
  parser.write(`${header}<pro`)
  parser.write(`ceed/>${header}<a/>`)
  assert.equal(rest, `${header}<a/>`)
  parser.write('<b/></stream:stream>')
  assert.equal(rest, `${header}<a/>`)
})

test('any tree is written as XML that is read as the same tree', () => {
  fc.assert(
    fc.property(anyElement, (tree) => {
      assert.deepEqual(parseStanza(serialize(tree)), tree)
    }),
    { numRuns: 1000 },
  )
})

test('however a stream is cut, the elements are the same', () => {
  const piece = fc.oneof(
    anyElement.map((tree) => serialize(tree)),
    fc.constantFrom(
      ' ',
      '\r\n',
      `<a>x<![CDATA[]]]]>y\r`,
      '\n</a>',
      '<stream:features a="&#10;\r\n"/>',
      '</stream:stream>',
      '<!--',
      '&#x;',
      "<a b='\"'/>",
      '<a',
      '>',
      '😀',
    ),
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      (pieces, sizes) => {
        const text = header + pieces.join('')
        assert.deepEqual(read(cut(text, sizes)), read([text]))
      },
    ),
    { numRuns: 1000 },
  )
})

test('whatever is let through is one element, and the same when written and read again', () => {
  const token = fc.constantFrom(
    '<', '>', '/', '</', '/>', '<a', '<b>', '</b>', '</a>', '=', '"', "'", ' ', 'x', ':', '&', ';', '&lt;', '&#', '65;', 'xmlns', 'xmlns:p=', '"u"', 'p:', '<p:a', '<![CDATA[', ']]>',
    '<!--', '-->', '<?', '?>', '\0', 'é', '\ud83d', '\ude00', '\r', '\n', ' b="1"', ' xmlns="v"', ' xmlns:p="w"', '<stream:stream>', '<a>', '<a/>',
  ) // biome-ignore format: a table
  fc.assert(
    fc.property(fc.array(token, { maxLength: 12 }), fc.boolean(), (tokens, wrapped) => {
      const xml = wrapped ? `<a xmlns:p='q'>${tokens.join('')}</a>` : tokens.join('')
      let tree: Element
      try {
        tree = parseStanza(xml)
      } catch (error) {
        assert.ok(error instanceof XmlError)
        return
      }
      assert.deepEqual(parseStanza(serialize(tree)), tree)
    }),
    { numRuns: 20000 },
  )
})
