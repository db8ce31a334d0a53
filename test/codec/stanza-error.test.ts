import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readError } from '../../src/codec/stanza-error.ts'
import { problemCodes } from '../../src/errors/catalogue.ts'
import { stanzaProblem } from '../../src/errors/problem.ts'
import { parseStanza } from '../../src/xml/parse.ts'

const ofObjects = Object.getOwnPropertyNames(Object.prototype)

test('a condition that is none of RFC 6120 is told as undefined-condition, whatever it is called', () => {
  for (const name of ['unheard-of', ...ofObjects]) {
    const xml = `<error type="${name}"><${name} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`
    const error = readError(parseStanza(xml))
    assert.deepEqual([error.condition, error.type], ['undefined-condition', 'cancel'], name)
    const { code, status } = stanzaProblem(error)
    assert.ok(problemCodes.includes(code))
    assert.equal(status, 502)
  }
})
