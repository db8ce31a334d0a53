import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTranslator } from '../../../src/codec/translate.ts'
import { incomingMessage } from '../../../src/features/messages/incoming.ts'
import type { LiveSession } from '../../../src/gateway/contract/session.ts'
import { accepted } from '../../../src/gateway/outbox/recent-records.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'
import { definitions } from '../../../src/protocol/index.ts'
import { parseStanza } from '../../../src/xml/parse.ts'

const vocabulary = createTranslator(definitions)

/** What a message does in a session that sent `m1` to juliet. */
async function told(xml: string) {
  const session = {
    record: { jid: 'romeo@montague.lit' },
    state: createMirror(new Map()),
    message: async (id: string) => (id === 'm1' ? accepted({ id, to: 'juliet@capulet.lit', acceptedAt: 0 }) : undefined),
  } as unknown as LiveSession
  return await incomingMessage({ stanza: parseStanza(xml), connection: 0 }, session, vocabulary)
}

test('a record keeps the beginning of what an error says, and the event of one that is for no record all of it', async () => {
  const words = 'x'.repeat(200_000)
  const error = `<error type="cancel"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">${words}</text></error>`
  const bounced = await told(`<message type="error" id="m1" from="juliet@capulet.lit">${error}</message>`)
  const [record] = bounced?.records ?? []
  assert.equal(record?.status, 'failed')
  assert.equal(record?.error?.xmpp?.text, words.slice(0, 1_000))
  assert.ok(JSON.stringify(bounced).length < 10_000)
  const other = await told(`<message type="error" id="m2" from="juliet@capulet.lit">${error}</message>`)
  assert.ok(JSON.stringify(other?.events).includes(words))
})
