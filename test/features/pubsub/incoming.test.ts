import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTranslator } from '../../../src/codec/translate.ts'
import { incomingNotification, isNotification } from '../../../src/features/pubsub/incoming.ts'
import type { LiveSession } from '../../../src/gateway/contract/session.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'
import { definitions } from '../../../src/protocol/index.ts'
import { parseStanza } from '../../../src/xml/parse.ts'

const vocabulary = createTranslator(definitions)
const session = { record: { jid: 'romeo@montague.lit' }, state: createMirror(new Map()) } as unknown as LiveSession

/** What a message is told as by this room; undefined where it is not its business. */
function notified(inner: string, attributes = 'from="news.lit"') {
  const incoming = { stanza: parseStanza(`<message ${attributes}>${inner}</message>`), connection: 0 }
  return isNotification(incoming) ? incomingNotification(incoming, session, vocabulary)?.events?.[0] : undefined
}
const event = (inner: string) => `<event xmlns="http://jabber.org/protocol/pubsub#event">${inner}</event>`

test('a notification says what became of a node, and a message of another kind is none, whatever it is called', () => {
  const kinds: Record<string, string> = {
    '<items node="urn:x"><item id="1"/></items>': 'pubsub.published',
    '<items node="urn:x"><retract id="1"/></items>': 'pubsub.retracted',
    '<purge node="urn:x"/>': 'pubsub.purged',
    '<delete node="urn:x"/>': 'pubsub.deleted',
    '<configuration node="urn:x"/>': 'pubsub.configured',
    '<subscription node="urn:x" jid="romeo@montague.lit" subscription="subscribed"/>': 'pubsub.subscription',
  }
  for (const [inner, type] of Object.entries(kinds)) assert.equal(notified(event(inner))?.type, type)
  for (const name of ['unheard-of', ...Object.getOwnPropertyNames(Object.prototype)])
    assert.equal(notified(event(`<${name} node="urn:x"/>`)), undefined, name)
})

test('it is of whom it came from; one with words, or that came back, is a message', () => {
  const purged = event('<purge node="urn:x"/>')
  assert.equal(notified(purged, 'from="juliet@capulet.lit/balcony" to="romeo@montague.lit"')?.subject, 'juliet@capulet.lit')
  assert.equal(notified(`${purged}<body>hi</body>`), undefined)
  assert.equal(notified(purged, 'from="news.lit" type="error"'), undefined)
})
