import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { definitions as vocabulary } from '../../src/protocol/index.ts'
import { derivedText } from '../../src/protocol/meaning.ts'
import { parseStanza } from '../../src/xml/parse.ts'

const translator = createTranslator(vocabulary)
const textOf = (children: string) => derivedText(translator.read(parseStanza(`<message>${children}</message>`)).json)

describe('the text of a message', () => {
  it('is the body', () => assert.equal(textOf('<body>Good morrow</body>'), 'Good morrow'))

  it('is undefined without a body', () => assert.equal(textOf('<subject>Morning</subject>'), undefined))

  it('is the body in no language where there are several', () => {
    assert.equal(textOf("<body xml:lang='de'>Guten Morgen</body><body>Good morrow</body>"), 'Good morrow')
    assert.equal(textOf("<body xml:lang='de'>Guten Morgen</body>"), 'Guten Morgen')
  })

  it('leaves out what is marked as a fallback, counted in code points', () => {
    const quote = '&gt; 😀 hi\n'
    const mark = "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='7'/></fallback>"
    assert.equal(textOf(`<body>${quote}Yes</body>${mark}`), 'Yes')
  })

  it('is empty where all of it is a fallback', () => {
    assert.equal(textOf("<body>Retracted</body><fallback xmlns='urn:xmpp:fallback:0'/>"), '')
    assert.equal(textOf("<body>Retracted</body><fallback xmlns='urn:xmpp:fallback:0'><body/></fallback>"), '')
  })

  it('is whole where the fallback is of the subject, or its range is none', () => {
    for (const part of [
      '<subject/>',
      "<body start='3' end='99'/>",
      "<body start='-1' end='2'/>",
      "<body start='4' end='2'/>",
      "<body start='x'/>",
    ]) {
      assert.equal(textOf(`<body>Good morrow</body><fallback xmlns='urn:xmpp:fallback:0'>${part}</fallback>`), 'Good morrow', part)
    }
  })
})
