/** Wanting to be in a room: `PUT /rooms/{room}`. */
import { isDeepStrictEqual } from 'node:util'
import { Problem, toProblem } from '../../errors/problem.ts'
import { defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { passwordOf, sealedWish } from '../room-secrets.ts'
import { ROOMS_MAX, type WantedRoom, type Wish, wantedRooms } from '../room-state.ts'
import { removed, taken } from './changes.ts'
import { reservedNick } from './info.ts'
import type { Membership } from './membership.ts'
import { lockedDown, nicksOf } from './nicks.ts'
import { change } from './update.ts'

export interface JoinRequest extends Wish {
  room: string
  nick: string
  /** ms that the caller waits */
  wait: number
}

export type JoinResult = 'joined' | 'created' | 'joining'

/** Wants to be in a room. Rejects with the problem of the join, and then nothing of it is kept. */
export const joinRoom = defineCommand<JoinRequest, JoinResult>({ name: 'rooms.join', whileAway: true })

export async function join(
  session: LiveSession,
  members: Membership,
  { room, wait, nick, ...asked }: JoinRequest,
  signal?: AbortSignal,
): Promise<JoinResult> {
  const { joins } = members
  const before = session.state.get(wantedRooms, room)
  if (before?.state === 'joined') {
    await takeNick(session, members, room, nicksOf({ nick, ...asked }))
    await remember(session, room, asked)
    return 'joined'
  }
  if (before === undefined && session.state.all(wantedRooms).size >= ROOMS_MAX)
    throw new Problem('limit-exceeded', `A session may have ${ROOMS_MAX} rooms.`)
  if (before?.state === 'leaving') throw new Problem('room-not-joined', 'The session is just leaving the room.')
  // what is under way was for another wish
  joins.forget(room)
  const { created: _, retried: __, ...rest } = before === undefined ? ({} as WantedRoom) : taken(before)
  const value: WantedRoom = { ...rest, ...sealedWish(session, room, asked), nick, state: 'joining', since: Date.now() }
  await session.commit({ state: [wantedRooms.put(room, value)] })
  const outcome = joins.outcome(room, wait, signal)
  if (session.online()) joins.start(room)
  const answer = await outcome
  if (answer === undefined) return 'joining'
  await session.settled()
  if (answer.kind === 'joined') return answer.created ? 'created' : 'joined'
  joins.forget(room)
  await session.commit(removed(session, room, false))
  throw answer.problem
}

/** To come in once more under another nick is a change of the nick (XEP-0045 section 7.6): where it is refused, the session stays as it was. */
async function takeNick(session: LiveSession, members: Membership, room: string, nicks: readonly string[]): Promise<void> {
  for (const [index, nick] of nicks.entries()) {
    try {
      return await change(session, members, { room, nick })
    } catch (error) {
      const { code } = toProblem(error)
      if (lockedDown.has(code) && (await reservedNick(session, room)) === session.state.get(wantedRooms, room)?.nick) return
      if (code !== 'xmpp-conflict' || index === nicks.length - 1) throw error
    }
  }
}

/** What of a wish is for later joins. */
async function remember(session: LiveSession, room: string, { history: _, values: __, password, ...wish }: Wish): Promise<void> {
  const before = session.state.get(wantedRooms, room)
  if (before === undefined) return
  // sealed once more it would look like another one
  const isNew = password !== undefined && password !== passwordOf(session, room, before)
  const value = { ...before, ...wish, ...(isNew && sealedWish(session, room, { password })) }
  if (!isDeepStrictEqual(value, before)) await session.commit({ state: [wantedRooms.put(room, value)] })
}
