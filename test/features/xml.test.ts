import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Problem } from '../../src/errors/problem.ts'
import { readXml, withoutComments } from '../../src/features/stanza-xml.ts'

it('leaves comments out, and white space around it all', () => {
  assert.equal(withoutComments(' <!-- one --><a><!--two--><b/><!----></a>\n<!-- <!-- three --> '), '<a><b/></a>')
  assert.equal(withoutComments('<a/>'), '<a/>')
})

it('leaves comments in CDATA sections, and takes no CDATA section out of a comment', () => {
  assert.equal(withoutComments('<a><![CDATA[<!-- 1 -->]]><!-- <![CDATA[ --></a>'), '<a><![CDATA[<!-- 1 -->]]></a>')
})

it('leaves what has no end to the parser', () => {
  for (const xml of ['<a><!-- ', '<a><!-->', '<a><!-', '<a><![CDATA[ <!-- -->', '<!', '<!x', '<!<!<!'])
    assert.equal(withoutComments(xml), xml.trim())
})

it('compares the size with the limit before it looks into it', () => {
  const refused = (code: string) => (error: unknown) => error instanceof Problem && error.code === code
  const open = '<!--'.repeat(300)
  assert.throws(() => readXml(open, 'body', 1000, { comments: true }), refused('stanza-too-large'))
  assert.throws(() => readXml(open, 'body', 1200, { comments: true }), refused('xml-malformed'))
  assert.equal(readXml('<!-- --><message/>', 'body', 100, { comments: true }).name, 'message')
  assert.throws(() => readXml('<message><!-- --></message>', 'body', 100), refused('xml-malformed'))
})
