/** Changing what the session is in a room: its nick, its presence there, the subject. */
import { z } from 'zod'
import { ofOwner, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { named } from '../../api/paths.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { StanzaJson, Translator } from '../../codec/translate.ts'
import { stanzaErrorCodes } from '../../errors/catalogue.ts'
import { Problem, stanzaProblem } from '../../errors/problem.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { defineCommand, type LiveSession, type SessionHandle } from '../../gateway/contract/session.ts'
import { newMessageId } from '../../gateway/ids.ts'
import { advance } from '../../gateway/outbox/message-record.ts'
import { accepted } from '../../gateway/outbox/recent-records.ts'
import { jid as normalised } from '../../jid.ts'
import { CLIENT, element } from '../../xml/element.ts'
import { serialize } from '../../xml/serialize.ts'
import { recordEvent } from '../outgoing-message.ts'
import { nickOf, type WantedRoom, wantedRooms } from '../room-state.ts'
import { joined } from './examples.ts'
import { knownRoom, roomsOf } from './known.ts'
import type { Membership } from './membership.ts'
import { roomSchema } from './room-json.ts'

/** ms for a room to take something */
const WITHIN = 10_000

export interface RoomChange {
  room: string
  nick?: string
  /** null: what is shown everywhere */
  presence?: StanzaJson | null
}

/** Another nick, another presence in one room; the room answers with it. */
export const changeRoom = defineCommand<RoomChange>({ name: 'rooms.change' })

export async function change(session: LiveSession, { showIn }: Membership, { room, nick, presence }: RoomChange): Promise<void> {
  const before = mustBeIn(session.state.get(wantedRooms, room), room)
  // one after the other: some services leave out what is shown together with another nick
  if (nick !== undefined && nick !== before.nick) await showIn(room, { nick, presence: before.presence }, WITHIN)
  if (presence === undefined) return await session.settled()
  await showIn(room, { presence: presence ?? undefined }, WITHIN)
  await session.settled()
  const now = session.state.get(wantedRooms, room)
  if (now === undefined) return
  const { presence: _, ...rest } = now
  await session.commit({ state: [wantedRooms.put(room, { ...rest, ...(presence && { presence }) })] })
}

interface Subject {
  room: string
  text: string
  /** of the message that sets it */
  id: string
}

/** Waits until the subject of a room is one that was sent; true where it is. */
export const awaitSubject = defineCommand<Subject, boolean>({ name: 'rooms.subject', whileAway: true })

export async function subjectIs(
  session: LiveSession,
  { subject }: Membership,
  { room, text, id }: Subject,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = Date.now() + WITHIN
  const isSo = () => (session.state.get(wantedRooms, room)?.subject?.text ?? '') === text
  while (!isSo() && Date.now() < deadline && !signal?.aborted) await subject.wait(room, deadline - Date.now(), signal)
  if (!isSo()) return false
  await session.settled()
  // some services write it anew, without its id
  const sent = await session.message(id)
  const record = sent && advance(sent, 'delivered', Date.now())
  if (record) await session.commit({ records: [record], events: [recordEvent(record, 'delivered')] })
  return true
}

function mustBeIn(room: WantedRoom | undefined, jid: string): WantedRoom {
  if (room?.state === 'joined') return room
  throw new Problem('room-not-joined', `The session is not in ${jid}.`)
}

/** It goes the way of messages; the room tells it to all. */
async function setSubject(session: SessionHandle, room: string, text: string, signal: AbortSignal): Promise<void> {
  const id = newMessageId(session.record.id)
  const stanza = element('message', CLIENT, { to: room, type: 'groupchat', id }, [element('subject', CLIENT, {}, [text])])
  const entry = {
    id,
    xml: serialize(stanza),
    to: room,
    kind: 'message' as const,
    type: 'groupchat',
    acceptedAt: Date.now(),
    expiresAt: null,
  }
  const record = accepted(entry)
  const result = await session.accept({ entries: [{ entry, record }], events: [recordEvent(record, 'accepted')] })
  if (result.kind !== 'accepted') throw new Problem('outbox-full', 'The outbox of the session is full.', { retryAfter: 5 })
  const done = new AbortController()
  const until = AbortSignal.any([signal, done.signal])
  const refused = async () => {
    const { status, error } = (await session.awaitMessage(id, ['failed', 'expired'], WITHIN, until)) ?? record
    if (status !== 'failed') return false
    throw error?.xmpp ? stanzaProblem(error.xmpp) : new Problem('outcome-unknown', error?.detail ?? 'It is not known whether it came.')
  }
  try {
    const isSet = session.perform(awaitSubject, { room, text, id }, { timeout: WITHIN * 2, signal: until, repeatable: true })
    if (await Promise.race([isSet, refused()])) return
    throw new Problem('xmpp-timeout', 'The room did not tell the subject in time.')
  } finally {
    done.abort()
  }
}

export function updateOperation({ vocabulary }: { vocabulary: Translator }): Operation {
  const presence = vocabulary.schemas.presence.omit({ to: true, from: true, id: true, type: true, error: true })
  return operation({
    id: 'rooms.update',
    method: 'PATCH',
    path: '/rooms/{room}',
    summary: 'Change the nick, the subject, or what is shown in a room',
    description: 'Answers when the room has taken all of it.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params: z.object({ room: jidScalar.schema }),
    body: z
      .strictObject({
        nick: z.string().min(1).optional(),
        subject: z.string().optional().meta({ description: 'Empty: none' }),
        presence: presence
          .nullable()
          .optional()
          .meta({ description: 'What the session shows in this room alone; null: the same as everywhere' }),
      })
      .meta({ id: 'RoomUpdate' }),
    answers: { 200: { description: 'The room as it is now', schema: roomSchema } },
    problems: ['room-not-found', 'room-not-joined', 'outbox-full', ...ofStanzas, ...ofOwner, ...stanzaErrorCodes],
    examples: {
      body: { 'a subject': { subject: 'A plague o’ both your houses' }, 'away there': { presence: { show: 'away' } } },
      200: { joined },
    },
    async run({ session, params, body, signal }) {
      const { jid, room } = await knownRoom(session, params.room)
      mustBeIn(room, jid)
      const { nick, subject, presence: shown } = body
      if (shown) named('body.presence', () => vocabulary.write('presence', shown))
      const asked = nick === undefined ? undefined : nickOf(normalised(`${jid}/${nick}`, 'body.nick'))
      if (asked !== undefined || shown !== undefined) {
        const request = { room: jid, ...(asked !== undefined && { nick: asked }), ...(shown !== undefined && { presence: shown }) }
        await session.perform(changeRoom, request, { timeout: WITHIN * 2, signal, repeatable: true })
      }
      if (subject !== undefined) await setSubject(session, jid, subject, signal)
      const [now] = await roomsOf(session, jid)
      return { status: 200, body: now }
    },
  })
}
