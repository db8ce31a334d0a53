import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { element } from '../../src/xml/element.ts'
import { parseStanza } from '../../src/xml/parse.ts'
import { serialize } from '../../src/xml/serialize.ts'
import { anyElement, anyText } from '../codec/arbitraries.ts'

test('a stanza is written as it stands inside a stream', () => {
  const message = element('message', 'jabber:client', { to: 'a@b', 'xml:lang': 'en' }, [
    element('body', 'jabber:client', {}, ['a < b & "c" > d\r\n']),
    element('active', 'http://jabber.org/protocol/chatstates'),
    element('x', 'jabber:client', { y: 'tab\tline\nquote"<&' }),
  ])
  assert.equal(
    serialize(message),
    '<message to="a@b" xml:lang="en"><body>a &lt; b &amp; "c" &gt; d&#13;\n</body><active xmlns="http://jabber.org/protocol/chatstates"/><x y="tab&#9;line&#10;quote&quot;&lt;&amp;"/></message>',
  )
  assert.equal(serialize(element('message', 'jabber:client'), ''), '<message xmlns="jabber:client"/>')
})

test('a namespace is declared where it changes, the empty one too', () => {
  const tree = element('a', 'x', {}, [
    element('b', 'x'),
    element('c', ''),
    element('d', 'jabber:client', { '{urn:y}e': '1', '{urn:z}e': '2' }),
  ])
  assert.equal(
    serialize(tree),
    '<a xmlns="x"><b/><c xmlns=""/><d xmlns="jabber:client" xmlns:a1="urn:y" a1:e="1" xmlns:a2="urn:z" a2:e="2"/></a>',
  )
  assert.equal(
    serialize(element('a', 'jabber:client', { '{http://www.w3.org/XML/1998/namespace}space': 'preserve' })),
    '<a xml:space="preserve"/>',
  )
})

test('any text in any slot stays text', () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, (text, value, uri) => {
      if (uri.startsWith('http://www.w3.org/')) return
      const tree = element('a', uri, { b: value }, [element('c', uri, {}, [text])])
      assert.deepEqual(parseStanza(serialize(tree)), tree)
    }),
  )
})

test('what surrounds a tree does not change it', () => {
  fc.assert(
    fc.property(anyElement, anyElement, (one, other) => {
      const wrapped = element('wrapper', 'urn:w', {}, [one, other])
      assert.deepEqual(parseStanza(serialize(wrapped)).children, [one, other])
    }),
  )
})
