/** A room and its occupants as callers see them. */
import { z } from 'zod'
import { timestamp } from '../../gateway/outbox/message-record.ts'
import { affiliations, leftReasons, type Occupant, roles, roomStates, type WantedRoom } from '../room-state.ts'

const time = z.iso.datetime()
const failure = z.looseObject({ code: z.string(), detail: z.string(), xmpp: z.unknown().optional() })

export const roomSchema = z
  .object({
    room: z.string().meta({ description: 'Its bare JID' }),
    from: z.string().optional().meta({ description: 'Of a component, in the list of all: which address it is of' }),
    nick: z.string(),
    state: z.enum(roomStates).meta({ id: 'RoomState' }),
    since: time,
    reason: z.enum(leftReasons).optional().meta({ description: 'Why the session is not in it any more' }),
    error: failure.optional().meta({ description: 'Why it could not be joined' }),
    role: z.enum(roles).optional(),
    affiliation: z.enum(affiliations).optional(),
    subject: z.object({ text: z.string(), by: z.string().optional(), at: z.string().optional() }).optional(),
    occupants: z.int(),
    anonymous: z.enum(['semi', 'non']).meta({ description: 'Who sees the JIDs of occupants: moderators (semi), or all (non)' }),
    features: z.object({
      archive: z.boolean(),
      moderation: z.boolean(),
      stableIds: z.boolean().meta({ description: 'It keeps the ids of messages' }),
      occupantIds: z.boolean(),
      selfPing: z.boolean(),
    }),
    created: z.boolean().optional().meta({ description: 'It was made when this session joined it' }),
    bookmarked: z.boolean(),
  })
  .meta({ id: 'Room' })

export type RoomJson = z.infer<typeof roomSchema>

const none = { archive: false, moderation: false, stableIds: false, occupantIds: false, selfPing: false }

export function roomJson(jid: string, room: WantedRoom, { occupants, bookmarked }: { occupants: number; bookmarked: boolean }): RoomJson {
  const { nick, state, since, reason, error, role, affiliation, subject, created, anonymous = 'semi', features = none } = room
  const isIn = state === 'joined'
  return {
    ...{ room: jid, nick, state, since: timestamp(since) },
    ...(reason && { reason }),
    ...(error && { error }),
    ...(isIn && role && { role }),
    ...(isIn && affiliation && { affiliation }),
    ...(subject && { subject }),
    ...{ occupants, anonymous, features },
    ...(created && { created }),
    bookmarked,
  }
}

export const occupantSchema = z
  .object({
    nick: z.string(),
    occupantId: z.string().optional().meta({ description: 'The same whatever the nick (XEP-0421)' }),
    jid: z.string().optional(),
    role: z.enum(roles),
    affiliation: z.enum(affiliations),
    presence: z.looseObject({ show: z.string().optional(), status: z.string().optional() }),
    hats: z.unknown().optional(),
  })
  .meta({ id: 'Occupant' })

export const occupantJson = ({ nick, occupantId, jid, role, affiliation, presence, hats }: Occupant) => ({
  nick,
  ...(occupantId !== undefined && { occupantId }),
  ...(jid !== undefined && { jid }),
  ...{ role, affiliation, presence },
  ...(hats !== undefined && { hats }),
})
