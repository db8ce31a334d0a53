/** Messages of the session that a room sends back to it. */
import { folded } from '../folded-jid.ts'
import type { Effect, Incoming } from '../gateway/contract/feature.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import { authorsId, trustedStanzaId } from '../gateway/inbound/provenance.ts'
import { advance, recordJson } from '../gateway/outbox/message-record.ts'
import { speakerOf, wantedRooms } from './room-state.ts'

/**
 * A room sends each message to all who are in it: to the session that sent it, it says that it came, and under which id. What it does
 * to the record of that; undefined where the message is no such one.
 */
export async function reflection({ stanza, archive }: Incoming, session: LiveSession): Promise<Effect | undefined> {
  if (stanza.attributes.type !== 'groupchat') return undefined
  const speaker = speakerOf(session, stanza)
  const id = speaker?.own ? authorsId(stanza) : undefined
  const sent = id === undefined ? undefined : await session.message(id)
  if (speaker === undefined || sent === undefined || folded(sent.to) !== folded(speaker.jid)) return undefined
  const stanzaId = trustedStanzaId(stanza, speaker.jid) ?? archive?.id
  const record = advance(sent, 'delivered', Date.now(), stanzaId === undefined ? {} : { stanzaId })
  if (record === undefined) return {}
  const room = session.state.get(wantedRooms, speaker.jid)
  return {
    records: [record],
    events: [{ type: 'message.delivered', subject: record.id, data: recordJson(record) }],
    state: room && !room.keepsIds ? [wantedRooms.put(speaker.jid, { ...room, keepsIds: true })] : [],
  }
}
