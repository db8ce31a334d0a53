import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { moderateOperation } from '../../src/features/room-administration/moderate.ts'
import type { Call } from '../../src/gateway/contract/operation.ts'
import { definitions } from '../../src/protocol/index.ts'

const { run } = moderateOperation(createTranslator(definitions))

/** Asks a room that says what it can; answers what it was asked to do. */
async function moderate(feature: string): Promise<string | undefined> {
  const sent: string[] = []
  const session = {
    async perform(_: unknown, { type, xml }: { type: string; xml: string }) {
      if (type === 'set') sent.push(xml)
      const info = `<query xmlns='http://jabber.org/protocol/disco#info'><feature var='${feature}'/></query>`
      return `<iq xmlns='jabber:client' type='result'>${type === 'get' ? info : ''}</iq>`
    },
  }
  const params = { room: 'cave@conference.example.com', stanzaId: 's1' }
  const call = { session, params, query: { reason: 'Spam' }, signal: AbortSignal.timeout(5_000) } as unknown as Call
  assert.deepEqual(await run(call), { status: 204 })
  return sent[0]
}

it('asks a room to take a message away in the version that it knows', async () => {
  assert.equal(
    await moderate('urn:xmpp:message-moderate:1'),
    '<moderate xmlns="urn:xmpp:message-moderate:1" id="s1"><retract xmlns="urn:xmpp:message-retract:1"/><reason>Spam</reason></moderate>',
  )
  assert.equal(
    await moderate('urn:xmpp:message-moderate:0'),
    '<apply-to xmlns="urn:xmpp:fasten:0" id="s1"><moderate xmlns="urn:xmpp:message-moderate:0"><retract xmlns="urn:xmpp:message-retract:0"/><reason>Spam</reason></moderate></apply-to>',
  )
  await assert.rejects(moderate('urn:xmpp:mam:2'), /no moderated retraction/)
})
