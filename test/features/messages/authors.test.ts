import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTranslator } from '../../../src/codec/translate.ts'
import { authors } from '../../../src/features/messages/authors.ts'
import { incomingMessage } from '../../../src/features/messages/incoming.ts'
import type { LiveSession } from '../../../src/gateway/contract/session.ts'
import { byName } from '../../../src/gateway/contract/state-kind.ts'
import type { MessageRecord } from '../../../src/gateway/ports/message.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'
import { definitions } from '../../../src/protocol/index.ts'
import { parseStanza } from '../../../src/xml/parse.ts'

const vocabulary = createTranslator(definitions)
const room = 'verona@rooms.lit'
const [victim, mallory] = [`${room}/victim`, `${room}/mallory`]

/** A session that says what each message is told as. */
function listening({ ours = [] as string[] } = {}) {
  const state = createMirror(new Map(), { kinds: byName([authors]) })
  state.apply({ state: [{ kind: 'directed', key: room, value: { muc: true, at: 1 } }] })
  const session = {
    record: { jid: 'romeo@montague.lit' },
    state,
    message: async (id: string) => (ours.includes(id) ? ({ id, to: 'juliet@capulet.lit' } as MessageRecord) : undefined),
  } as unknown as LiveSession
  return async (xml: string): Promise<string | undefined> => {
    const effect = await incomingMessage({ stanza: parseStanza(xml), connection: 0 }, session, vocabulary)
    state.apply({ state: effect?.state ?? [] })
    return effect?.events?.[0]?.type
  }
}

const stanzaId = (by: string, id: string) => `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`
const occupantId = (id: string) => `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="${id}"/>`
const said = (from: string, id: string, more = '', type = 'groupchat') =>
  `<message from="${from}" type="${type}" id="${id}"><body>hi</body>${more}</message>`
const retracts = (from: string, id: string, more = '', type = 'groupchat') =>
  `<message from="${from}" type="${type}" id="r"><retract xmlns="urn:xmpp:message-retract:1" id="${id}"/>${more}</message>`
const corrects = (from: string, id: string, more = '', type = 'groupchat') =>
  `<message from="${from}" type="${type}" id="c"><body>ho</body><replace xmlns="urn:xmpp:message-correct:0" id="${id}"/>${more}</message>`

describe('in a room', () => {
  it('an occupant takes back and corrects what it said, and the room takes back for its moderators', async () => {
    const tell = listening()
    await tell(said(victim, 'v1', stanzaId(room, 'R1')))
    assert.equal(await tell(corrects(victim, 'v1')), 'message.corrected')
    assert.equal(await tell(retracts(victim, 'R1')), 'message.retracted')
    assert.equal(await tell(retracts(room, 'R1')), 'message.retracted')
  })

  it('another occupant does not, whatever ids it gives its own messages', async () => {
    const forgeries = {
      'a stanza-id by another entity': said(mallory, 'm1', stanzaId('x', 'R1') + stanzaId(room, 'R2')),
      'a stanza-id by itself': said(mallory, 'm1', stanzaId(mallory, 'R1') + stanzaId(room, 'R2')),
      'a stanza-id by the room, before the one of the room': said(mallory, 'm1', stanzaId(room, 'R1') + stanzaId(room, 'R2')),
      'the id of the room as its own': said(mallory, 'R1', stanzaId(room, 'R2')),
      'the id of the room as the key would be': said(mallory, `room ${room} R1`, stanzaId(room, 'R2')),
      'the id of the room as its origin-id': said(mallory, 'm1', `<origin-id xmlns="urn:xmpp:sid:0" id="R1"/>${stanzaId(room, 'R2')}`),
    }
    for (const [what, forgery] of Object.entries(forgeries)) {
      const tell = listening()
      await tell(said(victim, 'v1', stanzaId(room, 'R1')))
      await tell(forgery)
      assert.equal(await tell(retracts(mallory, 'R1')), 'message.received', what)
      assert.equal(await tell(corrects(mallory, 'v1')), 'message.received', what)
      assert.equal(await tell(retracts(mallory, 'R2')), 'message.retracted', what)
    }
  })

  it('who took over a nick is not who had it, where the room tells occupants apart', async () => {
    const tell = listening()
    await tell(said(victim, 'v1', stanzaId(room, 'R1') + occupantId('o1')))
    assert.equal(await tell(corrects(victim, 'v1', occupantId('o2'))), 'message.received')
    assert.equal(await tell(retracts(victim, 'R1', occupantId('o2'))), 'message.received')
    assert.equal(await tell(corrects(victim, 'v1', occupantId('o1'))), 'message.corrected')
    assert.equal(await tell(retracts(mallory, 'R1', occupantId('o1'))), 'message.received')
  })

  it('a private message is of the occupant, not of the room', async () => {
    const tell = listening()
    await tell(said(victim, 'p1', '', 'chat'))
    assert.equal(await tell(retracts(mallory, 'p1', '', 'chat')), 'message.received')
    assert.equal(await tell(retracts(victim, 'p1', '', 'chat')), 'message.retracted')
  })
})

describe('outside of rooms', () => {
  const juliet = 'juliet@capulet.lit'

  it('any resource of the account corrects and retracts, nobody else does', async () => {
    const tell = listening()
    await tell(said(`${juliet}/balcony`, 'j1', '<origin-id xmlns="urn:xmpp:sid:0" id="o1"/>', 'chat'))
    for (const id of ['j1', 'o1']) {
      assert.equal(await tell(corrects('paris@capulet.lit/x', id, '', 'chat')), 'message.received')
      assert.equal(await tell(corrects(`${juliet}/garden`, id, '', 'chat')), 'message.corrected')
      assert.equal(await tell(retracts(juliet, id, '', 'chat')), 'message.retracted')
    }
  })

  it('a message that is not remembered has no author: 200 later ones push it out', async () => {
    const tell = listening()
    assert.equal(await tell(retracts(juliet, 'never', '', 'chat')), 'message.received')
    await tell(said(juliet, 'j1', '', 'chat'))
    for (let index = 0; index < 199; index += 1) await tell(said('paris@capulet.lit', `p${index}`, '', 'chat'))
    assert.equal(await tell(retracts(juliet, 'j1', '', 'chat')), 'message.retracted')
    await tell(said('paris@capulet.lit', 'one more', '', 'chat'))
    for (const who of [juliet, 'paris@capulet.lit']) assert.equal(await tell(retracts(who, 'j1', '', 'chat')), 'message.received')
  })

  it('a message of ours is corrected by our own clients alone, whoever uses its id', async () => {
    const tell = listening({ ours: ['msg_1'] })
    await tell(said(juliet, 'msg_1', '', 'chat'))
    assert.equal(await tell(corrects(juliet, 'msg_1', '', 'chat')), 'message.received')
    assert.equal(await tell(corrects('romeo@montague.lit/phone', 'msg_1', '', 'chat')), 'message.corrected')
  })
})
