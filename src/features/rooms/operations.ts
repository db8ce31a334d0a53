import { z } from 'zod'
import { ofIqs, ofSpeakers } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageBy, pageOf, pageQuery } from '../../api/page.ts'
import { from, speaker } from '../../api/speaker.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import { Problem } from '../../errors/problem.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { defineCommand, type SessionHandle } from '../../gateway/contract/session.ts'
import { jid as normalised } from '../../jid.ts'
import { bookmarks, dropBookmark, putBookmark } from '../bookmark-state.ts'
import { filledIn } from '../form-values.ts'
import { namedRoom } from '../named-room.ts'
import { publicRoom, publicRooms } from '../public-rooms.ts'
import { nickOf } from '../room-state.ts'
import { joined } from './examples.ts'
import { joinRoom } from './join.ts'
import { allRoomsOf, knownRoom, roomsOf } from './known.ts'
import { roomSchema } from './room-json.ts'

/** seconds that a join is waited for, unless the caller says another time, and at most */
const WAIT = 10
const WAIT_MAX = 60
/** ms that the owner may take beyond that */
const BEYOND = 10_000
/** ms for leaving, with an answer that does not come */
const LEAVE_WITHIN = 15_000
/** ms for the server to change a bookmark */
const BOOKMARK_WITHIN = 60_000

/** Leaves a room, and wants it no longer. */
export const leaveRoom = defineCommand<{ room: string; status?: string }>({ name: 'rooms.leave', whileAway: true })

const params = z.object({ room: jidScalar.schema })

const wish = z
  .strictObject({
    from,
    nick: z.string().min(1).optional().meta({ description: "Default: the local part of the account's JID" }),
    password: z.string().optional(),
    history: z
      .strictObject({ stanzas: z.int().min(0).max(10_000).optional(), since: z.iso.datetime().optional() })
      .optional()
      .meta({ description: 'What was said before, told again at the first join; nothing by default' }),
    nickConflict: z
      .enum(['fail', 'suffix'])
      .optional()
      .meta({ description: 'Where somebody has the nick: fail (default), or try nick_2 to nick_5' }),
    create: z
      .enum(['never', 'instant', 'configure'])
      .optional()
      .meta({ description: 'Where there is no such room: make it (default `instant`)' }),
    values: filledIn.optional().meta({ description: 'With `configure`: as `PATCH /rooms/{room}/config` takes them' }),
    bookmark: z.boolean().optional().meta({ description: "Whether the account's other clients are to join it too (XEP-0402)" }),
  })
  .meta({ id: 'RoomWish' })

export function roomOperations(): Operation[] {
  const list = operation({
    id: 'rooms.list',
    method: 'GET',
    path: '/rooms',
    summary: 'Read the rooms of the session',
    scope: 'rooms:read',
    session: 'named',
    components: 'generic',
    description: 'Those that it is in, wants to be in, or was taken out of. With `service` the public rooms of a service in their place.',
    query: z.strictObject({
      service: jidScalar.schema.optional().meta({ description: 'Whose public rooms to list, like `conference.example.com`' }),
      ...pageQuery,
    }),
    answers: { 200: { description: 'The rooms', schema: z.union([pageOf(roomSchema), pageOf(publicRoom)]) } },
    problems: ['jid-malformed', ...ofIqs],
    examples: {
      200: {
        one: { data: [joined], page: { complete: true } },
        'of a service': { data: [{ room: 'verona@conference.example.com', name: 'Verona' }], page: { complete: true } },
      },
    },
    async run(call) {
      const { session, query } = call
      const { service, ...wanted } = query
      if (service !== undefined) return { status: 200, body: await publicRooms(call, { jid: service, path: 'query.service' }, wanted) }
      const keyOf = ({ room, from }: { room: string; from?: string | undefined }) => (from === undefined ? room : `${room} ${from}`)
      return { status: 200, body: pageBy(await allRoomsOf(session), wanted, keyOf) }
    },
  })

  const get = operation({
    id: 'rooms.get',
    method: 'GET',
    path: '/rooms/{room}',
    summary: 'Read a room of the session',
    scope: 'rooms:read',
    session: 'named',
    components: 'generic',
    params,
    answers: { 200: { description: 'The room', schema: roomSchema } },
    problems: ['jid-malformed', 'room-not-found'],
    examples: { 200: { joined } },
    run: async ({ session, params }) => ({ status: 200, body: await read(session, (await knownRoom(session, params.room)).jid) }),
  })

  const join = operation({
    id: 'rooms.join',
    method: 'PUT',
    path: '/rooms/{room}',
    summary: 'Be in a room',
    description:
      'The session wants to be in it from now on, over reconnects and restarts, until it is left. Answers when the room has let it in, or `Prefer: wait` (10 s) is over. ' +
      'Where the join fails, nothing is kept. May be repeated; in the room another nick is taken, or refused and all stays as it is.',
    scope: 'rooms:write',
    session: 'named',
    components: 'own',
    params,
    body: wish,
    answers: {
      200: { description: 'It is in the room', schema: roomSchema },
      201: { description: 'The room was made', schema: roomSchema },
      202: { description: 'It is not in yet', schema: roomSchema },
    },
    prefer: ['wait'],
    problems: ['limit-exceeded', 'room-not-found', 'room-not-joined', 'not-for-components', ...ofSpeakers, ...ofIqs],
    examples: {
      body: { plainly: {}, 'with a nick and a password': { nick: 'Romeo', password: 'wherefore', nickConflict: 'suffix' } },
      200: { joined },
      201: { created: { ...joined, affiliation: 'owner', created: true } },
      202: { joining: { ...joined, state: 'joining', occupants: 0 } },
    },
    async run({ session: whole, params, body, prefer, signal }) {
      const session = speaker(whole, body.from)
      const room = namedRoom(params.room)
      const { from: _, nick = localPart(session.record.jid), bookmark, ...asked } = body
      if (bookmark !== undefined && session.as) throw new Problem('not-for-components', 'A component has no bookmarks.')
      const seconds = Math.min(prefer.wait ?? WAIT, WAIT_MAX)
      const request = { room, nick: nickOf(normalised(`${room}/${nick}`, 'body.nick')) ?? nick, wait: seconds * 1000, ...asked }
      const result = await session.perform(joinRoom, request, { timeout: request.wait + BEYOND, signal, repeatable: true })
      const patience = { timeout: BOOKMARK_WITHIN, signal, repeatable: true }
      const { password } = asked
      if (bookmark) await session.perform(putBookmark, { room, nick: request.nick, ...(password !== undefined && { password }) }, patience)
      if (bookmark === false) await session.perform(dropBookmark, { room, keep: false }, patience)
      const status = { joined: 200, created: 201, joining: 202 }[result]
      const preferenceApplied = prefer.wait === undefined ? {} : { preferenceApplied: `wait=${seconds}` }
      return { status, body: await read(session, room), headers: { location: `/rooms/${encodeURIComponent(room)}` }, ...preferenceApplied }
    },
  })

  const leave = operation({
    id: 'rooms.leave',
    method: 'DELETE',
    path: '/rooms/{room}',
    summary: 'Leave a room',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params,
    query: z.strictObject({
      status: z.string().optional().meta({ description: 'A last word that the others see' }),
      bookmark: z.enum(['keep']).optional().meta({ description: 'Leaves the bookmark of the account as it is' }),
    }),
    answers: { 204: { description: 'Left, and not wanted any more' } },
    problems: ['jid-malformed', 'room-not-found', ...ofIqs],
    examples: {},
    async run({ session, params, query, signal }) {
      const { jid } = await knownRoom(session, params.room)
      const { status } = query
      const request = { room: jid, ...(status !== undefined && { status }) }
      await session.perform(leaveRoom, request, { timeout: LEAVE_WITHIN, signal, repeatable: true })
      const isBookmarked = (await session.state(bookmarks, [jid])).has(jid)
      const drop = { room: jid, keep: query.bookmark === 'keep' }
      if (isBookmarked) await session.perform(dropBookmark, drop, { timeout: BOOKMARK_WITHIN, signal, repeatable: true })
      return { status: 204 }
    },
  })

  return [list, get, join, leave]
}

async function read(session: SessionHandle, room: string) {
  const [found] = await roomsOf(session, room)
  if (found === undefined) await knownRoom(session, room)
  return found
}

const localPart = (jid: string) => jid.slice(0, Math.max(jid.indexOf('@'), 0)) || jid
