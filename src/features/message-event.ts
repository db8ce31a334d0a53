/** An incoming message as the events of several rooms tell it. */
import { z } from 'zod'
import type { StanzaJson, Translator } from '../codec/translate.ts'
import type { Incoming } from '../gateway/contract/feature.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import { isFrom } from '../gateway/inbound/provenance.ts'
import type { EventDraft } from '../gateway/ports/event.ts'
import { accountOf, withoutResource } from '../jid.ts'
import { derivedText } from '../protocol/meaning.ts'
import { fileLink, fileOf } from './file-message.ts'
import { roomOf, type Speaker, speakerOf } from './room-state.ts'

export function messageEventSchema(vocabulary: Translator): z.ZodType {
  return vocabulary.schemaOnce('MessageEvent', () =>
    vocabulary.schemas.message
      .extend({
        text: z.string().optional().meta({ description: 'The body without the part that is a fallback for older clients (XEP-0428)' }),
        file: fileLink.optional().meta({ description: 'The file that it is about (XEP-0447, XEP-0066)' }),
        carbon: z
          .enum(['sent', 'received'])
          .optional()
          .meta({ description: 'It was addressed to, or sent by, another client of the account' }),
        room: z
          .object({ jid: z.string(), nick: z.string().optional(), occupantId: z.string().optional(), own: z.boolean() })
          .optional()
          .meta({ description: 'Who said it in which room; without a nick the room itself' }),
        source: z.literal('archive').optional().meta({ description: "It came from the server's archive" }),
      })
      .meta({ id: 'MessageEvent' }),
  )
}

/** Data: the stanza's JSON and what was derived from it. Subject: the bare JID of the other side, as it is written in the stanza. */
export function messageEvent(type: string, incoming: Incoming, json: StanzaJson, session: LiveSession): EventDraft {
  const { stanza, carbon, archive } = incoming
  const text = derivedText(json)
  const file = fileOf(json)
  const { from, to } = stanza.attributes
  const fromUs = isFromUs(incoming, session)
  const peer = fromUs ? to : from
  const room = stanza.attributes.type === 'error' ? undefined : fromUs ? saidTo(to, session) : speakerOf(session, stanza)
  const data = {
    ...json,
    ...(text === undefined ? {} : { text }),
    ...(file && { file }),
    ...(room ? { room } : {}),
    ...(carbon ? { carbon } : {}),
    ...(archive ? { source: 'archive' } : {}),
  }
  return { type, subject: peer === undefined ? session.record.jid : withoutResource(peer), data }
}

/** What another client of the account said to somebody in a room. */
function saidTo(to: string | undefined, { state }: LiveSession): Speaker | undefined {
  const found = to === undefined ? undefined : roomOf(state, to)
  return found && { jid: found.jid, nick: found.room.nick, own: true }
}

/** Did the account send it, to somebody else? */
export function isFromUs({ stanza, carbon, archive }: Incoming, session: LiveSession): boolean {
  const { from, to } = stanza.attributes
  const own = session.record.jid
  // a copy that the server made may have our name in another spelling
  const ours = carbon === 'sent' || archive ? isFrom(stanza, own) : from !== undefined && accountOf(from) === own
  return ours && (to === undefined || accountOf(to) !== own)
}
